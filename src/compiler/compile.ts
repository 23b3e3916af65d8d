/** From a captured graph to a program: the passes, in order, for one engine. */
import { isHalf } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import type { Program, ProgramTarget } from "../engines/contract/engine.ts";
import type { Graph } from "../graph/graph.ts";
import type { OpDefinition } from "../graph/node.ts";
import { fullOp } from "../ops/creation.ts";
import { planMemory } from "./memory_plan.ts";
import { channelsLast } from "./passes/channels_last.ts";
import { decompose } from "./passes/decompose.ts";
import { foldScalars } from "./passes/fold_scalars.ts";
import { fuseActivation } from "./passes/fuse_activation.ts";
import { fuseLoops, fusesAny } from "./passes/fuse_loops.ts";
import { commonSubexpressions, deadCode } from "./passes/redundant_nodes.ts";
import { widenHalf, widenRest } from "./passes/widen_half.ts";
import { StepPlanner } from "./step_planner.ts";

/** @throws DTypeError if the engine does not know the dtype of a value. */
export function compileGraph(graph: Graph, target: ProgramTarget): Program {
  requireDtypes(graph, target);
  const planner = new StepPlanner(target);
  return planMemory(passes(graph, planner), planner);
}

/** The passes alone, for printing and tests; `seen` is called after each, with its name and the graph that it made. */
export function optimise(
  graph: Graph,
  target: ProgramTarget,
  seen?: (pass: string, graph: Graph) => void,
): Graph {
  return passes(graph, new StepPlanner(target), seen);
}

function passes(
  graph: Graph,
  planner: StepPlanner,
  seen: (pass: string, graph: Graph) => void = () => {},
): Graph {
  let now = graph;
  const apply = (pass: (graph: Graph, planner: StepPlanner) => Graph, hasWork = true): void => {
    if (hasWork) now = pass(now, planner);
    seen(pass.name, now);
  };
  // A pass is entered only if the graph holds what it is about.
  const has = (fact: keyof OpDefinition) => now.nodes.some(({ op }) => op[fact] !== undefined);
  const half = graph.values.some(({ dtype }) => isHalf(dtype));
  apply(deadCode);
  apply(widenHalf, half);
  apply(decompose, has("decompose"));
  apply(commonSubexpressions);
  apply(deadCode);
  apply(fuseActivation, has("activation"));
  const last = now.nodes.some((node) => planner.prefersChannelsLast(now.values, node));
  apply(channelsLast, last);
  if (last) {
    apply(commonSubexpressions);
    apply(deadCode);
  }
  apply(widenRest, half);
  if (!fusesAny(now, planner)) return now;
  const constants = now.nodes.some(({ op }) => op === fullOp);
  apply(foldScalars, constants);
  apply(fuseLoops);
  return now;
}

function requireDtypes(graph: Graph, { limits }: ProgramTarget): void {
  for (const { dtype } of graph.values) {
    if (!limits.dtypes.includes(dtype)) {
      throw new DTypeError(
        `the engine in use cannot hold ${dtype} values, only ${limits.dtypes.join(", ")}; convert them with \`to\`, ` +
          "or use another engine",
      );
    }
  }
}
