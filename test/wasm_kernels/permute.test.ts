import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { contiguousStrides } from "../../src/base/shape.ts";
import { PLANNERS } from "../../src/engines/wasm/kernels/registry.ts";
import { availableBinaries, compute, f32, randomValues } from "./driver.ts";

const CASES: [number[], number[]][] = [
  [[7], [0]],
  [
    [5, 9],
    [1, 0],
  ],
  [
    [130, 67],
    [1, 0],
  ],
  [
    [4, 5, 6],
    [0, 2, 1],
  ],
  [
    [4, 5, 6],
    [2, 1, 0],
  ],
  [
    [4, 5, 6],
    [1, 0, 2],
  ],
  [
    [4, 1, 6],
    [2, 1, 0],
  ],
  [
    [3, 5, 7, 9],
    [0, 3, 1, 2],
  ],
  [
    [3, 5, 7, 9],
    [0, 2, 3, 1],
  ],
  [
    [3, 5, 7, 9],
    [3, 2, 1, 0],
  ],
  [
    [3, 5, 7, 9],
    [2, 0, 3, 1],
  ],
  [
    [2, 70, 3, 4],
    [0, 2, 1, 3],
  ],
  [
    [1, 1],
    [1, 0],
  ],
  [
    [2, 3, 4, 2, 3],
    [4, 1, 3, 0, 2],
  ],
];

function naive(x: Float32Array, shape: number[], dims: number[]): Float32Array {
  const out = new Float32Array(x.length);
  const strides = contiguousStrides(shape);
  const outShape = dims.map((d) => shape[d]);
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let from = 0;
    for (let d = dims.length - 1; d >= 0; d--) {
      from += (rest % outShape[d]) * strides[dims[d]];
      rest = Math.floor(rest / outShape[d]);
    }
    out[i] = x[from];
  }
  return out;
}

describe("permute kernels", () => {
  for (const binary of availableBinaries()) {
    test(binary.name, () => {
      for (const [shape, dims] of CASES) {
        const x = randomValues(
          shape.reduce((a, b) => a * b, 1),
          1,
        );
        const outShape = dims.map((d) => shape[d]);
        const inputs = [{ spec: f32(...shape), data: x }];
        const [out] = compute(binary, PLANNERS.permute, { dims }, inputs, [f32(...outShape)]);
        assert.deepEqual(out, naive(x, shape, dims), `permute [${shape}] by [${dims}]`);
      }
    });
  }
});
