/** cat, slice, unslice and permute against the reference kernels: the same bits, whatever the dtype. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { allocateArray, DTYPES, type DType, viewArray } from "../../../src/base/dtype.ts";
import { numel } from "../../../src/base/shape.ts";
import type { Attributes, TensorSpec } from "../../../src/engines/contract/engine.ts";
import { REFERENCE_KERNELS } from "../../../src/engines/reference/kernels.ts";
import { PLANNERS } from "../../../src/engines/wasm/kernels/registry.ts";
import { availableBinaries, compute, type Filled, randomBits } from "./driver.ts";

const BINARIES = availableBinaries();
const dtypes = fc.constantFrom<DType>(...DTYPES);

/** A dtype whose elements JavaScript moves without touching a bit: reading a 32-bit float changes some NaNs. */
function movable(dtype: DType): DType {
  return dtype === "float32" ? "int32" : dtype;
}

/** Both kernels on the same bits. */
function check(op: string, attributes: Attributes, inputs: readonly Filled[], output: TensorSpec): void {
  const expected = allocateArray(movable(output.dtype), numel(output.shape));
  REFERENCE_KERNELS[op]({
    inputs: inputs.map(({ spec: { shape, dtype }, data }) => {
      return { shape, dtype, data: viewArray(movable(dtype), data.buffer, 0, data.length) };
    }),
    outputs: [{ ...output, data: expected }],
    attributes,
  });
  for (const binary of BINARIES) {
    const [actual] = compute(binary, PLANNERS[op], attributes, inputs, [output]);
    const same = Buffer.compare(Buffer.from(actual.buffer), Buffer.from(expected.buffer)) === 0;
    const shapes = inputs.map(({ spec }) => `[${spec.shape}]`).join(" ");
    assert.ok(same, `${binary.name} ${op} ${output.dtype} ${shapes} ${JSON.stringify(attributes)}`);
  }
}

/** Sizes of a tensor that is not too large, one of them perhaps long. */
const shapes = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 0, maxLength: 3 }),
    fc.integer({ min: 1, max: 70 }),
  )
  .chain(([small, large]) => fc.shuffledSubarray([...small, large], { minLength: small.length + 1 }));

/** Part of each dimension: start and size. */
const cutShape = shapes.chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.tuple(
      ...shape.map((size) =>
        fc.oneof(
          fc.constant([0, size]),
          fc
            .tuple(fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 1, max: size }))
            .map(([start, taken]) => [start, Math.min(taken, size - start)]),
        ),
      ),
    ),
  ),
);

/** Start, size and step in each dimension, many of the steps 1 or -1. */
const steppedShape = shapes.chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.tuple(
      ...shape.map((size) =>
        fc
          .tuple(
            fc.integer({ min: 0, max: size - 1 }),
            fc.constantFrom(1, 1, -1, 2, 3, -2, -5),
            fc.integer({ min: 1, max: size }),
            fc.boolean(),
          )
          .map(([at, step, taken, end]) => {
            const start = end ? (step > 0 ? 0 : size - 1) : at;
            const room = Math.floor((step > 0 ? size - 1 - start : start) / Math.abs(step)) + 1;
            return [start, end ? room : Math.min(taken, room), step];
          }),
      ),
    ),
  ),
);

/** `cuts` are starts, sizes and, if they are not 1, steps. */
function checkSlice(dtype: DType, whole: readonly number[], cuts: readonly (readonly number[])[]): void {
  const attributes = { starts: cuts.map(([start]) => start), steps: cuts.map(([, , step = 1]) => step) };
  const sizes = cuts.map(([, size]) => size);
  const piece = { shape: sizes, dtype };
  check("slice", { ...attributes, sizes }, [randomBits(dtype, whole, 3)], piece);
  check("unslice", { ...attributes, shape: whole }, [randomBits(dtype, sizes, 4)], { shape: whole, dtype });
}

function checkCat(dtype: DType, shape: readonly number[], dim: number, parts: readonly number[]): void {
  const sized = (size: number) => shape.map((own, d) => (d === dim ? size : own));
  const inputs = parts.map((size, i) => randomBits(dtype, sized(size), i));
  check("cat", { dim }, inputs, { shape: sized(parts.reduce((sum, size) => sum + size, 0)), dtype });
}

function checkPermute(dtype: DType, shape: readonly number[], dims: readonly number[]): void {
  const output = { shape: dims.map((d) => shape[d]), dtype };
  check("permute", { dims }, [randomBits(dtype, shape, 5)], output);
}

describe("kernels that move elements", () => {
  test("slice and unslice, any shape", () => {
    fc.assert(fc.property(dtypes, cutShape, (dtype, [shape, cuts]) => checkSlice(dtype, shape, cuts)));
  });
  test("slice and unslice, every length of a run from 1 to 70 and long ones", () => {
    const lengths = [...Array.from({ length: 70 }, (_, i) => i + 1), 511, 512, 513, 1023];
    for (const dtype of ["bool", "bfloat16", "float32", "int64"] as const) {
      for (const run of lengths) {
        checkSlice(
          dtype,
          [5, run + 3],
          [
            [1, 3],
            [2, run],
          ],
        );
      }
    }
  });
  test("slice and unslice of runs that are cut into segments", () => {
    for (const start of [0, 1, 20_000]) {
      checkSlice(
        "float32",
        [3, 90_001],
        [
          [0, 3],
          [start, 60_000],
        ],
      );
      checkSlice("bool", [400_003], [[start, 300_000]]);
      checkSlice(
        "bfloat16",
        [90, 3, 1000],
        [
          [7, 80],
          [0, 3],
          [0, 1000],
        ],
      );
    }
  });
  test("slice and unslice with steps, backwards too", () => {
    fc.assert(fc.property(dtypes, steppedShape, (dtype, [shape, cuts]) => checkSlice(dtype, shape, cuts)));
  });
  test("images from right to left and from bottom to top, every second pixel of them", () => {
    for (const dtype of ["bool", "bfloat16", "float32", "int64"] as const) {
      const mirrored = [
        [0, 4, 1],
        [0, 3, 1],
        [0, 90, 1],
        [130, 131, -1],
      ];
      checkSlice(dtype, [4, 3, 90, 131], mirrored);
      checkSlice(dtype, [4, 3, 90, 131], mirrored.with(2, [89, 45, -2]));
      checkSlice(
        dtype,
        [64, 2048],
        [
          [63, 64, -1],
          [0, 2048],
        ],
      );
    }
  });
  test("cat, any shape, empty inputs among them", () => {
    const parts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 });
    const cases = shapes.chain((shape) => fc.tuple(fc.constant(shape), fc.nat(shape.length - 1), parts));
    fc.assert(
      fc.property(dtypes, cases, (dtype, [shape, dim, sizes]) => {
        if (sizes.some((size) => size > 0)) checkCat(dtype, shape, dim, sizes);
      }),
    );
  });
  test("cat of the channels of many pixels, and of examples", () => {
    checkCat("bfloat16", [4, 12, 12, 0], 3, [192, 208, 48, 64]);
    checkCat("float32", [2, 0, 30, 31], 1, [64, 3, 17]);
    checkCat("float32", [0, 50_000], 0, [3, 1, 2]);
    checkCat("bool", [2, 0], 1, [200_001, 3, 70_000]);
  });
  test("permute, any shape", () => {
    const cases = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
    );
    fc.assert(fc.property(dtypes, cases, (dtype, [shape, dims]) => checkPermute(dtype, shape, dims)));
  });
  test("permute of images and matrices of every width of element", () => {
    for (const dtype of ["bool", "bfloat16", "float32", "int64"] as const) {
      checkPermute(dtype, [3, 70, 9, 13], [0, 2, 3, 1]);
      checkPermute(dtype, [3, 9, 13, 70], [0, 3, 1, 2]);
      checkPermute(dtype, [131, 67], [1, 0]);
      checkPermute(dtype, [8, 300, 70], [0, 2, 1]);
      checkPermute(dtype, [200_000], [0]);
    }
  });
  test("what is left to the reference kernels: no elements", () => {
    const planned = (op: string, attributes: Attributes, inputs: TensorSpec[], outputs: TensorSpec[]) =>
      PLANNERS[op]({ op, attributes, inputs, outputs });
    const [x, none]: TensorSpec[] = [[8], [0]].map((shape) => ({ shape, dtype: "float32" }));
    assert.equal(planned("slice", { starts: [0], steps: [2], sizes: [0] }, [x], [none]), null);
    assert.equal(planned("slice", { starts: [0], steps: [1], sizes: [0] }, [x], [none]), null);
    assert.equal(planned("cat", { dim: 0 }, [none, none], [none]), null);
  });
});
