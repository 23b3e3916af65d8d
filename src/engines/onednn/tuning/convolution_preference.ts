/**
 * Whether a convolution is faster in oneDNN, channels last, or in the wasm engine's kernels, channels first: both
 * compute it and the gradient by its weight (that by the input is not always wanted), or it alone if no gradient is, on
 * a few examples and one thread, and the result is kept with the others. (Depthwise 5x5 layers of a frozen
 * EfficientNet-Lite0 take a sixth of the time so, 25 permutations less included.) What has many channels is not benchmarked: there the library is several
 * times faster on every processor that it knows. Nor is what has very few (`FEW_CHANNELS`).
 */
import type { Attributes, StepSpec, TensorSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { convGeometry } from "../../cpu/shapes/conv_geometry.ts";
import { planKernel } from "../../wasm/kernels/registry.ts";
import {
  convolutionKey,
  convolutionScratchBytes,
  FEW_CHANNELS,
  operations,
} from "../convolution/convolution_algorithms.ts";
import { planConvolution, planWeightGradient } from "../convolution/onednn_convolution.ts";
import { type Dnnl, DnnlScope } from "../library/dnnl.ts";
import { loadDnnl } from "../library/load_dnnl.ts";
import { elementOf, type OnednnStep, type SliceKernel, ThreadScratch } from "../onednn_step.ts";
import { type AlgorithmChooser, Autotuner, type EngineAlgorithms } from "./autotuner.ts";
import { BenchmarkMemory, openBenchmarkMemory } from "./benchmark_memory.ts";

type Specs = readonly TensorSpec[];

/** Output channels from which nothing is benchmarked. */
const MANY_CHANNELS = 64;
/** Operations of a benchmark, roughly, and its most examples. */
const BENCHMARK_OPERATIONS = 3e7;
const BENCHMARK_EXAMPLES = 16;

export class ConvolutionPreference {
  readonly #algorithms: EngineAlgorithms;
  #tools: Tools | null | undefined;

  constructor(algorithms: EngineAlgorithms) {
    this.#algorithms = algorithms;
  }

  /** For a `conv2d` or one of its gradients, given as [N, C, H, W]; all three get the same answer. */
  prefersOnednn(step: StepSpec): boolean {
    const { attributes, forwardOnly = false } = step;
    const [x, w, y] = forwardOperands(step);
    const g = convGeometry(attributes, x.shape, w.shape, y.shape);
    if (g === null) return false;
    if (g.o * g.groups < FEW_CHANNELS) return false;
    if (g.o >= MANY_CHANNELS && g.groups === 1) return true;
    const n = Math.max(
      1,
      Math.min(g.n, BENCHMARK_EXAMPLES, Math.floor(BENCHMARK_OPERATIONS / (operations(g) / g.n))),
    );
    const key = `engine ${convolutionKey("conv2d", g, n, elementOf(x.dtype))}${forwardOnly ? ", forward" : ""}`;
    const kernels = [g.kh, g.kw, g.sh, g.sw, g.groups === 1, g.o * g.c === 1, g.c < FEW_CHANNELS].join(" ");
    return this.#benchmark(key, kernels, attributes, { operands: [x, w, y], n, forwardOnly });
  }

  /** @param kernels - which of the kernels' paths are taken. */
  #benchmark(key: string, kernels: string, attributes: Attributes, work: Benchmarked): boolean {
    if (this.#tools === undefined) this.#tools = openTools(this.#algorithms);
    if (this.#tools === null) return true;
    const { chooser, dnnl, memory } = this.#tools;
    chooser.adopt(this.#algorithms.adopted, this.#algorithms.measures);
    const scope = new DnnlScope(dnnl);
    const algorithms = [
      { name: "onednn", works: () => onednnWorks(scope, memory(), attributes, work) },
      { name: "wasm", works: () => wasmWorks(attributes, work) },
    ];
    const names = algorithms.map(({ name }) => name);
    const made: (SliceKernel | null)[] = [];
    const make = (i: number): SliceKernel | null => {
      const run = benchmarkOf(memory(), algorithms[i].works());
      return run && { bytes: [], run: memory().warm(run, `${kernels} ${names[i]}`) };
    };
    try {
      const algorithm = chooser.choose(key, names, (i) => {
        if (made[i] === undefined) made[i] = make(i);
        return made[i];
      });
      return names[algorithm] === "onednn";
    } finally {
      scope.destroy();
    }
  }
}

/** x, weight and y of the convolution itself. */
function forwardOperands({ op, inputs, outputs }: StepSpec): TensorSpec[] {
  if (op === "conv2dInputGradient") return [outputs[0], inputs[1], inputs[0]];
  if (op === "conv2dWeightGradient") return [inputs[0], outputs[0], inputs[1]];
  return [inputs[0], inputs[1], outputs[0]];
}

/** What is benchmarked: the convolution of `n` examples, x, weight and y of all, and its gradient or not. */
interface Benchmarked {
  readonly operands: Specs;
  readonly n: number;
  readonly forwardOnly: boolean;
}

/** One of the three ops with the operands of a benchmark. */
interface Work {
  readonly plan: KernelPlan | null;
  readonly inputs: Specs;
  readonly outputs: Specs;
  readonly scratchBytes: number;
}

/** The benchmarked ops, with their channels last or first. */
function benchmarkedOps(
  { operands: [x, w, y], n, forwardOnly }: Benchmarked,
  attributes: Attributes,
  last: boolean,
): StepSpec[] {
  const few = ({ shape: [, c, h, width], dtype }: TensorSpec): TensorSpec => ({
    shape: last ? [n, h, width, c] : [n, c, h, width],
    dtype: last ? dtype : "float32",
  });
  const { stride, padding, extra, dilation, groups } = attributes;
  const uneven = extra === undefined ? {} : { extra };
  const common = { stride, padding, ...uneven, dilation, groups, ...(last && { layout: "channelsLast" }) };
  const [source, weight, result] = [few(x), w, few(y)];
  const bias: TensorSpec = { shape: [w.shape[0]], dtype: "float32" };
  const forward = { op: "conv2d", attributes: common, inputs: [source, weight, bias], outputs: [result] };
  if (forwardOnly) return [forward];
  const gradient = {
    op: "conv2dWeightGradient",
    attributes: { ...common, weightShape: w.shape },
    inputs: [source, result],
    outputs: [weight],
  };
  return [forward, gradient];
}

const ONEDNN: Readonly<Record<string, (scope: DnnlScope, step: OnednnStep) => KernelPlan | null>> = {
  conv2d: planConvolution,
  conv2dWeightGradient: planWeightGradient,
};

function onednnWorks(
  scope: DnnlScope,
  memory: BenchmarkMemory,
  attributes: Attributes,
  work: Benchmarked,
): Work[] {
  const own = new ThreadScratch(scope.dnnl.foreign);
  const shared = {
    base: memory.base,
    threads: 1,
    everything: true,
    packed: false,
    chooser: THE_FIRST,
    own,
    benchmarkMemory: () => memory,
  };
  return benchmarkedOps(work, attributes, true).map((call) => {
    const scratchBytes = convolutionScratchBytes(call);
    return { ...call, plan: ONEDNN[call.op](scope, { ...call, scratchBytes, ...shared }), scratchBytes };
  });
}

function wasmWorks(attributes: Attributes, work: Benchmarked): Work[] {
  return benchmarkedOps(work, attributes, false).map((call) => {
    const plan = planKernel(call);
    return { ...call, plan, scratchBytes: plan?.scratchBytes ?? 0 };
  });
}

/** Runs all works one after the other; null if one has no plan or no room. */
function benchmarkOf(memory: BenchmarkMemory, works: readonly Work[]): (() => void) | null {
  const runs: (() => void)[] = [];
  for (const { plan, inputs, outputs, scratchBytes } of works) {
    if (
      plan === null ||
      !BenchmarkMemory.holds([...inputs, ...outputs], scratchBytes + plan.threadScratchBytes)
    )
      return null;
    runs.push(memory.runOf(plan, inputs, outputs, scratchBytes));
  }
  return () => {
    for (const run of runs) run();
  };
}

/** Within a benchmark the first available algorithm is taken: the algorithms themselves are measured at their full size. */
const THE_FIRST: AlgorithmChooser = {
  choose: (_key, names, kernel) => names.findIndex((_, algorithm) => kernel(algorithm) !== null),
};

interface Tools {
  readonly dnnl: Dnnl;
  readonly chooser: Autotuner;
  /** Made with the first benchmark. */
  readonly memory: () => BenchmarkMemory;
}

/** What benchmarks on this thread need; null if the library is unavailable. */
function openTools(algorithms: EngineAlgorithms): Tools | null {
  try {
    const { dnnl } = loadDnnl();
    let made: BenchmarkMemory | undefined;
    const memory = () => {
      made ??= openBenchmarkMemory(dnnl.foreign);
      return made;
    };
    const { reproducible } = algorithms;
    const onChosen = (work: string, chosen: string | null) => algorithms.note(work, chosen);
    return { dnnl, memory, chooser: new Autotuner(undefined, true, dnnl, { reproducible, onChosen }) };
  } catch {
    return null;
  }
}
