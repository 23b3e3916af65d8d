/** Runs kernel plans on the compiled binaries, one pretend thread after another. */
import { bytesOf, type DType, type TypedArray, viewArray } from "../../../src/base/dtype.ts";
import { numel } from "../../../src/base/shape.ts";
import type { Attributes, TensorSpec } from "../../../src/engines/contract/engine.ts";
import {
  type KernelExports,
  type KernelPlan,
  type KernelPlanner,
  kernelExports,
} from "../../../src/engines/cpu/kernel.ts";
import { HEAP_BASE } from "../../../src/engines/cpu/memory/memory_layout.ts";
import { kernelBytes } from "../../../src/engines/wasm/node_kernels.ts";

export interface Binary {
  readonly name: string;
  readonly memory: WebAssembly.Memory;
  readonly exports: KernelExports;
  /** Those of steps that a page runs without loading more. */
  readonly first: KernelExports;
}

export type Values = TypedArray;

const PAGE = 65536;
/** A byte that fills memory before a run: four make a NaN, two a NaN of 16 bits. */
const POISON = 0xff;
/** Eight of them: shared memory is filled one number at a time. */
const POISON_WORD = -1n;

const compiled = await Promise.all(
  (["simd", "relaxed"] as const).flatMap((arithmetic) =>
    ["shared", "single"].map(async (sharing) => ({
      name: `${arithmetic}.${sharing}`,
      shared: sharing === "shared",
      bytes: await kernelBytes(arithmetic, sharing === "shared"),
      late: await kernelBytes(`late_${arithmetic}`, sharing === "shared"),
    })),
  ),
);

/** The binaries that this Node.js can run, of `simd` and `relaxed`, `shared` and `single`. */
export function availableBinaries(): Binary[] {
  return compiled
    .filter(({ bytes }) => WebAssembly.validate(bytes))
    .map(({ name, shared, bytes, late }) => {
      const memory = new WebAssembly.Memory({ initial: 256, maximum: PAGE, shared });
      const [first, others] = [bytes, late].map((each) =>
        kernelExports([new WebAssembly.Module(each)], memory),
      );
      return { name, memory, exports: { ...first, ...others }, first };
    });
}

/** An input of any dtype. */
export interface Filled {
  readonly spec: TensorSpec;
  readonly data: Values;
}

/** A tensor of random bits: for kernels that only move elements. */
export function randomBits(dtype: DType, shape: readonly number[], seed: number): Filled {
  const count = numel(shape);
  const bytes = new Uint8Array(Math.max(8, count * bytesOf(dtype)));
  const words = randomValues(bytes.length, seed);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor((words[i] + 1) * 128);
  return { spec: { shape, dtype }, data: viewArray(dtype, bytes.buffer, 0, count) };
}

export function f32(...shape: number[]): TensorSpec {
  return { shape, dtype: "float32" };
}

export function i32(...shape: number[]): TensorSpec {
  return { shape, dtype: "int32" };
}

/** A plan with its values laid out in memory. */
export interface Loaded {
  readonly plan: KernelPlan;
  /** Runs all stages; `threads` pretend threads take their shares of each alternately. */
  run(threads?: number): void;
  output(index?: number): Values;
}

export function load(
  binary: Binary,
  planner: KernelPlanner,
  attributes: Attributes,
  inputs: readonly Filled[],
  outputs: readonly TensorSpec[],
  base: number = HEAP_BASE,
): Loaded {
  const plan = planner({ op: "tried", attributes, inputs: inputs.map((input) => input.spec), outputs });
  if (plan === null) throw new Error("the planner does not cover this case");
  const mostThreads = 3;
  let next = base;
  // A gap of poison after every value shows writes out of bounds, and reads as NaN.
  const place = (bytes: number) => {
    const at = next;
    next = Math.ceil((at + bytes + 64) / 64) * 64;
    return at;
  };
  const inputPlaces = inputs.map((input) => place(input.data.byteLength));
  const outputPlaces = outputs.map((spec) => place(numel(spec.shape) * bytesOf(spec.dtype)));
  const scratch = place(plan.scratchBytes);
  const own = Array.from({ length: mostThreads }, () => place(plan.threadScratchBytes));
  const missing = next - binary.memory.buffer.byteLength;
  if (missing > 0) binary.memory.grow(Math.ceil(missing / PAGE));
  const fence = (at: number, bytes: number) =>
    new Uint8Array(binary.memory.buffer, at + bytes, 64 - (bytes % 64));

  const poison = () => {
    new BigInt64Array(binary.memory.buffer, base, (next - base) / 8).fill(POISON_WORD);
    inputs.forEach(({ data, spec }, i) => {
      viewArray(spec.dtype, binary.memory.buffer, inputPlaces[i], data.length).set(data);
    });
  };
  const checkFences = () => {
    const areas: [string, number, number][] = [
      ...inputs.map((x, i): [string, number, number] => [`input ${i}`, inputPlaces[i], x.data.byteLength]),
      ...outputs.map((x, i): [string, number, number] => [
        `output ${i}`,
        outputPlaces[i],
        numel(x.shape) * bytesOf(x.dtype),
      ]),
      ["scratch", scratch, plan.scratchBytes],
      ...own.map((at, i): [string, number, number] => [
        `scratch of thread ${i}`,
        at,
        plan.threadScratchBytes,
      ]),
    ];
    for (const [name, at, bytes] of areas) {
      if (!fence(at, bytes).every((byte) => byte === POISON))
        throw new Error(`written past the end of ${name}`);
    }
  };
  poison();
  return {
    plan,
    run(threads = 1) {
      if (threads > mostThreads) throw new Error(`at most ${mostThreads} pretend threads`);
      for (const stage of plan.stages) {
        for (let t = threads - 1; t >= 0; t--) {
          const begin = Math.floor((stage.units * t) / threads);
          const end = Math.floor((stage.units * (t + 1)) / threads);
          if (begin === end) continue;
          const addresses = { inputs: inputPlaces, outputs: outputPlaces, scratch, threadScratch: own[t] };
          stage.run(plan.late === true ? binary.exports : binary.first, addresses, begin, end);
        }
      }
    },
    output(index = 0) {
      checkFences();
      const { dtype, shape } = outputs[index];
      return viewArray(dtype, binary.memory.buffer, outputPlaces[index], numel(shape)).slice();
    },
  };
}

/** The outputs of a plan, after checking that one, two and three pretend threads give the same bits. */
export function compute(
  binary: Binary,
  planner: KernelPlanner,
  attributes: Attributes,
  inputs: readonly Filled[],
  outputs: readonly TensorSpec[],
): Values[] {
  let first: Values[] | undefined;
  for (const threads of [1, 2, 3]) {
    const loaded = load(binary, planner, attributes, inputs, outputs);
    loaded.run(threads);
    const values = outputs.map((_, i) => loaded.output(i));
    first ??= values;
    for (const [i, value] of values.entries()) {
      const same = Buffer.compare(Buffer.from(value.buffer), Buffer.from(first[i].buffer)) === 0;
      if (!same) throw new Error(`output ${i}: ${threads} threads give other bits than one`);
    }
  }
  return first!;
}

/** Numbers in [-1, 1), the same for the same seed. */
export function randomValues(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

/** Fails if |actual - expected| is above 1e-5 of the expected size or of the typical size of all. */
export function assertClose(
  actual: Values,
  expected: ArrayLike<number>,
  name: string,
  tolerance = 1e-5,
): void {
  if (actual.length !== expected.length)
    throw new Error(`${name}: ${actual.length} values for ${expected.length}`);
  let size = 0;
  for (let i = 0; i < expected.length; i++) size += Math.abs(expected[i]);
  size /= Math.max(1, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const limit = tolerance * Math.max(Math.abs(expected[i]), size);
    if (!(Math.abs(actual[i] - expected[i]) <= limit)) {
      throw new Error(`${name}: value ${i} is ${actual[i]}, expected ${expected[i]}`);
    }
  }
}
