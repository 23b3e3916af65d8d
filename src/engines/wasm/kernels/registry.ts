/** The kernels of the wasm binary, by op: what the compiler is told of a step, and what the workers run. */
import type { StepPlan, StepSpec } from "../../contract/engine.ts";
import { specOf } from "../../contract/run_program.ts";
import type { WorkerKernels } from "../../cpu/cpu_kernels.ts";
import { type KernelPlan, type KernelPlanner, stepPlanOf } from "../../cpu/kernel.ts";
import { planAvgPool2d, planAvgPool2dGradient } from "./average_pool.ts";
import {
  planAdaptiveAvgPool2d,
  planAdaptiveAvgPool2dGradient,
  planAdaptiveAvgPool2dLast,
  planAdaptiveAvgPool2dLastGradient,
  planAvgPool2dLast,
  planAvgPool2dLastGradient,
} from "./average_pool_last.ts";
import { planCat } from "./cat.ts";
import { planConv2d } from "./conv_forward.ts";
import { planConv2dInputGradient } from "./conv_input_gradient.ts";
import { planConv2dWeightGradient } from "./conv_weight_gradient.ts";
import { planMatmul } from "./matmul.ts";
import { planMaxPool2d, planMaxPool2dGradient } from "./max_pool.ts";
import { planMaxPool2dLast, planMaxPool2dLastGradient } from "./max_pool_last.ts";
import { planPermute } from "./permute.ts";
import { planRandomUniform } from "./random_uniform.ts";
import { planSlice, planUnslice } from "./slice.ts";

/** The planner of each op that the kernel binaries cover. */
export const PLANNERS: Readonly<Record<string, KernelPlanner>> = {
  matmul: planMatmul,
  conv2d: planConv2d,
  conv2dInputGradient: planConv2dInputGradient,
  conv2dWeightGradient: planConv2dWeightGradient,
  maxPool2d: planMaxPool2d,
  maxPool2dGradient: planMaxPool2dGradient,
  avgPool2d: planAvgPool2d,
  avgPool2dGradient: planAvgPool2dGradient,
  adaptiveAvgPool2d: planAdaptiveAvgPool2d,
  adaptiveAvgPool2dGradient: planAdaptiveAvgPool2dGradient,
  permute: planPermute,
  cat: planCat,
  slice: planSlice,
  unslice: planUnslice,
  randomUniform: planRandomUniform,
};

/** The planners of ops with the attribute `layout: "channelsLast"`. */
export const CHANNELS_LAST_PLANNERS: Readonly<Record<string, KernelPlanner>> = {
  maxPool2d: planMaxPool2dLast,
  maxPool2dGradient: planMaxPool2dLastGradient,
  avgPool2d: planAvgPool2dLast,
  avgPool2dGradient: planAvgPool2dLastGradient,
  adaptiveAvgPool2d: planAdaptiveAvgPool2dLast,
  adaptiveAvgPool2dGradient: planAdaptiveAvgPool2dLastGradient,
};

/** The kernel binary's plan of a step, if it has one. */
export function planKernel(step: StepSpec, exact = false): KernelPlan | null {
  const { op, attributes } = step;
  const planners = attributes.layout === "channelsLast" ? CHANNELS_LAST_PLANNERS : PLANNERS;
  return Object.hasOwn(planners, op) ? planners[op](step, exact) : null;
}

export function planStep(step: StepSpec, exact = false): StepPlan | null {
  const kernel = planKernel(step, exact);
  return kernel && stepPlanOf(kernel);
}

/** The part inside a worker. */
export const WORKER_KERNELS: WorkerKernels = {
  description: null,
  prepare: ({ steps, values }) => ({
    steps: steps.map((step) => planKernel(specOf(values, step.op, step), step.plan.exact)),
  }),
};
