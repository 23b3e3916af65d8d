/** Which kernel computes a step: a generated loop, one of the kernel binary, or the reference kernel. */
import type { Attributes, Program, ProgramStep, TensorSpec } from "../contract/engine.ts";
import type { FusedLoop } from "../contract/fused_loop.ts";
import { CHANNELS_LAST_PLANNERS, PLANNERS } from "../wasm/kernels/registry.ts";
import type { KernelPlan } from "./kernel.ts";
import { fusedScratchBytes } from "./loops/fused_module.ts";

export function isFused(step: ProgramStep): boolean {
  return step.op === "fused";
}

/** The loop of a fused step. */
export function loopOf(step: ProgramStep): FusedLoop {
  return step.attributes.loop as FusedLoop;
}

/** The kernel binary's plan of an op at these shapes, if it has one. */
export function planKernel(
  op: string,
  attributes: Attributes,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): KernelPlan | null {
  const planners = attributes.layout === "channelsLast" ? CHANNELS_LAST_PLANNERS : PLANNERS;
  return Object.hasOwn(planners, op) ? planners[op](attributes, inputs, outputs) : null;
}

export function planStep(program: Program, step: ProgramStep): KernelPlan | null {
  const specs = (ids: readonly number[]) => ids.map((id) => program.values[id]);
  return planKernel(step.op, step.attributes, specs(step.inputs), specs(step.outputs));
}

/** Bytes of shared scratch of an op. */
export function scratchBytesOf(
  op: string,
  attributes: Attributes,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): number {
  if (op === "fused") return fusedScratchBytes(attributes.loop as FusedLoop);
  return planKernel(op, attributes, inputs, outputs)?.scratchBytes ?? 0;
}
