/** From a captured graph to a program: the passes, in order, for one engine. */
import type { EngineCapabilities, Program } from "../engines/engine.ts";
import type { Graph } from "./graph.ts";
import { planMemory } from "./memory_plan.ts";

export function compileGraph(graph: Graph, capabilities: EngineCapabilities): Program {
  return planMemory(graph, capabilities);
}
