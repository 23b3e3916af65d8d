import type { KernelPlanner } from "../kernel.ts";
import { planMatmul } from "./matmul.ts";

/** The planner of each op that the kernel binaries cover. */
export const PLANNERS: Readonly<Record<string, KernelPlanner>> = {
  matmul: planMatmul,
};
