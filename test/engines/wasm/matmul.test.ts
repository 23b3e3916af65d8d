import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PLANNERS } from "../../../src/engines/wasm/kernels/registry.ts";
import { assertClose, availableBinaries, type Binary, compute, f32, randomValues } from "./driver.ts";

const SIZES: [number, number, number][] = [
  [1, 1, 1],
  [1, 10, 84],
  [1, 7, 1029],
  [4, 33, 66],
  [3, 130, 800],
  [2, 3, 5],
  [5, 7, 9],
  [6, 8, 4],
  [7, 17, 3],
  [13, 33, 65],
  [64, 64, 64],
  [256, 10, 84],
  [256, 84, 120],
  [84, 120, 256],
  [10, 84, 256],
  [31, 130, 800],
  [300, 4, 20],
  [100, 100, 1],
  [4500, 70, 3],
  [4500, 3, 5],
];

const ACTIVATIONS: Record<string, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(0, x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

const BINARIES = availableBinaries();

/** Products summed one after another, by size, batch and salt: the same for each binary. */
const known = new Map<string, Float64Array>();

function naive(
  [m, n, k]: [number, number, number],
  batch: number,
  a: (i: number, r: number, c: number) => number,
  b: (i: number, r: number, c: number) => number,
  bias: Float32Array | undefined,
  activation: string,
): Float64Array {
  const out = new Float64Array(batch * m * n);
  for (let i = 0; i < batch; i++) {
    for (let r = 0; r < m; r++) {
      for (let c = 0; c < n; c++) {
        let sum = bias === undefined ? 0 : bias[c];
        for (let p = 0; p < k; p++) sum += a(i, r, p) * b(i, p, c);
        out[(i * m + r) * n + c] = ACTIVATIONS[activation](sum);
      }
    }
  }
  return out;
}

function check(
  binary: Binary,
  size: [number, number, number],
  batch: number | undefined,
  salt: number,
): void {
  const [m, n, k] = size;
  const count = batch ?? 1;
  const transposeA = (salt & 1) !== 0;
  const transposeB = (salt & 2) !== 0;
  const activation = Object.keys(ACTIVATIONS)[salt % 4];
  const a = randomValues(count * m * k, salt + 1);
  const b = randomValues(count * n * k, salt + 2);
  const bias = (salt & 4) !== 0 ? randomValues(n, salt + 3) : undefined;
  const lead = batch === undefined ? [] : [batch];
  const inputs = [
    { spec: f32(...lead, ...(transposeA ? [k, m] : [m, k])), data: a },
    { spec: f32(...lead, ...(transposeB ? [n, k] : [k, n])), data: b },
  ];
  if (bias) inputs.push({ spec: f32(n), data: bias });
  const attributes =
    activation === "none" ? { transposeA, transposeB } : { transposeA, transposeB, activation };
  const [out] = compute(binary, PLANNERS.matmul, attributes, inputs, [f32(...lead, m, n)]);
  const key = [...size, batch, salt].join();
  const expected =
    known.get(key) ??
    naive(
      size,
      count,
      (i, r, p) => a[i * m * k + (transposeA ? p * m + r : r * k + p)],
      (i, p, c) => b[i * n * k + (transposeB ? c * k + p : p * n + c)],
      bias,
      activation,
    );
  known.set(key, expected);
  // Rounding of a sum grows with its length; an activation hides the size of the sum behind it.
  const tolerance = k > 400 ? 3e-5 : 1e-5;
  assertClose(out, expected, `${binary.name} matmul ${m}x${n}x${k} ${JSON.stringify(attributes)}`, tolerance);
}

describe("matmul kernels", () => {
  for (const binary of BINARIES) {
    test(`${binary.name}: every size, turned and not, with bias and activation`, () => {
      for (const size of SIZES) for (let salt = 0; salt < 8; salt++) check(binary, size, undefined, salt);
    });
    test(`${binary.name}: activations are exact to a millionth, and at the ends`, () => {
      const values: number[] = [
        0,
        -0,
        1e-30,
        1e-7,
        3e-4,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        Number.NaN,
      ];
      for (let x = -110; x <= 110; x += 0.37) values.push(x);
      for (let x = -2; x <= 2; x += 0.013) values.push(x, x / 1000);
      const x = Float32Array.from(values);
      const inputs = [
        { spec: f32(x.length, 1), data: x },
        { spec: f32(1, 1), data: Float32Array.of(1) },
      ];
      for (const activation of ["relu", "sigmoid", "tanh"]) {
        const attributes = { transposeA: false, transposeB: false, activation };
        const [y] = compute(binary, PLANNERS.matmul, attributes, inputs, [f32(x.length, 1)]);
        for (const [i, value] of x.entries()) {
          const expected = ACTIVATIONS[activation](value);
          // Below the normal range only the absolute error counts.
          const near = Math.abs(y[i] - expected) <= 1e-6 * Math.abs(expected) + 1e-38;
          assert.ok(
            near || Object.is(y[i], expected),
            `${activation}(${value}) is ${y[i]}, expected ${expected}`,
          );
        }
      }
    });
    test(`${binary.name}: batches`, () => {
      for (let salt = 0; salt < 8; salt++) {
        check(binary, [9, 11, 13], 3, salt);
        check(binary, [64, 24, 40], 5, salt);
      }
    });
  }
});
