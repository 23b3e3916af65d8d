import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PLANNERS } from "../../../src/engines/wasm/kernels/registry.ts";
import { assertClose, availableBinaries, compute, f32, i32, randomValues } from "./driver.ts";

interface Case {
  readonly x: [number, number, number, number];
  readonly k: [number, number];
  readonly s: [number, number];
  readonly p?: [number, number];
  readonly d?: [number, number];
  readonly ceilMode?: boolean;
}

const CASES: Case[] = [
  { x: [3, 6, 28, 28], k: [2, 2], s: [2, 2] },
  { x: [2, 3, 10, 10], k: [2, 2], s: [2, 2] },
  { x: [1, 2, 9, 11], k: [2, 2], s: [2, 2] },
  { x: [1, 2, 9, 11], k: [2, 2], s: [2, 2], ceilMode: true },
  { x: [2, 3, 26, 27], k: [3, 3], s: [2, 2] },
  { x: [2, 3, 26, 26], k: [3, 3], s: [2, 2], p: [1, 1], ceilMode: true },
  { x: [1, 4, 12, 13], k: [3, 3], s: [1, 1], p: [1, 1] },
  { x: [1, 1, 5, 5], k: [5, 5], s: [5, 5] },
  { x: [2, 2, 7, 30], k: [1, 4], s: [3, 1], p: [0, 2] },
  { x: [2, 2, 7, 30], k: [4, 3], s: [1, 3], p: [2, 1] },
  { x: [1, 2, 13, 14], k: [3, 2], s: [2, 1], p: [1, 1], d: [2, 3] },
  { x: [1, 2, 13, 23], k: [3, 3], s: [2, 2], p: [1, 1], d: [3, 1] },
  { x: [1, 1, 1, 1], k: [1, 1], s: [1, 1] },
];

/** PyTorch's output size: in ceil mode no window begins in the padding on the right. */
function outputSize(c: Case, i: 0 | 1): number {
  const [size, k, s, p, d] = [c.x[2 + i], c.k[i], c.s[i], c.p?.[i] ?? 0, c.d?.[i] ?? 1];
  const exact = (size + 2 * p - d * (k - 1) - 1) / s;
  let out = (c.ceilMode ? Math.ceil(exact) : Math.floor(exact)) + 1;
  if (c.ceilMode && (out - 1) * s >= size + p) out--;
  return out;
}

function attributesOf(c: Case) {
  return {
    kernelSize: c.k,
    stride: c.s,
    padding: c.p ?? [0, 0],
    dilation: c.d ?? [1, 1],
    ceilMode: c.ceilMode ?? false,
  };
}

/** The places (in the plane) under the window of one output pixel. */
function windowOf(c: Case, r: number, q: number): number[] {
  const [p, d] = [c.p ?? [0, 0], c.d ?? [1, 1]];
  const places: number[] = [];
  for (let i = 0; i < c.k[0]; i++) {
    for (let j = 0; j < c.k[1]; j++) {
      const [y, x] = [r * c.s[0] - p[0] + i * d[0], q * c.s[1] - p[1] + j * d[1]];
      if (y >= 0 && y < c.x[2] && x >= 0 && x < c.x[3]) places.push(y * c.x[3] + x);
    }
  }
  return places;
}

/** Calls `visit` for every output pixel: its plane, its place, row and column. */
function walk(c: Case, visit: (plane: number, at: number, r: number, q: number) => void): void {
  const [oh, ow] = [outputSize(c, 0), outputSize(c, 1)];
  let at = 0;
  for (let plane = 0; plane < c.x[0] * c.x[1]; plane++) {
    for (let r = 0; r < oh; r++) for (let q = 0; q < ow; q++) visit(plane, at++, r, q);
  }
}

function checkMaxPool(binary: ReturnType<typeof availableBinaries>[number], c: Case, x: Float32Array): void {
  const [n, channels, h, w] = c.x;
  const yShape = [n, channels, outputSize(c, 0), outputSize(c, 1)];
  const count = yShape.reduce((a, b) => a * b, 1);
  const [y, indices] = compute(
    binary,
    PLANNERS.maxPool2d,
    attributesOf(c),
    [{ spec: f32(...c.x), data: x }],
    [f32(...yShape), i32(...yShape)],
  );
  const dy = randomValues(count, 9);
  const dxExpected = new Float64Array(x.length);
  walk(c, (plane, at, r, q) => {
    const places = windowOf(c, r, q);
    let best = places[0];
    for (const place of places) {
      const value = x[plane * h * w + place];
      if (value > x[plane * h * w + best] || Number.isNaN(value)) best = place;
    }
    assert.equal(indices[at], best, `place of maximum ${at} of ${JSON.stringify(c)}`);
    assert.equal(y[at], x[plane * h * w + best], `maximum ${at} of ${JSON.stringify(c)}`);
    dxExpected[plane * h * w + best] += dy[at];
  });
  const [dx] = compute(
    binary,
    PLANNERS.maxPool2dGradient,
    { ...attributesOf(c), inputShape: c.x },
    [
      { spec: f32(...yShape), data: dy },
      { spec: i32(...yShape), data: indices },
    ],
    [f32(...c.x)],
  );
  assertClose(dx, dxExpected, `maxPool2dGradient ${JSON.stringify(c)}`);
}

function averageDivisor(
  c: Case,
  r: number,
  q: number,
  countIncludePad: boolean,
  divisorOverride: number | null,
): number {
  if (divisorOverride !== null) return divisorOverride;
  if (!countIncludePad) return windowOf(c, r, q).length;
  const p = c.p ?? [0, 0];
  const side = (at: number, i: 0 | 1) => {
    const start = at * c.s[i] - p[i];
    return Math.min(start + c.k[i], c.x[2 + i] + p[i]) - start;
  };
  return side(r, 0) * side(q, 1);
}

for (const binary of availableBinaries()) {
  describe(`pooling kernels of ${binary.name}`, () => {
    test("maxPool2d and its gradient", () => {
      for (const c of CASES)
        checkMaxPool(
          binary,
          c,
          randomValues(
            c.x.reduce((a, b) => a * b, 1),
            5,
          ),
        );
    });
    test("the first of equal maxima wins, a NaN wins over numbers, -infinity over padding", () => {
      for (const c of CASES) {
        const values = randomValues(
          c.x.reduce((a, b) => a * b, 1),
          6,
        );
        checkMaxPool(
          binary,
          c,
          values.map((v) => Math.round(v)),
        );
        checkMaxPool(binary, c, values.fill(Number.NEGATIVE_INFINITY));
      }
      const c = CASES[4];
      const values = randomValues(
        c.x.reduce((a, b) => a * b, 1),
        7,
      );
      for (let i = 0; i < values.length; i += 37) values[i] = Number.NaN;
      checkMaxPool(binary, c, values);
    });
    test("avgPool2d and its gradient", () => {
      for (const c of CASES.filter((one) => one.d === undefined)) {
        for (const countIncludePad of [true, false]) {
          for (const divisorOverride of [null, 3]) {
            const x = randomValues(
              c.x.reduce((a, b) => a * b, 1),
              8,
            );
            const yShape = [c.x[0], c.x[1], outputSize(c, 0), outputSize(c, 1)];
            const dy = randomValues(
              yShape.reduce((a, b) => a * b, 1),
              9,
            );
            const y = new Float64Array(dy.length);
            const dx = new Float64Array(x.length);
            const plane = c.x[2] * c.x[3];
            walk(c, (p, at, r, q) => {
              const divisor = averageDivisor(c, r, q, countIncludePad, divisorOverride);
              for (const place of windowOf(c, r, q)) {
                y[at] += x[p * plane + place] / divisor;
                dx[p * plane + place] += dy[at] / divisor;
              }
            });
            const { dilation: _, ...attributes } = { ...attributesOf(c), countIncludePad, divisorOverride };
            const name = JSON.stringify({ ...c, countIncludePad, divisorOverride });
            const [forward] = compute(
              binary,
              PLANNERS.avgPool2d,
              attributes,
              [{ spec: f32(...c.x), data: x }],
              [f32(...yShape)],
            );
            assertClose(forward, y, `avgPool2d ${name}`);
            const gradient = { ...attributes, inputShape: c.x };
            const inputs = [{ spec: f32(...yShape), data: dy }];
            const [back] = compute(binary, PLANNERS.avgPool2dGradient, gradient, inputs, [f32(...c.x)]);
            assertClose(back, dx, `avgPool2dGradient ${name}`);
          }
        }
      }
    });
  });
}

test("a window that steps over the whole input is left to the reference kernel", () => {
  const window = { kernelSize: [2, 2], stride: [1, 1], padding: [1, 1], dilation: [2, 2], ceilMode: false };
  const one = f32(1, 1, 1, 1);
  const outputs = [one, i32(1, 1, 1, 1)];
  assert.equal(PLANNERS.maxPool2d({ op: "maxPool2d", attributes: window, inputs: [one], outputs }), null);
});
