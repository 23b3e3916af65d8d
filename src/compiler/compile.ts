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

export function compileGraph(graph: Graph, capabilities: EngineCapabilities): Program {
  return planMemory(optimise(graph, capabilities), capabilities);
}

/** The passes alone, for printing and tests. */
export function optimise(graph: Graph, capabilities: EngineCapabilities): Graph {
  let now = decompose(widenHalf(deadCode(graph), capabilities), capabilities);
  now = deadCode(commonSubexpressions(now));
  if (capabilities.fusion) now = fuseActivation(now);
  if (capabilities.channelsLast !== undefined) {
    now = deadCode(commonSubexpressions(channelsLast(now, capabilities.channelsLast)));
  }
  now = widenRest(now, capabilities);
  if (!capabilities.fusion) return now;
  return fuseLoops(foldScalars(now));
}
