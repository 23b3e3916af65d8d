import assert from "node:assert/strict";
import { test } from "node:test";
import type { FusedBinary, FusedUnary } from "../../../../src/engines/contract/fused_loop.ts";
import { MATH_IMPORTS } from "../../../../src/engines/cpu/loops/math_imports.ts";
import { simdSupport } from "../../../../src/engines/cpu/loops/simd_support.ts";
import { prepareLoop } from "./run_loop.ts";
import { binaryLoop, unaryLoop } from "./single_op.ts";

/** Arguments over many magnitudes, both signs, within [low, high]. */
function argumentsBetween(low: number, high: number): Float32Array {
  const out: number[] = [];
  for (let i = 0; i <= 20000; i++) out.push(low + ((high - low) * i) / 20000);
  for (let e = -60; e <= 7; e++) {
    for (const m of [1, 1.1, 1.37, 1.41421, 1.5, 1.9]) for (const s of [-1, 1]) out.push(s * m * 2 ** e);
  }
  return Float32Array.from(out.filter((x) => x >= low && x <= high));
}

const NAN = Number.NaN;
const SMALLEST = 2 ** -149;

interface MathCase {
  readonly op: FusedUnary;
  readonly truth: (x: number) => number;
  readonly range: [number, number];
  readonly absolute?: boolean;
  readonly special: [number, number][];
}

const CASES: MathCase[] = [
  {
    op: "exp",
    truth: Math.exp,
    range: [-87, 88.7],
    special: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [NAN, NAN],
      [89, Infinity],
      [-110, 0],
      [-1e30, 0],
      [1e30, Infinity],
    ],
  },
  {
    op: "log",
    truth: Math.log,
    range: [1e-30, 1e4],
    special: [
      [0, -Infinity],
      [-0, -Infinity],
      [1, 0],
      [Infinity, Infinity],
      [-1, NAN],
      [-Infinity, NAN],
      [NAN, NAN],
      [SMALLEST, Math.log(SMALLEST)],
      [1e-40, Math.log(Math.fround(1e-40))],
      [3e38, Math.log(3e38)],
    ],
  },
  {
    op: "log1p",
    truth: Math.log1p,
    range: [-0.999, 100],
    special: [
      [0, 0],
      [-0, -0],
      [-1, -Infinity],
      [-2, NAN],
      [Infinity, Infinity],
      [NAN, NAN],
      [1e-20, 1e-20],
    ],
  },
  {
    op: "expm1",
    truth: Math.expm1,
    range: [-20, 88],
    special: [
      [0, 0],
      [-0, -0],
      [Infinity, Infinity],
      [-Infinity, -1],
      [NAN, NAN],
      [1e-20, 1e-20],
    ],
  },
  {
    op: "sigmoid",
    truth: MATH_IMPORTS.sigmoid,
    range: [-80, 80],
    special: [
      [0, 0.5],
      [Infinity, 1],
      [-Infinity, 0],
      [NAN, NAN],
      [-200, 0],
      [200, 1],
    ],
  },
  {
    op: "tanh",
    truth: Math.tanh,
    range: [-15, 15],
    special: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [NAN, NAN],
      [1e-30, 1e-30],
      [100, 1],
    ],
  },
  {
    op: "erf",
    truth: MATH_IMPORTS.erf,
    range: [-6, 6],
    absolute: true,
    special: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [NAN, NAN],
    ],
  },
  {
    op: "sin",
    truth: Math.sin,
    range: [-100, 100],
    special: [
      [0, 0],
      [Infinity, NAN],
      [NAN, NAN],
    ],
  },
  {
    op: "cos",
    truth: Math.cos,
    range: [-100, 100],
    special: [
      [0, 1],
      [-Infinity, NAN],
      [NAN, NAN],
    ],
  },
  {
    op: "rsqrt",
    truth: (x) => 1 / Math.sqrt(x),
    range: [1e-20, 1e4],
    special: [
      [0, Infinity],
      [-1, NAN],
      [Infinity, 0],
    ],
  },
  {
    op: "reciprocal",
    truth: (x) => 1 / x,
    range: [0.001, 100],
    special: [
      [0, Infinity],
      [-0, -Infinity],
      [NAN, NAN],
    ],
  },
  {
    op: "relu",
    truth: (x) => Math.max(x, 0),
    range: [-5, 5],
    special: [
      [NAN, NAN],
      [-Infinity, 0],
      [Infinity, Infinity],
    ],
  },
  {
    op: "round",
    truth: (x) => x,
    range: [0, 0],
    special: [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-0.5, -0],
      [-1.5, -2],
      [NAN, NAN],
      [Infinity, Infinity],
      [1e10, 1e10],
    ],
  },
  {
    op: "sign",
    truth: Math.sign,
    range: [-5, 5],
    special: [
      [NAN, 0],
      [-Infinity, -1],
      [-0, 0],
    ],
  },
];

for (const relaxed of simdSupport().relaxed ? [false, true] : [false]) {
  for (const { op, truth, range, absolute, special } of CASES) {
    test(`${op} is within 1e-6 of float64, special values included${relaxed ? ", with fused multiply-add" : ""}`, () => {
      const x = argumentsBetween(...range);
      const [y] = prepareLoop(unaryLoop(op, x.length), { relaxed }).run([x], 1);
      let worst = 0;
      let at = 0;
      x.forEach((argument, i) => {
        const expected = truth(argument);
        const scale = absolute ? 1 : Math.max(Math.abs(expected), 1.2e-38);
        const error = Math.abs(y[i] - expected) / scale;
        if (!(error <= worst)) [worst, at] = [error, argument];
      });
      assert.ok(worst <= 1e-6, `error ${worst} at ${at}`);
      const specials = Float32Array.from(special.map(([argument]) => argument));
      const [results] = prepareLoop(unaryLoop(op, specials.length), { relaxed }).run([specials], 1);
      special.forEach(([argument, expected], i) => {
        const wanted = Math.fround(expected);
        const close =
          Object.is(results[i], wanted) ||
          (wanted === 0 && results[i] === 0 && !Object.is(wanted, -0)) ||
          Math.abs(results[i] - wanted) <= 1e-6 * Math.abs(wanted);
        assert.ok(close, `${op}(${argument}) gave ${results[i]}, expected ${wanted}`);
      });
    });
  }
}

test("exp goes down to the smallest denormal", () => {
  const x = Float32Array.of(-90, -95, -100, -103);
  const [y] = prepareLoop(unaryLoop("exp", 4)).run([x], 1);
  x.forEach((argument, i) =>
    assert.ok(Math.abs(y[i] - Math.exp(argument)) <= SMALLEST, `${argument}: ${y[i]}`),
  );
});

test("pow follows C, not JavaScript, at the edges", () => {
  const pairs: [number, number, number][] = [
    [1, NAN, 1],
    [NAN, 0, 1],
    [1, Infinity, 1],
    [-1, Infinity, 1],
    [-1, -Infinity, 1],
    [-8, 1 / 3, NAN],
    [-2, 3, -8],
    [0, 0, 1],
    [0, -1, Infinity],
    [-0, -1, -Infinity],
    [2, 10, 1024],
    [Infinity, -1, 0],
    [2, 0.5, Math.SQRT2],
  ];
  const [a, b] = [0, 1].map((side) => Float32Array.from(pairs.map((pair) => pair[side])));
  const [y] = prepareLoop(binaryLoop("pow", pairs.length)).run([a, b], 1);
  pairs.forEach(([p, q, expected], i) => {
    const close = Object.is(y[i], expected) || Math.abs(y[i] - expected) <= 1e-6 * Math.abs(expected);
    assert.ok(close, `pow(${p}, ${q}) gave ${y[i]}, expected ${expected}`);
  });
});

test("minimum and maximum hand on NaN, comparisons with it are false", () => {
  const a = Float32Array.of(NAN, 1, NAN, 1, -0);
  const b = Float32Array.of(1, NAN, NAN, 2, 0);
  const expected: [FusedBinary, "float32" | "bool", number[]][] = [
    ["minimum", "float32", [NAN, NAN, NAN, 1, -0]],
    ["maximum", "float32", [NAN, NAN, NAN, 2, 0]],
    ["eq", "bool", [0, 0, 0, 0, 1]],
    ["ne", "bool", [1, 1, 1, 1, 0]],
    ["lt", "bool", [0, 0, 0, 1, 0]],
    ["ge", "bool", [0, 0, 0, 0, 1]],
  ];
  for (const [op, result, values] of expected) {
    const [y] = prepareLoop(binaryLoop(op, 5, "float32", result)).run([a, b], 1);
    assert.deepEqual([...y], values, op);
  }
});
