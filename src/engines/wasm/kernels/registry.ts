import type { KernelPlanner } from "../kernel.ts";
import { planConv2d } from "./conv_forward.ts";
import { planConv2dInputGradient } from "./conv_input_gradient.ts";
import { planConv2dWeightGradient } from "./conv_weight_gradient.ts";
import { planMatmul } from "./matmul.ts";

/** The planner of each op that the kernel binaries cover. */
export const PLANNERS: Readonly<Record<string, KernelPlanner>> = {
  matmul: planMatmul,
  conv2d: planConv2d,
  conv2dInputGradient: planConv2dInputGradient,
  conv2dWeightGradient: planConv2dWeightGradient,
};
