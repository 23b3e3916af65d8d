import assert from "node:assert/strict";
import { test } from "node:test";
import type { DType } from "../../../../src/base/dtype.ts";
import { allocateArray } from "../../../../src/base/dtype.ts";
import { contiguousStrides, numel } from "../../../../src/base/shape.ts";
import type { FusedLoop } from "../../../../src/engines/contract/fused_loop.ts";
import { planLoop } from "../../../../src/engines/cpu/loops/fused_module.ts";
import { interpret } from "./loop_oracle.ts";
import { Random } from "./random_loops.ts";
import { prepareLoop } from "./run_loop.ts";

/** sum, sum of squares, largest and smallest over `axes`, and the doubled values stored, in one loop. */
function statistics(shape: number[], axes: number[], dtype: DType): FusedLoop {
  return {
    shape,
    inputs: [{ dtype, strides: contiguousStrides(shape) }],
    body: [
      { kind: "load", input: 0, dtype },
      { kind: "binary", op: "mul", a: 0, b: 0, dtype },
      { kind: "binary", op: "add", a: 0, b: 0, dtype },
    ],
    outputs: [
      { kind: "reduce", op: "sum", value: 0, axes, dtype },
      { kind: "reduce", op: "sum", value: 1, axes, dtype },
      { kind: "store", value: 2, dtype },
      { kind: "reduce", op: "amax", value: 0, axes, dtype },
      { kind: "reduce", op: "amin", value: 0, axes, dtype },
    ],
  };
}

const SHAPES: [string, number[], number[]][] = [
  ["all of one long row", [300001], [0]],
  ["all of a matrix", [700, 431], [0, 1]],
  ["rows", [300, 1001], [1]],
  ["few long rows", [3, 100003], [1]],
  ["columns", [1003, 300], [0]],
  ["a few columns of very many rows", [50001, 6], [0]],
  ["columns of a batch", [5, 700, 130], [1]],
  ["channels of [N, C, H, W]", [64, 6, 28, 28], [0, 2, 3]],
  ["channels of many small planes", [256, 16, 5, 5], [0, 2, 3]],
  ["every other axis", [20, 11, 30, 13], [0, 2]],
  ["the middle and the last axis", [31, 17, 301], [1, 2]],
];

for (const [name, shape, axes] of SHAPES) {
  for (const dtype of ["float32", "float64"] as const) {
    test(`reductions of ${name}, ${dtype}: right, and the same bits on any number of threads`, () => {
      const loop = statistics(shape, axes, dtype);
      const random = new Random(numel(shape));
      const input = allocateArray(dtype, numel(shape));
      // Numbers of one sign, where errors do not cancel.
      for (let i = 0; i < input.length; i++) input[i] = 1 + random.next();
      const prepared = prepareLoop(loop);
      const actual = prepared.run([input], 1);
      const expected = interpret(loop, [input]);
      actual.forEach((data, o) => {
        const tolerance = o < 2 ? (dtype === "float32" ? 5e-7 : 1e-13) : 0;
        for (let i = 0; i < data.length; i++) {
          const want = expected.outputs[o][i];
          if (!(Math.abs(data[i] - want) <= tolerance * want))
            assert.fail(`output ${o}[${i}]: ${data[i]}, expected ${want}`);
        }
      });
      for (const threads of [2, 3, 7]) {
        prepared.run([input], threads).forEach((data, o) => {
          assert.ok(
            Buffer.from(data.buffer).equals(Buffer.from(actual[o].buffer)),
            `output ${o}, ${threads} threads`,
          );
        });
      }
    });
  }
}

test("sums of one number repeated keep their digits", () => {
  const [sum] = prepareLoop(statistics([100000], [0], "float32")).run(
    [new Float32Array(100000).fill(Math.E)],
    1,
  );
  const exact = 100000 * Math.fround(Math.E);
  assert.ok(Math.abs(sum[0] - exact) <= 3e-7 * exact, `${sum[0]}, expected ${exact}`);
});

test("long reductions are cut into parts, short ones are not", () => {
  assert.ok(planLoop({ attributes: { loop: statistics([1 << 20], [0], "float32") } }).scratchBytes > 0);
  assert.equal(planLoop({ attributes: { loop: statistics([4, 100], [1], "float32") } }).scratchBytes, 0);
});

test("NaN anywhere makes amax and amin NaN", () => {
  for (const [shape, axes] of [
    [[37], [0]],
    [[40, 21], [0]],
    [[200000], [0]],
  ] as [number[], number[]][]) {
    const loop = statistics(shape, axes, "float32");
    for (const position of [0, 5, 20, numel(shape) - 1]) {
      const input = new Float32Array(numel(shape)).fill(1);
      input[position] = Number.NaN;
      const [, , , amax, amin] = prepareLoop(loop).run([input], 2);
      const kept = axes.length === shape.length ? 0 : position % shape[1];
      assert.ok(Number.isNaN(amax[kept]) && Number.isNaN(amin[kept]), `position ${position} of ${shape}`);
    }
  }
});

test("maps larger than one unit, with ragged ends and inner broadcasts", () => {
  const dtype = "float32" as const;
  for (const shape of [[100003], [7, 30011], [30, 16, 29, 31], [5000, 10]]) {
    const broadcast = shape.map((_, d) => (d === 1 ? 1 : 0));
    const loop: FusedLoop = {
      shape,
      inputs: [
        { dtype, strides: contiguousStrides(shape) },
        { dtype, strides: shape.length > 1 ? broadcast : [0] },
      ],
      body: [
        { kind: "load", input: 0, dtype },
        { kind: "load", input: 1, dtype },
        { kind: "binary", op: "sub", a: 0, b: 1, dtype },
        { kind: "unary", op: "sigmoid", a: 2, dtype },
        { kind: "binary", op: "gt", a: 2, b: 1, dtype: "bool" },
      ],
      outputs: [
        { kind: "store", value: 3, dtype },
        { kind: "store", value: 4, dtype: "bool" },
      ],
    };
    const inputs = [numel(shape), shape[1] ?? 1].map((n) =>
      Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7)),
    );
    const prepared = prepareLoop(loop);
    const actual = prepared.run(inputs, 1);
    const expected = interpret(loop, inputs).outputs;
    for (let i = 0; i < actual[0].length; i++) {
      assert.ok(Math.abs(actual[0][i] - expected[0][i]) < 1e-6);
      assert.equal(actual[1][i], expected[1][i]);
    }
    prepared.run(inputs, 3).forEach((data, o) => assert.deepEqual(data, actual[o]));
  }
});

test("empty shapes: nothing is written, or the identity of each reduction", () => {
  const nothing = prepareLoop(statistics([0, 5], [1], "float32")).run([new Float32Array(0)], 2);
  assert.deepEqual(
    nothing.map((data) => data.length),
    [0, 0, 0, 0, 0],
  );
  const identities = prepareLoop(statistics([0, 3], [0], "float32")).run([new Float32Array(0)], 2);
  assert.deepEqual(
    identities.map((data) => [...data]),
    [[0, 0, 0], [0, 0, 0], [], [-Infinity, -Infinity, -Infinity], [Infinity, Infinity, Infinity]],
  );
});
