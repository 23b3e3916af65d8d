/** What the onednn engine makes of each step, loaded while its workers start. */
import { ON_HOST, type StepPlan, type StepSpec } from "../contract/engine.ts";
import type { CpuKernels } from "../cpu/cpu_kernels.ts";
import { planStep } from "../wasm/kernels/registry.ts";
import {
  convolutionScratchBytes,
  convolutionThreadBytes,
  takesConvolution,
  worthChannelsLast,
} from "./convolution/convolution_algorithms.ts";
import { packedProductBytes, takesMatmul } from "./onednn_matmul.ts";
import type { EngineAlgorithms } from "./tuning/autotuner.ts";
import { ConvolutionPreference } from "./tuning/convolution_preference.ts";

/** How the engine computes a step. Which of the two kernels it will be is known only to the workers, which ask the library. */
export function onednnPlan(everything: boolean, algorithms: EngineAlgorithms): CpuKernels["plan"] {
  const preference = new ConvolutionPreference(algorithms);
  return (step, exact) => {
    const own = planOnednn(step, everything, preference);
    // A convolution that asks for its channels last gets them, and is asked about again.
    if (own?.layout === "channelsLast" && step.op.startsWith("conv2d")) return own;
    return eitherPlan(own, planStep(step, exact));
  };
}

/** What the library makes of a step, decided without it. */
function planOnednn(step: StepSpec, everything: boolean, preference: ConvolutionPreference): StepPlan | null {
  const layout = worthChannelsLast(step, everything, preference) ? "channelsLast" : "asGiven";
  const takes = takesMatmul(step, everything) || takesConvolution(step);
  if (!takes) return layout === "asGiven" ? null : { ...ON_HOST, layout };
  return {
    place: "device",
    scratchBytes: convolutionScratchBytes(step),
    threadScratchBytes: convolutionThreadBytes(step),
    layout,
    ...(step.op !== "conv2dWeightGradient" && takesConvolution(step) && { packsWeights: true }),
    ...keptProduct(step),
  };
}

/** The weights of a product that are rounded to bfloat16. */
function keptProduct(step: StepSpec): Partial<StepPlan> {
  const keptBytes = step.op === "matmul" ? packedProductBytes(step) : 0;
  return keptBytes > 0 ? { packsWeights: true, keptBytes } : {};
}

/** The plan of a step for which either of two kernels may be taken, where it runs. */
function eitherPlan(first: StepPlan | null, second: StepPlan | null): StepPlan | null {
  if (first === null || second === null) return first ?? second;
  // Only one that has scratch space has a say in what it holds.
  const packs = [first, second].filter(
    ({ scratchBytes, keptBytes }) => scratchBytes > 0 || keptBytes !== undefined,
  );
  const packsWeights = packs.length > 0 && packs.every((plan) => plan.packsWeights === true);
  const keptBytes = Math.max(...packs.map((plan) => plan.keptBytes ?? plan.scratchBytes));
  return {
    ...(packsWeights && { packsWeights, keptBytes }),
    place: first.place === "device" ? "device" : second.place,
    scratchBytes: Math.max(first.scratchBytes, second.scratchBytes),
    threadScratchBytes: Math.max(first.threadScratchBytes, second.threadScratchBytes),
    layout: first.layout,
  };
}
