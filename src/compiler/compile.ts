/** From a captured graph to a program: the passes, in order, for one engine. */
import type { EngineCapabilities, Program } from "../engines/contract/engine.ts";
import type { Graph } from "../graph/graph.ts";
import { planMemory } from "./memory_plan.ts";
import { channelsLast } from "./passes/channels_last.ts";
import { commonSubexpressions } from "./passes/common_subexpressions.ts";
import { deadCode } from "./passes/dead_code.ts";
import { decompose } from "./passes/decompose.ts";
import { foldScalars } from "./passes/fold_scalars.ts";
import { fuseActivation } from "./passes/fuse_activation.ts";
import { fuseLoops } from "./passes/fuse_loops.ts";
import { widenHalf, widenRest } from "./passes/widen_half.ts";
import { StepPlanner } from "./step_planner.ts";

export function compileGraph(graph: Graph, capabilities: EngineCapabilities): Program {
  const planner = new StepPlanner(capabilities);
  return planMemory(passes(graph, planner), planner);
}

/** The passes alone, for printing and tests. */
export function optimise(graph: Graph, capabilities: EngineCapabilities): Graph {
  return passes(graph, new StepPlanner(capabilities));
}

function passes(graph: Graph, planner: StepPlanner): Graph {
  let now = decompose(widenHalf(deadCode(graph), planner), planner);
  now = deadCode(commonSubexpressions(now));
  if (planner.fusion) now = fuseActivation(now);
  const laidOut = channelsLast(now, planner);
  if (laidOut !== now) now = deadCode(commonSubexpressions(laidOut));
  now = widenRest(now, planner);
  if (!planner.fusion) return now;
  return fuseLoops(foldScalars(now));
}
