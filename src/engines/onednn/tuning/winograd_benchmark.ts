/** A benchmark of Winograd's algorithm: on memory of its own, since its transforms reach no other. */
import { EngineError } from "../../../base/errors.ts";
import type { TensorSpec } from "../../contract/engine.ts";
import type { KernelStage } from "../../cpu/kernel.ts";
import type { OnednnStep, SliceKernel, Slices } from "../onednn_step.ts";
import { BenchmarkMemory } from "./benchmark_memory.ts";

/** What is done once for a batch, and the slices. */
export interface WinogradStages {
  readonly before: readonly KernelStage[];
  readonly compute: KernelStage;
}

/**
 * Runs a slice and, if that is not kept, its share of what is done once for the batch. If a slice is larger than the memory, some of its
 * images, as often as it takes.
 *
 * @param scratchBytes What one slice needs of it.
 * @param threadBytes A thread's own scratch for `n` images.
 * @param stagesOf Makes the stages for `n` images in one slice.
 */
export function winogradBenchmark(
  step: OnednnStep,
  slices: Slices,
  scratchBytes: number,
  threadBytes: (n: number) => number,
  stagesOf: (sample: OnednnStep, n: number) => WinogradStages | null,
): SliceKernel {
  let benchmark: (() => void) | undefined;
  const prepare = (): (() => void) => {
    const n = benchmarkImages(step, slices.size, (images) => scratchBytes + threadBytes(images));
    const memory = step.benchmarkMemory();
    const sample = { ...withImages(step, n), base: memory.base };
    const stages = stagesOf(sample, n);
    if (stages === null) throw new EngineError("onednn: Winograd's algorithm has no implementation");
    const { exports, addresses } = memory.place(
      { scratchBytes, threadScratchBytes: threadBytes(n) },
      sample.inputs,
      sample.outputs,
    );
    const { before, compute } = stages;
    for (const stage of before) stage.run(exports, addresses, 0, stage.units);
    const run = () => {
      for (const stage of step.packed ? [] : before.slice(-1)) {
        stage.run(exports, addresses, 0, Math.ceil(stage.units / slices.count));
      }
      for (let i = 0; i < slices.size / n; i++) compute.run(exports, addresses, 0, compute.units);
    };
    return memory.warm(run, step.op);
  };
  return {
    bytes: [],
    prepare() {
      benchmark ??= prepare();
    },
    run() {
      benchmark?.();
    },
  };
}

/** The most images, a divisor of the slice, that have room. */
function benchmarkImages(step: OnednnStep, size: number, scratchBytes: (n: number) => number): number {
  for (let n = size; n > 0; n--) {
    if (size % n !== 0) continue;
    const sample = withImages(step, n);
    const operands = [...sample.inputs, ...sample.outputs];
    if (BenchmarkMemory.holds(operands, scratchBytes(n))) return n;
  }
  throw new EngineError("onednn: an image is too large for a benchmark of Winograd's algorithm");
}

/** The step on `n` images. */
function withImages(step: OnednnStep, n: number): OnednnStep {
  const some = (spec: TensorSpec): TensorSpec => ({ ...spec, shape: [n, ...spec.shape.slice(1)] });
  const [first, second, ...rest] = step.inputs;
  if (step.op === "conv2dWeightGradient") return { ...step, inputs: [some(first), some(second), ...rest] };
  return { ...step, inputs: [some(first), second, ...rest], outputs: step.outputs.map(some) };
}
