/** The generator of loops in a page (`#loops`; Node.js has `node_loops.ts`): another file would take it longer. */
import { generateLoops, planLoop } from "./fused_module.ts";

export const loadLoops = async () => ({ generateLoops, planLoop });
