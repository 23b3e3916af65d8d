/** The planners of a page (`#kernel_planners`; Node.js has `node_planners.ts`): another file would take it longer. */
import { planStep } from "./kernels/registry.ts";

export const loadPlanners = async () => ({ planStep });
