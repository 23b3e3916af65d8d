/** Every way to compute a convolution's gradient by its weight, each by itself, against the reference kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arrayFrom, type TypedArray } from "../../src/base/dtype.ts";
import { numel } from "../../src/base/shape.ts";
import type { Attributes, ProgramStep, TensorSpec } from "../../src/engines/engine.ts";
import type { Choosing } from "../../src/engines/onednn/choices.ts";
import { convolutionScratchBytes, lastGeometry } from "../../src/engines/onednn/convolution_shapes.ts";
import { convolutionWays } from "../../src/engines/onednn/convolution_ways.ts";
import { DnnlScope } from "../../src/engines/onednn/dnnl.ts";
import { loadDnnl } from "../../src/engines/onednn/load_dnnl.ts";
import { planWeightGradient } from "../../src/engines/onednn/native_weight_gradient.ts";
import { OwnScratch } from "../../src/engines/onednn/own_scratch.ts";
import { callReference } from "../../src/engines/reference/reference_step.ts";
import type { KernelExports } from "../../src/engines/wasm/kernel.ts";
import { loadKernelsNow } from "../../src/engines/wasm/kernel_binary.ts";
import { missingLibrary } from "./library.ts";

const skip = missingLibrary();
const OP = "conv2dWeightGradient";
const PAGES = 512;
const FIRST = 2 * 65536;

const side = fc.record({
  size: fc.integer({ min: 1, max: 14 }),
  kernel: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 4 }),
  padding: fc.nat(3),
  dilation: fc.constantFrom<number>(1, 1, 1, 2),
});

type Side = typeof side extends fc.Arbitrary<infer T> ? T : never;

const outputSize = ({ size, kernel, stride, padding, dilation }: Side) =>
  Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

/** Large enough batches are cut into slices; among them are pictures of one channel, and many. */
const cases = fc
  .record({
    n: fc.constantFrom<number>(1, 2, 5, 16, 33),
    c: fc.constantFrom<number>(1, 3, 16, 24),
    o: fc.constantFrom<number>(1, 6, 32, 50),
    down: side,
    across: side,
    seed: fc.nat(1000),
  })
  .filter(({ down, across }) => outputSize(down) > 0 && outputSize(across) > 0);

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function stepOf({ n, c, o, down, across }: Case, dtype: "float32" | "bfloat16") {
  const pairs = (name: "stride" | "padding" | "dilation") => [down[name], across[name]];
  const weightShape = [o, c, down.kernel, across.kernel];
  const attributes: Attributes = {
    stride: pairs("stride"),
    padding: pairs("padding"),
    dilation: pairs("dilation"),
    groups: 1,
    weightShape,
    layout: "channelsLast",
  };
  const inputs: TensorSpec[] = [
    { shape: [n, down.size, across.size, c], dtype },
    { shape: [n, outputSize(down), outputSize(across), o], dtype },
  ];
  return { attributes, inputs, outputs: [{ shape: weightShape, dtype: "float32" }] as TensorSpec[] };
}

function values({ shape, dtype }: TensorSpec, seed: number): TypedArray {
  let state = seed + 1;
  const numbers = Float32Array.from({ length: numel(shape) }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  });
  return arrayFrom(dtype, numbers);
}

/** Takes the way of this name, where there is one. */
class Named implements Choosing {
  names: readonly string[] = [];
  readonly #name: string | undefined;

  constructor(name?: string) {
    this.#name = name;
  }

  choose(_key: string, names: readonly string[], kernel: (way: number) => unknown): number {
    this.names = names;
    const way = names.indexOf(this.#name ?? "");
    return way >= 0 && kernel(way) !== null ? way : -1;
  }
}

/** The gradient by the named way; null where the library has none. Also tells the names of all ways. */
function computed(step: ReturnType<typeof stepOf>, given: readonly TypedArray[], name?: string) {
  const { attributes, inputs, outputs } = step;
  const { dnnl } = loadDnnl();
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const abort = () => assert.fail("a kernel stopped");
  const instance = new WebAssembly.Instance(loadKernelsNow(false), { env: { memory, abort } });
  const base = dnnl.foreign.addressOf(new Uint8Array(memory.buffer));
  const scratchBytes = convolutionScratchBytes(OP, attributes, inputs, outputs);
  const scope = new DnnlScope(dnnl);
  const own = new OwnScratch(dnnl.foreign);
  const chooser = new Named(name);
  try {
    const common = { op: OP, attributes, inputs, outputs, scratchBytes, base, everything: true };
    const plan = planWeightGradient(scope, { ...common, chooser, own });
    if (plan === null) return { names: chooser.names, gradient: null };
    const at = [FIRST];
    for (const { byteLength } of given) at.push(Math.ceil(((at.at(-1) as number) + byteLength) / 64) * 64);
    given.forEach((array, i) => {
      new Uint8Array(memory.buffer, at[i], array.byteLength).set(new Uint8Array(array.buffer));
    });
    const result = Math.ceil(((at.at(-1) as number) + scratchBytes) / 64) * 64;
    const addresses = { inputs: at.slice(0, 2), outputs: [result], scratch: at[2], threadScratch: 0 };
    for (const { run, units } of plan.stages) {
      run(instance.exports as unknown as KernelExports, addresses, 0, units);
    }
    const gradient = new Float32Array(memory.buffer.slice(result, result + 4 * numel(outputs[0].shape)));
    return { names: chooser.names, gradient };
  } finally {
    scope.destroy();
  }
}

function expected({ attributes, inputs, outputs }: ReturnType<typeof stepOf>, given: readonly TypedArray[]) {
  const data = new Float32Array(numel(outputs[0].shape));
  callReference(
    { op: OP, label: "", attributes } as ProgramStep,
    given.map((array, i) => ({ ...inputs[i], data: array })),
    [{ ...outputs[0], data }],
  );
  return data;
}

function checkAllWays(one: Case, dtype: "float32" | "bfloat16"): string[] {
  const step = stepOf(one, dtype);
  const given = step.inputs.map((spec, i) => values(spec, one.seed + i));
  const reference = expected(step, given);
  const done: string[] = [];
  for (const name of computed(step, given).names) {
    const { gradient } = computed(step, given, name);
    if (gradient === null) continue;
    done.push(name);
    const terms = one.n * outputSize(one.down) * outputSize(one.across);
    const allowed = 1e-6 * Math.sqrt(terms) + 1e-6;
    gradient.forEach((value, i) => {
      assert.ok(Math.abs(value - reference[i]) <= allowed, `${name} [${i}]: ${value}, not ${reference[i]}`);
    });
  }
  return done;
}

test("each way gives the gradient of random convolutions", { skip }, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(cases, (one) => {
      for (const name of checkAllWays(one, "float32")) seen.add(name);
    }),
    { numRuns: 60 },
  );
  for (const form of ["blocked", "direct", "unfolded"]) assert.ok(seen.has(`float32 ${form}`), form);
});

test("unfolded pictures serve the chapter's layers, and bfloat16 where the library has it", {
  skip,
}, () => {
  const square = (size: number, kernel: number, stride: number, padding: number) => ({
    ...{ size, kernel, stride, padding, dilation: 1 },
  });
  const first = [
    { n: 4, c: 1, o: 96, of: square(64, 11, 4, 1) },
    { n: 8, c: 1, o: 64, of: square(48, 7, 2, 3) },
    { n: 16, c: 64, o: 96, of: square(12, 3, 1, 1) },
  ];
  for (const { of, ...sizes } of first) {
    const one = { ...sizes, down: of, across: of, seed: 7 };
    assert.ok(checkAllWays(one, "float32").includes("float32 unfolded"));
    const half = checkAllWays(one, "bfloat16");
    assert.equal(half.includes("bfloat16 unfolded"), half.includes("bfloat16 direct"));
  }
  const pixel = square(9, 1, 1, 0);
  const pointwise = checkAllWays({ n: 3, c: 24, o: 50, down: pixel, across: pixel, seed: 7 }, "float32");
  assert.deepEqual(pointwise, ["float32 direct", "float32 blocked", "float32 product"]);
});

test("a window of one pixel that steps over others keeps away from the library's faulty kernel", {
  skip,
}, () => {
  const stepping = { size: 8, kernel: 1, stride: 2, padding: 0, dilation: 1 };
  const few = { n: 2, c: 3, o: 5, down: stepping, across: stepping, seed: 7 };
  const { attributes, inputs, outputs } = stepOf(few, "float32");
  const geometry = lastGeometry(OP, attributes, inputs, outputs);
  assert.ok(geometry !== null);
  assert.deepEqual(
    convolutionWays("float32", geometry, true).map(({ name }) => name),
    ["float32 blocked"],
  );
  assert.deepEqual(checkAllWays({ ...few, c: 16 }, "float32"), ["float32 direct", "float32 blocked"]);
});
