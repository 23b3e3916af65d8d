import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HEAP_BASE } from "../../../src/engines/cpu/memory/memory_layout.ts";
import { PLANNERS } from "../../../src/engines/wasm/kernels/registry.ts";
import { availableBinaries, f32, i32, load, randomValues } from "./driver.ts";

/** A place from which addresses do not fit a signed 32-bit number. */
const BEYOND = 2 ** 31 - 4096;

const window = { kernelSize: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceilMode: false };
const convolution = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
const corner = { starts: [0, 1, 2, 1], steps: [1, 1, 1, 1] };

describe("addresses", () => {
  for (const binary of availableBinaries()) {
    test(`${binary.name} leaves memory from HEAP_BASE on alone`, () => {
      assert.ok(binary.exports.heapBase() <= HEAP_BASE);
    });
  }
  test("results are the same above 2 GiB", (t) => {
    const binary = availableBinaries()[0];
    const x = { spec: f32(2, 3, 9, 10), data: randomValues(540, 1) };
    const weight = { spec: f32(8, 3, 3, 3), data: randomValues(216, 2) };
    const y = { spec: f32(2, 8, 9, 10), data: randomValues(1440, 3) };
    const a = { spec: f32(20, 27), data: randomValues(540, 4) };
    const b = { spec: f32(27, 8), data: randomValues(216, 5) };
    const cases = [
      { op: "matmul", attributes: {}, inputs: [a, b], outputs: [f32(20, 8)] },
      { op: "conv2d", attributes: convolution, inputs: [x, weight], outputs: [y.spec] },
      { op: "conv2dInputGradient", attributes: convolution, inputs: [y, weight], outputs: [x.spec] },
      { op: "conv2dWeightGradient", attributes: convolution, inputs: [x, y], outputs: [weight.spec] },
      { op: "maxPool2d", attributes: window, inputs: [x], outputs: [f32(2, 3, 5, 5), i32(2, 3, 5, 5)] },
      { op: "avgPool2d", attributes: window, inputs: [x], outputs: [f32(2, 3, 5, 5)] },
      { op: "permute", attributes: { dims: [2, 0, 3, 1] }, inputs: [x], outputs: [f32(9, 2, 10, 3)] },
      { op: "cat", attributes: { dim: 1 }, inputs: [x, x], outputs: [f32(2, 6, 9, 10)] },
      {
        op: "slice",
        attributes: { ...corner, sizes: [2, 2, 7, 9] },
        inputs: [x],
        outputs: [f32(2, 2, 7, 9)],
      },
      {
        op: "unslice",
        attributes: { ...corner, shape: [2, 9, 11, 12] },
        inputs: [x],
        outputs: [f32(2, 9, 11, 12)],
      },
    ];
    for (const { op, attributes, inputs, outputs } of cases) {
      const low = load(binary, PLANNERS[op], attributes, inputs, outputs);
      low.run();
      const expected = low.output();
      let high: ReturnType<typeof load>;
      try {
        high = load(binary, PLANNERS[op], attributes, inputs, outputs, BEYOND);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        t.skip(`no memory of more than 2 GiB here: ${error.message}`);
        return;
      }
      high.run();
      assert.deepEqual(high.output(), expected, op);
    }
  });
});
