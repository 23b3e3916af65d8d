/** A benchmark of Winograd's algorithm: on memory of its own, since its transforms reach no other. */
import { EngineError } from "../../../base/errors.ts";
import type { TensorSpec } from "../../contract/engine.ts";
import type { KernelStage } from "../../cpu/kernel.ts";
import { lastGeometry } from "../convolution/convolution_shapes.ts";
import { winogradThreadBytes } from "../convolution/winograd_shapes.ts";
import type { NativeStep, SliceKernel, Slices } from "../native_step.ts";
import { BenchmarkMemory } from "./benchmark_memory.ts";

/** What is done once for a batch, and the slices. */
export interface WinogradStages {
  readonly before: readonly KernelStage[];
  readonly compute: KernelStage;
}

/**
 * Runs a slice and its share of what is done once for the batch. If a slice is larger than the memory, some of its
 * images, as often as it takes.
 *
 * @param scratchBytes What one slice needs of it.
 * @param stagesOf Makes the stages for `n` images in one slice.
 */
export function winogradTrial(
  step: NativeStep,
  slices: Slices,
  scratchBytes: number,
  stagesOf: (tried: NativeStep, n: number) => WinogradStages | null,
): SliceKernel {
  let trial: (() => void) | undefined;
  const prepare = (): (() => void) => {
    const n = imagesOfTrial(step, slices.size, scratchBytes);
    const memory = step.benchmarkMemory();
    const tried = { ...withImages(step, n), base: memory.base };
    const stages = stagesOf(tried, n);
    if (stages === null) throw new EngineError("onednn: Winograd's algorithm has no implementation");
    const { exports, addresses } = memory.place(
      { scratchBytes, threadScratchBytes: threadBytes(tried, n) },
      tried.inputs,
      tried.outputs,
    );
    const { before, compute } = stages;
    for (const stage of before) stage.run(exports, addresses, 0, stage.units);
    const run = () => {
      for (const stage of before.slice(-1)) {
        stage.run(exports, addresses, 0, Math.ceil(stage.units / slices.count));
      }
      for (let i = 0; i < slices.size / n; i++) compute.run(exports, addresses, 0, compute.units);
    };
    return memory.warm(run, step.op);
  };
  return {
    bytes: [],
    run() {
      trial ??= prepare();
      trial();
    },
  };
}

/** The most images, a divisor of the slice, that have room. */
function imagesOfTrial(step: NativeStep, size: number, scratchBytes: number): number {
  for (let n = size; n > 0; n--) {
    if (size % n !== 0) continue;
    const tried = withImages(step, n);
    const operands = [...tried.inputs, ...tried.outputs];
    if (BenchmarkMemory.holds(operands, scratchBytes + threadBytes(tried, n))) return n;
  }
  throw new EngineError("onednn: an image is too large for a benchmark of Winograd's algorithm");
}

function threadBytes(step: NativeStep, n: number): number {
  const g = lastGeometry(step);
  return g === null ? 0 : winogradThreadBytes(step.op, g, n);
}

/** The step on `n` images. */
function withImages(step: NativeStep, n: number): NativeStep {
  const some = (spec: TensorSpec): TensorSpec => ({ ...spec, shape: [n, ...spec.shape.slice(1)] });
  const [first, second, ...rest] = step.inputs;
  if (step.op === "conv2dWeightGradient") return { ...step, inputs: [some(first), some(second), ...rest] };
  return { ...step, inputs: [some(first), second, ...rest], outputs: step.outputs.map(some) };
}
