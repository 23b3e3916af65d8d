/** How the CPU runtime computes a step: by a generated loop or by a kernel; what neither covers runs on the host. */
import type { Program, ProgramStep, StepPlan } from "../contract/engine.ts";
import type { FusedLoop } from "../contract/fused_loop.ts";
import type { KernelPlan } from "./kernel.ts";
import { type FusedPlan, fusedScratchBytes, generateModule } from "./loops/fused_module.ts";

export function isFused(step: { readonly op: string }): boolean {
  return step.op === "fused";
}

/** The loop of a fused step. */
export function loopOf(step: Pick<ProgramStep, "attributes">): FusedLoop {
  return step.attributes.loop as FusedLoop;
}

export function planLoop(step: Pick<ProgramStep, "attributes">): StepPlan {
  return planOfKernel({ scratchBytes: fusedScratchBytes(loopOf(step)), threadScratchBytes: 0 });
}

/** The step's plan by a kernel that was planned for its shapes. */
export function planOfKernel(kernel: Pick<KernelPlan, "scratchBytes" | "threadScratchBytes">): StepPlan {
  const { scratchBytes, threadScratchBytes } = kernel;
  return { place: "device", scratchBytes, threadScratchBytes, layout: "asGiven" };
}

/** The plan of a step for which either of two kernels may be taken, where it runs. */
export function eitherPlan(first: StepPlan | null, second: StepPlan | null): StepPlan | null {
  if (first === null || second === null) return first ?? second;
  return {
    place: first.place === "device" ? "device" : second.place,
    scratchBytes: Math.max(first.scratchBytes, second.scratchBytes),
    threadScratchBytes: Math.max(first.threadScratchBytes, second.threadScratchBytes),
    layout: first.layout,
  };
}

/** The generated loops of a program: one module, and how to run each fused step. Plain data. */
export interface GeneratedLoops {
  /** Undefined if no step is fused. */
  readonly generated: Uint8Array<ArrayBuffer> | undefined;
  readonly fused: readonly (FusedPlan | undefined)[];
}

export function generateLoops(
  { steps }: Program,
  options: { readonly shared: boolean; readonly relaxed: boolean },
): GeneratedLoops {
  const fusedSteps = steps.filter(isFused);
  if (fusedSteps.length === 0) return { generated: undefined, fused: steps.map(() => undefined) };
  const { bytes, plans } = generateModule(fusedSteps.map(loopOf), options);
  const ofStep = new Map(fusedSteps.map((step, i) => [step, plans[i]]));
  return { generated: bytes, fused: steps.map((step) => ofStep.get(step)) };
}
