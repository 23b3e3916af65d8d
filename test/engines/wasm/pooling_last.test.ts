/** Pools with their channels last, of 32-bit floats and bfloat16, against the reference kernels. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { allocateArray, arrayFrom, numbersOf, type TypedArray } from "../../../src/base/dtype.ts";
import { numel } from "../../../src/base/shape.ts";
import type { Attributes } from "../../../src/engines/contract/engine.ts";
import { REFERENCE_KERNELS } from "../../../src/engines/reference/kernels.ts";
import { CHANNELS_LAST_PLANNERS, PLANNERS } from "../../../src/engines/wasm/kernels/registry.ts";
import { pooledSize } from "../../../src/ops/nn/pooling.ts";
import { availableBinaries, compute, randomValues } from "./driver.ts";

const BINARIES = availableBinaries();
const FLOATS = ["float32", "bfloat16"] as const;
type FloatDType = (typeof FLOATS)[number];

interface Case {
  /** [N, C, H, W]. */
  readonly x: readonly number[];
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

const side = fc
  .record({
    size: fc.integer({ min: 1, max: 9 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 4 }),
    padding: fc.nat(2),
    dilation: fc.constantFrom(1, 1, 1, 2),
    ceilMode: fc.boolean(),
  })
  .map((one) => ({ ...one, padding: Math.min(one.padding, Math.floor(one.kernel / 2)) }));

const cases: fc.Arbitrary<Case> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 70 }), side, side, fc.boolean())
  .map(([n, c, down, across, ceilMode]) => ({
    x: [n, c, down.size, across.size],
    kernelSize: [down.kernel, across.kernel],
    stride: [down.stride, across.stride],
    padding: [down.padding, across.padding],
    dilation: [down.dilation, across.dilation],
    ceilMode,
  }))
  // Windows that step over the whole input are left to the reference kernel.
  .filter((one) => one.dilation[0] <= one.x[2] && one.dilation[1] <= one.x[3])
  // So are gradients where more than 32 windows may lie over a pixel.
  .filter((one) => windowsAcross(one, 0) * windowsAcross(one, 1) <= 32)
  .filter((one) => pooled(one).every((size) => size > 0));

function windowsAcross({ kernelSize, stride, dilation }: Case, d: number): number {
  return Math.ceil(((kernelSize[d] - 1) * dilation[d] + 1) / stride[d]);
}

function pooled({ x, kernelSize, stride, padding, dilation, ceilMode }: Case): number[] {
  const size = (d: number) =>
    pooledSize(x[d + 2], kernelSize[d], stride[d], padding[d], dilation[d], ceilMode);
  return [x[0], x[1], size(0), size(1)];
}

function last([n, c, h, w]: readonly number[]): number[] {
  return [n, h, w, c];
}

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast<T extends TypedArray>(data: T, [n, c, h, w]: readonly number[]): T {
  const out = data.slice() as T;
  const pixels = h * w;
  for (let i = 0; i < n * c * pixels; i++) {
    const [image, channel, pixel] = [Math.floor(i / (c * pixels)), Math.floor(i / pixels) % c, i % pixels];
    out[(image * pixels + pixel) * c + channel] = data[i];
  }
  return out;
}

/** What the reference kernel makes of numbers in [N, C, H, W], rounded to the dtype, channels last. */
function expected(
  op: string,
  attributes: Attributes,
  dtype: FloatDType,
  inputs: readonly { shape: readonly number[]; data: TypedArray }[],
  outputs: readonly (readonly number[])[],
): TypedArray[] {
  const results = outputs.map((shape, i) => {
    const kind = i === 0 ? ("float32" as const) : ("int32" as const);
    return { shape, dtype: kind, data: allocateArray(kind, numel(shape)) };
  });
  const given = inputs.map(({ shape, data }) => ({ shape, data, dtype: "float32" as const }));
  REFERENCE_KERNELS[op]({ inputs: given, outputs: results, attributes });
  return results.map(({ data, shape }, i) => channelsLast(i === 0 ? arrayFrom(dtype, data) : data, shape));
}

/** Runs `op` with its channels last; floats as bits of their dtype. */
function run(
  binary: (typeof BINARIES)[number],
  op: string,
  attributes: Attributes,
  dtype: FloatDType,
  inputs: readonly { shape: readonly number[]; data: TypedArray }[],
  outputs: readonly (readonly number[])[],
): TypedArray[] {
  const given = inputs.map(({ shape, data }, i) => ({
    spec: { shape: last(shape), dtype: i === 0 ? dtype : ("int32" as const) },
    data: channelsLast(i === 0 ? arrayFrom(dtype, data) : data, shape),
  }));
  const specs = outputs.map((shape, i) => ({
    shape: last(shape),
    dtype: i === 0 ? dtype : ("int32" as const),
  }));
  return compute(binary, CHANNELS_LAST_PLANNERS[op], attributes, given, specs);
}

/** Numbers that the dtype has. */
function rounded(dtype: FloatDType, data: Float32Array): TypedArray {
  return numbersOf(dtype, arrayFrom(dtype, data));
}

/** The same but for the sign of zero, and for the last bits of sums of some dozens of numbers up to 1, taken in 64 bits and in 32. */
function assertNear(dtype: FloatDType, actual: TypedArray, wanted: TypedArray, name: string): void {
  const [a, b] = [numbersOf(dtype, actual), numbersOf(dtype, wanted)];
  const unit = dtype === "float32" ? 2 ** -22 : 2 ** -7;
  for (let i = 0; i < b.length; i++) {
    const near = Math.abs(a[i] - b[i]) <= unit * Math.abs(b[i]) + 2 ** -18;
    assert.ok(near || Object.is(a[i], b[i]), `${name}: ${a[i]} at ${i}, expected ${b[i]}`);
  }
}

/** An average pool and its gradient; x in [-1, 1). */
function checkAverage(
  op: string,
  attributes: Attributes,
  dtype: FloatDType,
  xShape: readonly number[],
  yShape: readonly number[],
): void {
  const x = { shape: xShape, data: rounded(dtype, randomValues(numel(xShape), 3)) };
  const dy = { shape: yShape, data: rounded(dtype, randomValues(numel(yShape), 4)) };
  const gradient = `${op}Gradient`;
  const all = { ...attributes, inputShape: xShape };
  const [y] = expected(op, attributes, dtype, [x], [yShape]);
  const [dx] = expected(gradient, all, dtype, [dy], [xShape]);
  for (const binary of BINARIES) {
    const name = `${binary.name} ${dtype} [${xShape}] ${JSON.stringify(attributes)}`;
    assertNear(dtype, run(binary, op, attributes, dtype, [x], [yShape])[0], y, `${op} ${name}`);
    assertNear(dtype, run(binary, gradient, all, dtype, [dy], [xShape])[0], dx, `${gradient} ${name}`);
  }
}

/** The kernel for [N, C, H, W] makes the very numbers of the one for channels last. */
function checkPlanes(
  op: string,
  attributes: Attributes,
  dtype: FloatDType,
  from: readonly number[],
  to: readonly number[],
): void {
  const data = rounded(dtype, randomValues(numel(from), 5));
  const spec = { shape: from, dtype };
  const output = { shape: to, dtype };
  for (const binary of BINARIES) {
    const [wanted] = run(binary, op, attributes, dtype, [{ shape: from, data }], [to]);
    const inputs = [{ spec, data: arrayFrom(dtype, data) }];
    const [actual] = compute(binary, PLANNERS[op], attributes, inputs, [output]);
    assertNear(
      dtype,
      channelsLast(actual, to),
      wanted,
      `${op} of planes ${binary.name} [${from}] to [${to}]`,
    );
  }
}

function assertSame(actual: TypedArray[], wanted: TypedArray[], name: string): void {
  for (const [i, output] of wanted.entries()) {
    const at = actual[i].findIndex((element, j) => !Object.is(element, output[j]));
    assert.ok(at < 0, `${name}: output ${i} has ${actual[i][at]} at ${at}, expected ${output[at]}`);
  }
}

function checkMax(c: Case, dtype: FloatDType, numbers: Float32Array): void {
  const y = pooled(c);
  const { x: _, ...attributes } = c;
  const x = { shape: c.x, data: rounded(dtype, numbers) };
  const wanted = expected("maxPool2d", attributes, dtype, [x], [y, y]);
  // Integers: sums are exact, so that their order does not show.
  const dy = { shape: y, data: randomValues(numel(y), 9).map((v) => Math.round(v * 9) + 0) };
  const places = allocateArray("int32", numel(y));
  REFERENCE_KERNELS.maxPool2d({
    inputs: [{ ...x, dtype: "float32" }],
    outputs: [
      { shape: y, dtype: "float32", data: allocateArray("float32", numel(y)) },
      { shape: y, dtype: "int32", data: places },
    ],
    attributes,
  });
  const back = [dy, { shape: y, data: places }];
  const all = { ...attributes, inputShape: c.x };
  const wantedBack = expected("maxPool2dGradient", all, dtype, back, [c.x]);
  for (const binary of BINARIES) {
    const name = `${binary.name} ${dtype} ${JSON.stringify(c)}`;
    assertSame(run(binary, "maxPool2d", attributes, dtype, [x], [y, y]), wanted, `maxPool2d ${name}`);
    const [values] = run(binary, "maxPool2d", attributes, dtype, [x], [y]);
    assertNear(dtype, values, wanted[0], `maxPool2d without places ${name}`);
    const gradient = run(binary, "maxPool2dGradient", all, dtype, back, [c.x]);
    assertSame(gradient, wantedBack, `maxPool2dGradient ${name}`);
  }
}

/** What x is filled with, from numbers in [-1, 1). */
const FILLINGS: Readonly<Record<string, (v: number, i: number) => number>> = {
  any: (v) => v,
  "positive (after a ReLU)": (v) => Math.max(0, v),
  "few numbers, many alike": (v) => Math.round(v * 2),
  "zeros of both signs": (v) => (v > 0 ? 0 : -0),
  "NaN among them": (v, i) => (i % 23 === 0 ? Number.NaN : v),
  "NaN among positive ones": (v, i) => (i % 23 === 0 ? Number.NaN : Math.abs(v)),
  infinities: (v) => (v > 0.8 ? Number.POSITIVE_INFINITY : v < -0.8 ? Number.NEGATIVE_INFINITY : v),
  "nothing but -infinity": () => Number.NEGATIVE_INFINITY,
};

const GOOGLENET: Case[] = [
  [
    [2, 64, 12, 12],
    [2, 2],
    [1, 1],
  ],
  [
    [2, 24, 7, 7],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 480, 6, 6],
    [2, 2],
    [0, 0],
  ],
].map(([x, stride, padding]) => {
  return { x, stride, padding, kernelSize: [3, 3], dilation: [1, 1], ceilMode: false };
});

describe("pools with their channels last", () => {
  for (const dtype of FLOATS) {
    test(`avgPool2d and its gradient, ${dtype}`, () => {
      const settings = fc.record({
        countIncludePad: fc.boolean(),
        divisorOverride: fc.constantFrom(null, null, 3),
      });
      const undilated = cases
        .map((c) => ({ ...c, dilation: [1, 1] }))
        .filter((c) => pooled(c).every((size) => size > 0));
      fc.assert(
        fc.property(undilated, settings, (c, more) => {
          const { x, dilation: _, ...attributes } = c;
          checkAverage("avgPool2d", { ...attributes, ...more }, dtype, x, pooled(c));
        }),
      );
    });
    test(`adaptiveAvgPool2d and its gradient, ${dtype}: cells that overlap, grids finer than the image`, () => {
      const shape = fc.tuple(...[3, 70, 9, 9].map((max) => fc.integer({ min: 1, max })));
      const grid = fc.tuple(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 11 }));
      fc.assert(
        fc.property(shape, grid, (x, outputSize) => {
          const y = [x[0], x[1], ...outputSize];
          checkAverage("adaptiveAvgPool2d", { outputSize }, dtype, x, y);
          checkPlanes("adaptiveAvgPool2d", { outputSize }, dtype, x, y);
          checkPlanes("adaptiveAvgPool2dGradient", { outputSize, inputShape: x }, dtype, y, x);
        }),
      );
    });
    for (const [name, fill] of Object.entries(FILLINGS)) {
      test(`maxPool2d and its gradient, ${dtype}, ${name}`, () => {
        const check = (c: Case) => checkMax(c, dtype, randomValues(numel(c.x), numel(c.x)).map(fill));
        for (const c of GOOGLENET) check(c);
        fc.assert(fc.property(cases, check), { numRuns: 60 });
      });
    }
  }
  test("what is left to other kernels: no elements, other dtypes, windows over windows, windows over nothing", () => {
    const plan = (op: string, size: number, extra: Attributes, dtype: "float32" | "float16" = "float32") => {
      const window = { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1], ...extra };
      const image = { shape: [2, size, size, 4], dtype };
      const places = { ...image, dtype: "int32" as const };
      const back = op.endsWith("Gradient");
      const [inputs, outputs] = back ? [[image, places], [image]] : [[image], [image, places]];
      return CHANNELS_LAST_PLANNERS[op]({ op, attributes: window, inputs, outputs });
    };
    for (const op of ["maxPool2d", "maxPool2dGradient", "avgPool2d", "avgPool2dGradient"]) {
      assert.notEqual(plan(op, 9, {}), null, op);
      assert.equal(plan(op, 0, {}), null, op);
      assert.equal(plan(op, 9, {}, "float16"), null, op);
    }
    assert.equal(plan("maxPool2d", 1, { dilation: [2, 2], padding: [2, 2] }), null);
    assert.equal(plan("maxPool2dGradient", 13, { kernelSize: [13, 13], padding: [6, 6] }), null);
  });
});
