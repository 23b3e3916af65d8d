/** Every algorithm for a convolution and its two gradients, each by itself, against the reference kernels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allocateArray, arrayFrom, numbersOf, type TypedArray } from "../../../src/base/dtype.ts";
import { numel } from "../../../src/base/shape.ts";
import type { Attributes, ProgramStep, TensorSpec } from "../../../src/engines/contract/engine.ts";
import { kernelExports } from "../../../src/engines/cpu/kernel.ts";
import { type ConvGeometry, suitsWinograd } from "../../../src/engines/cpu/shapes/conv_geometry.ts";
import { forwardConvolution, gradientConvolution } from "../../../src/engines/cpu/shapes/winograd_tiles.ts";
import {
  batchSlices,
  candidateAlgorithms,
  convolutionScratchBytes,
  convolutionThreadBytes,
  lastGeometry,
  waitsForWindows,
} from "../../../src/engines/onednn/convolution/convolution_algorithms.ts";
import { winogradCut } from "../../../src/engines/onednn/convolution/winograd_shapes.ts";
import { DnnlScope } from "../../../src/engines/onednn/library/dnnl.ts";
import { loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { ThreadScratch } from "../../../src/engines/onednn/onednn_step.ts";
import { PLANNERS } from "../../../src/engines/onednn/onednn_worker_kernels.ts";
import type { AlgorithmChooser } from "../../../src/engines/onednn/tuning/autotuner.ts";
import { openBenchmarkMemory } from "../../../src/engines/onednn/tuning/benchmark_memory.ts";
import { REFERENCE_KERNELS } from "../../../src/engines/reference/kernels.ts";
import { callReference } from "../../../src/engines/reference/reference_step.ts";
import { loadKernelsNow } from "../../../src/engines/wasm/kernels_now.ts";
import { missingLibrary } from "./library.ts";

const skip = missingLibrary();
const OPS = ["conv2d", "conv2dInputGradient", "conv2dWeightGradient"] as const;
type Activation = "relu" | "relu6" | "sigmoid" | "tanh";
type Op = (typeof OPS)[number];
type Float = "float32" | "bfloat16";

/** The kernels' own constants come first in their memory. */
const FIRST = 2 * 65536;
/** Bytes around each operand that must not be written. */
const GUARD = 1024;
const UNTOUCHED = 0xa5;

const side = fc.record({
  size: fc.integer({ min: 1, max: 14 }),
  kernel: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 4 }),
  padding: fc.nat(3),
  /** More zeros behind than before. */
  extra: fc.constantFrom<number>(0, 0, 0, 1, 2),
  dilation: fc.constantFrom<number>(1, 1, 1, 2),
});

type Side = typeof side extends fc.Arbitrary<infer T> ? T : never;

const outputSize = ({ size, kernel, stride, padding, extra, dilation }: Side) =>
  Math.floor((size + 2 * padding + extra - dilation * (kernel - 1) - 1) / stride) + 1;

/** Large enough batches are cut into slices; among them are images of one channel, and many. */
const cases = fc
  .record({
    n: fc.constantFrom<number>(1, 2, 5, 16, 33),
    groups: fc.constantFrom<number>(1, 1, 1, 2, 3, 16),
    /** Channels of a group. */
    c: fc.constantFrom<number>(1, 3, 16, 24),
    o: fc.constantFrom<number>(1, 6, 32, 50),
    down: side,
    across: side,
    bias: fc.boolean(),
    activation: fc.constantFrom<Activation | null>(null, null, "relu", "relu6", "sigmoid", "tanh"),
    seed: fc.nat(1000),
  })
  .filter(({ down, across }) => outputSize(down) > 0 && outputSize(across) > 0)
  .filter(({ groups, c, o }) => groups * Math.max(c, o) <= 100);

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

interface Step {
  readonly op: Op;
  readonly attributes: Attributes;
  readonly inputs: readonly TensorSpec[];
  readonly output: TensorSpec;
}

function stepOf(op: Op, { n, groups, c, o, down, across, bias, activation }: Case, dtype: Float): Step {
  const pairs = (name: "stride" | "padding" | "extra" | "dilation") => [down[name], across[name]];
  const common = {
    stride: pairs("stride"),
    padding: pairs("padding"),
    ...((down.extra !== 0 || across.extra !== 0) && { extra: pairs("extra") }),
    dilation: pairs("dilation"),
    groups,
    layout: "channelsLast",
    // As the definitions in ops/nn/convolution.ts say.
    imageOperands:
      op === "conv2dWeightGradient" ? { inputs: [0, 1], outputs: false } : { inputs: [0], outputs: true },
  };
  const x: TensorSpec = { shape: [n, down.size, across.size, groups * c], dtype };
  const y: TensorSpec = { shape: [n, outputSize(down), outputSize(across), groups * o], dtype };
  const weight: TensorSpec = { shape: [groups * o, c, down.kernel, across.kernel], dtype: "float32" };
  const [b, after] = [{ shape: [groups * o], dtype: "float32" } as TensorSpec, activation && { activation }];
  if (op === "conv2d") {
    const inputs = bias ? [x, weight, b] : [x, weight];
    return { op, attributes: { ...common, ...after }, inputs, output: y };
  }
  if (op === "conv2dInputGradient") {
    const inputShape = [n, groups * c, down.size, across.size];
    return { op, attributes: { ...common, inputShape }, inputs: [y, weight], output: x };
  }
  return { op, attributes: { ...common, weightShape: weight.shape }, inputs: [x, y], output: weight };
}

function values({ shape, dtype }: TensorSpec, seed: number): TypedArray {
  let state = seed + 1;
  const numbers = Float32Array.from({ length: numel(shape) }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  });
  return arrayFrom(dtype, numbers);
}

/** Takes the algorithm of this name, if there is one. */
class Named implements AlgorithmChooser {
  names: readonly string[] = [];
  /** Whether an image was cut into few blocks only; asked where the library may compute many otherwise. */
  few: boolean | undefined;
  readonly #name: string | undefined;

  constructor(name?: string) {
    this.#name = name;
  }

  choose(_key: string, names: readonly string[], kernel: (way: number) => unknown): number {
    if (names[0] === "few blocks") {
      this.few = kernel(0) !== null;
      return this.few ? 0 : 1;
    }
    this.names = names;
    const way = names.indexOf(this.#name ?? "");
    return way >= 0 && kernel(way) !== null ? way : -1;
  }
}

/** Operands one behind the other, between bytes that are watched. */
class WatchedMemory {
  readonly memory: WebAssembly.Memory;
  readonly addresses: readonly number[];
  readonly #ends: readonly number[];

  constructor(sizes: readonly number[]) {
    let next = FIRST;
    const placed = sizes.map((size) => {
      const at = Math.ceil((next + GUARD) / 64) * 64;
      next = at + size;
      return at;
    });
    const pages = Math.ceil((next + GUARD) / 65536);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.addresses = placed;
    this.#ends = placed.map((at, i) => at + sizes[i]);
    new Uint8Array(this.memory.buffer, FIRST).fill(UNTOUCHED);
  }

  bytes(i: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.addresses[i], this.#ends[i] - this.addresses[i]);
  }

  check(what: string): void {
    const all = new Uint8Array(this.memory.buffer);
    [FIRST, ...this.#ends].forEach((from, i) => {
      const to = this.addresses[i] ?? all.length;
      const touched = all.subarray(from, to).findIndex((byte) => byte !== UNTOUCHED);
      assert.equal(touched, -1, `${what}: byte ${touched} behind operand ${i - 1} was written`);
    });
  }
}

/**
 * The result of the named algorithm; null if the library has none. Also returns the names of all algorithms.
 *
 * @param threads - what the step is cut for.
 * @param apart - whether each unit is run by itself, the last one first.
 */
function computed(
  step: Step,
  given: readonly TypedArray[],
  name?: string,
  { threads = 2, apart = false } = {},
) {
  const { op, attributes, inputs, output } = step;
  const { dnnl } = loadDnnl();
  const scratchBytes = convolutionScratchBytes({ ...step, outputs: [output] });
  const result = allocateArray(output.dtype, numel(output.shape));
  const sizes = [...given, result].map(({ byteLength }) => byteLength);
  const threadBytes = convolutionThreadBytes({ ...step, outputs: [output] });
  const watched = new WatchedMemory([...sizes, scratchBytes, threadBytes]);
  const { memory } = watched;
  const exports = kernelExports(loadKernelsNow(false), memory);
  const base = dnnl.foreign.addressOf(new Uint8Array(memory.buffer));
  const scope = new DnnlScope(dnnl);
  const own = new ThreadScratch(dnnl.foreign);
  const chooser = new Named(name);
  const benchmarkMemory = () => openBenchmarkMemory(dnnl.foreign);
  try {
    const common = {
      op,
      attributes,
      inputs,
      outputs: [output],
      scratchBytes,
      threads,
      base,
      everything: true,
      packed: false,
    };
    const plan = PLANNERS[op](scope, { ...common, chooser, own, benchmarkMemory });
    if (plan === null) return { names: chooser.names, few: chooser.few, result: null };
    given.forEach((array, i) => {
      watched.bytes(i).set(new Uint8Array(array.buffer));
    });
    const last = given.length;
    const addresses = {
      inputs: watched.addresses.slice(0, last),
      outputs: [watched.addresses[last]],
      scratch: watched.addresses[last + 1],
      threadScratch: watched.addresses[last + 2],
    };
    for (const { run, units } of plan.stages) {
      if (!apart) run(exports, addresses, 0, units);
      for (let unit = units; apart && unit-- > 0; ) run(exports, addresses, unit, unit + 1);
    }
    watched.check(`${op} ${name}`);
    new Uint8Array(result.buffer).set(watched.bytes(last));
    return { names: chooser.names, few: chooser.few, result };
  } finally {
    scope.destroy();
  }
}

function expected({ op, attributes, inputs, output }: Step, given: readonly TypedArray[]): TypedArray {
  const data = allocateArray(output.dtype, numel(output.shape));
  const { activation: _, ...plain } = attributes;
  callReference(
    REFERENCE_KERNELS,
    { op, label: "", attributes: plain } as ProgramStep,
    given.map((array, i) => ({ ...inputs[i], data: array })),
    [{ ...output, data }],
  );
  return data;
}

const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

/** The reference kernels are slow: they are asked only where a way has something to compare, and once. */
function memoized<T>(compute: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

/** How many products are added for one number of the result, at the most. */
function termsOf(op: Op, { n, c, o, down, across }: Case): number {
  if (op === "conv2dWeightGradient") return n * outputSize(down) * outputSize(across);
  return (op === "conv2d" ? c : o) * down.kernel * across.kernel;
}

/** The names of the ways that there were. */
function checkAllAlgorithms(op: Op, one: Case, dtype: Float): string[] {
  const step = stepOf(op, one, dtype);
  const given = step.inputs.map((spec, i) => values(spec, one.seed + i));
  const after = ACTIVATIONS[String(step.attributes.activation)] ?? ((x: number) => x);
  const reference = memoized(() => numbersOf(step.output.dtype, expected(step, given)).map(after));
  const done: string[] = [];
  const terms = termsOf(op, one) + 1;
  // Products of numbers up to 1/2; in bfloat16 operands and results are rounded to 8 bits.
  const allowed = step.inputs.concat(step.output).some(({ dtype: type }) => type === "bfloat16")
    ? 2 ** -8 * Math.sqrt(terms) + 2 ** -7
    : 1e-6 * Math.sqrt(terms) + 1e-6;
  for (const name of computed(step, given).names) {
    const { result } = computed(step, given, name);
    if (result === null) continue;
    done.push(name);
    // Transformed numbers are larger than those that they come from, and so is what is rounded off.
    const tolerance = name.endsWith("winograd") ? 5 * allowed : allowed;
    numbersOf(step.output.dtype, result).forEach((value, i) => {
      const right = reference()[i];
      assert.ok(Math.abs(value - right) <= tolerance, `${op} ${name} [${i}]: ${value}, not ${right}`);
    });
  }
  return done;
}

for (const op of OPS) {
  test(`each way computes ${op} of random convolutions`, { skip }, () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(cases, (one) => {
        for (const name of checkAllAlgorithms(op, one, "float32")) seen.add(name);
      }),
      { numRuns: Number(process.env.CONVOYANT_FUZZ_RUNS ?? 20) },
    );
    for (const form of ["blocked", "direct"]) assert.ok(seen.has(`float32 ${form}`), form);
  });
}

const square = (size: number, kernel: number, stride: number, padding: number, extra = 0): Side => ({
  ...{ size, kernel, stride, padding, extra, dilation: 1 },
});

const plain = { groups: 1, bias: true, activation: null, seed: 7 } as const;

/** 3x3 and 5x5 kernels on enough channels; sizes that tiles do not divide, more tiles than a chunk has. */
const winogradCases = fc
  .record({
    n: fc.constantFrom<number>(1, 2, 5, 33),
    c: fc.constantFrom<number>(16, 20, 48),
    o: fc.constantFrom<number>(16, 28, 64),
    down: fc.integer({ min: 1, max: 15 }),
    across: fc.integer({ min: 1, max: 15 }),
    kernel: fc.constantFrom<number>(3, 5),
    paddings: fc.tuple(fc.nat(4), fc.nat(4)),
    extra: fc.constantFrom<number>(0, 0, 1),
    bias: fc.boolean(),
    activation: fc.constantFrom<Activation | null>(null, "relu", "relu6", "sigmoid", "tanh"),
    seed: fc.nat(1000),
  })
  .map(({ down, across, kernel, paddings, extra, ...rest }): Case => {
    const [y, x] = paddings.map((padding) => Math.min(padding, kernel - 1));
    return {
      ...rest,
      groups: 1,
      down: square(down, kernel, 1, y, extra),
      across: square(across, kernel, 1, x),
    };
  })
  .filter(({ down, across }) => outputSize(down) > 0 && outputSize(across) > 0)
  // The reference kernels take their time.
  .filter(({ n, c, o, down, across }) => n * c * o * down.size * across.size * down.kernel ** 2 < 2e7);

for (const op of OPS) {
  test(`Winograd's algorithm computes ${op}`, { skip }, () => {
    fc.assert(
      fc.property(winogradCases, (one) => {
        const { attributes, inputs, output } = stepOf(op, one, "float32");
        const g = lastGeometry({ op, attributes, inputs, outputs: [output] });
        const leftOut = op === "conv2d" && g !== null && waitsForWindows(g);
        assert.equal(checkAllAlgorithms(op, one, "float32").includes("float32 winograd"), !leftOut);
      }),
      { numRuns: Number(process.env.CONVOYANT_FUZZ_RUNS ?? 12) },
    );
  });
}

test("5x5 kernels get tiles of eight if these save a third of the products", { skip }, () => {
  const tileOf = (size: number, kernel: number) => {
    const of = square(size, kernel, 1, (kernel - 1) / 2);
    const { attributes, inputs, output } = stepOf(
      "conv2d",
      { ...plain, n: 2, c: 16, o: 32, down: of, across: of },
      "float32",
    );
    const g = lastGeometry({ op: "conv2d", attributes, inputs, outputs: [output] });
    assert.ok(g !== null && suitsWinograd(g));
    return [forwardConvolution(g), gradientConvolution(g)].map(({ tile, step }) => [tile, step]);
  };
  assert.deepEqual(tileOf(26, 5), Array(2).fill([8, 4]), "64 products of 49 tiles in place of 36 of 169");
  assert.deepEqual(tileOf(6, 5), Array(2).fill([6, 2]), "64 of 4 tiles are not worth it beside 36 of 9");
  assert.deepEqual(tileOf(6, 3), Array(2).fill([6, 4]));
});

test("the sums of a wide layer's weight are taken a block of output channels after the other", {
  skip,
}, () => {
  const wide = { ...plain, n: 1, c: 448, o: 464, down: square(1, 3, 1, 1), across: square(2, 3, 1, 1) };
  const ways = checkAllAlgorithms("conv2dWeightGradient", wide, "float32");
  assert.ok(ways.includes("float32 winograd"));
});

test("blocks of output channels give the same bits whether a thread computes one of a slice or all", {
  skip,
}, () => {
  const of = square(12, 3, 1, 1);
  const step = stepOf(
    "conv2dWeightGradient",
    { ...plain, n: 24, c: 24, o: 208, down: of, across: of },
    "float32",
  );
  const given = step.inputs.map((spec, i) => values(spec, i));
  const together = computed(step, given, "float32 winograd").result;
  assert.notEqual(together, null);
  assert.deepEqual(computed(step, given, "float32 winograd", { apart: true }).result, together);
});

test("Winograd's algorithm cuts few tiles into blocks of output channels, the last of which has fewer", {
  skip,
}, () => {
  // Blocks are of the result's channels; few are read, for the reference kernels take their time.
  const channels = { conv2d: { c: 48, o: 160 }, conv2dInputGradient: { c: 160, o: 48 } };
  for (const op of ["conv2d", "conv2dInputGradient"] as const) {
    const sizes = { n: 16, ...channels[op], down: square(6, 3, 1, 1), across: square(6, 3, 1, 1) };
    for (const activation of ["relu", "tanh"] as const) {
      const step = stepOf(op, { ...plain, ...sizes, activation }, "float32");
      const g = lastGeometry({ ...step, outputs: [step.output] }) as ConvGeometry;
      const { slices, block, blocks } = winogradCut(op, g, batchSlices(g));
      assert.deepEqual([slices.count, block, blocks], [2, 64, 3]);
      assert.ok(
        checkAllAlgorithms(op, { ...plain, ...sizes, activation }, "float32").includes("float32 winograd"),
      );
      const given = step.inputs.map((spec, i) => values(spec, i));
      const together = computed(step, given, "float32 winograd").result;
      assert.deepEqual(computed(step, given, "float32 winograd", { apart: true }).result, together);
    }
  }
});

test("the chapter's kinds of layers, and bfloat16 where the library has it", { skip }, () => {
  const layers = [
    { n: 2, c: 1, o: 96, of: square(40, 11, 4, 1) },
    { n: 2, c: 1, o: 64, of: square(24, 7, 2, 3) },
    { n: 4, c: 64, o: 96, of: square(6, 3, 1, 1) },
  ];
  for (const { of, ...sizes } of layers) {
    const one = { ...plain, ...sizes, down: of, across: of };
    assert.ok(checkAllAlgorithms("conv2dWeightGradient", one, "float32").includes("float32 im2col"));
    for (const op of OPS) {
      const ways = checkAllAlgorithms(op, one, "bfloat16");
      const native = ways.includes("bfloat16 direct") || ways.includes("bfloat16 blocked");
      assert.ok(native || !loadDnnl().dnnl.fastBfloat16, `${op} in bfloat16: ${ways.join(", ")}`);
    }
  }
  const pixel = square(9, 1, 1, 0);
  for (const op of OPS) {
    const ways = checkAllAlgorithms(
      op,
      { ...plain, n: 3, c: 24, o: 50, down: pixel, across: pixel },
      "float32",
    );
    assert.deepEqual(ways, ["float32 direct", "float32 blocked", "float32 gemm"]);
  }
});

test("a few images have the same bits however many threads they are cut for", { skip }, () => {
  const layers: Omit<Case, keyof typeof plain | "across">[] = [
    { n: 1, c: 3, o: 32, down: square(57, 3, 2, 0, 1) },
    { n: 1, c: 64, o: 32, down: square(30, 3, 1, 1) },
    { n: 1, c: 96, o: 24, down: square(42, 1, 1, 0) },
    { n: 3, c: 112, o: 672, down: square(14, 1, 1, 0) },
    { n: 2, c: 576, o: 192, down: square(7, 1, 1, 0) },
    { n: 1, c: 320, o: 1280, down: square(7, 1, 1, 0) },
    // Of these AVX-512 adds in another order in blocks of another size.
    { n: 2, c: 64, o: 192, down: square(19, 1, 1, 0) },
    { n: 3, c: 192, o: 96, down: square(13, 1, 1, 0) },
    { n: 1, c: 672, o: 24, down: square(57, 1, 1, 0) },
  ];
  let fewBlocks = 0;
  const depthwise = [
    { n: 1, groups: 144, down: square(28, 5, 2, 1, 1) },
    { n: 3, groups: 480, down: square(14, 3, 1, 1) },
    { n: 1, groups: 1152, down: square(7, 5, 1, 2) },
  ].map((one) => ({ ...one, c: 1, o: 1 }));
  for (const layer of [...layers, ...depthwise]) {
    const step = stepOf("conv2d", { ...plain, activation: "relu6", ...layer, across: layer.down }, "float32");
    const given = step.inputs.map((spec, i) => values(spec, i));
    const { names } = computed(step, given);
    assert.ok(names.length > 1 && !names.includes("float32 gemm"), names.join(", "));
    for (const name of names) {
      const runs = [1, 2, 3, 4, 8].map((threads) => computed(step, given, name, { threads }));
      const results = runs.map(({ result }) => result);
      fewBlocks += runs.filter(({ few }) => few).length;
      if (name.endsWith("direct")) assert.ok(results[0] !== null, name);
      for (const result of results)
        assert.deepEqual(result, results[0], `${name} of ${JSON.stringify(layer)}`);
    }
  }
  assert.ok(fewBlocks > 40, `few blocks were taken ${fewBlocks} times`);
});

test("a 1x1 kernel with a stride avoids the library's faulty kernel", {
  skip,
}, () => {
  const stepping = square(8, 1, 2, 0);
  const few = { ...plain, n: 2, c: 3, o: 5, down: stepping, across: stepping };
  const { attributes, inputs, output } = stepOf("conv2dWeightGradient", few, "float32");
  const geometry = lastGeometry({ op: "conv2dWeightGradient", attributes, inputs, outputs: [output] });
  assert.ok(geometry !== null);
  assert.deepEqual(
    candidateAlgorithms({ op: "conv2dWeightGradient", inputs, outputs: [output] }, geometry).map(
      ({ name }) => name,
    ),
    ["float32 blocked"],
  );
  const enough = checkAllAlgorithms("conv2dWeightGradient", { ...few, c: 16 }, "float32");
  assert.deepEqual(enough, ["float32 direct", "float32 blocked"]);
});
