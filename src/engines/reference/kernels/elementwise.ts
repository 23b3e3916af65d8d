/** Element-wise ops: what each computes for one element. */
import type { FusedBinary, FusedUnary } from "../../contract/fused_loop.ts";
import { kernelsOf, type ReferenceKernel } from "../kernel.ts";
import { forEachBroadcast, storeAs } from "./broadcasting.ts";

export const UNARY: Readonly<Record<FusedUnary, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  erf,
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfToEven,
  trunc: Math.trunc,
  sign: (x) => (Number.isNaN(x) ? 0 : Math.sign(x)),
  relu: (x) => (x < 0 ? 0 : x),
  relu6: (x) => (x < 0 ? 0 : x > 6 ? 6 : x),
  logicalNot: (x) => (x === 0 ? 1 : 0),
  isnan: (x) => (Number.isNaN(x) ? 1 : 0),
};

export const BINARY: Readonly<Record<FusedBinary, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: power,
  minimum: (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.min(a, b)),
  maximum: (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b)),
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
  logicalAnd: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  logicalOr: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
};

/** C's pow: 1 for a base of 1 and for an exponent of 0, NaN or not. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;
}

function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * Gauss error function to double precision: the Maclaurin series near 0, the continued fraction of erfc away
 * from it (Abramowitz and Stegun 7.1.5, 7.1.14).
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  return Math.sign(x) * (a < 2.5 ? erfSeries(a) : 1 - erfcFraction(a));
}

/** 1 - erf(x), to the last digits of small results. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  return x < 2.5 ? 1 - erf(x) : erfcFraction(x);
}

function erfSeries(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total) && n < 200; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

function erfcFraction(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}

const unary =
  (f: (x: number) => number): ReferenceKernel =>
  ({ inputs: [input], outputs: [output] }) => {
    for (let i = 0; i < output.data.length; i++) output.data[i] = f(input.data[i]);
  };

const binary =
  (f: (a: number, b: number) => number): ReferenceKernel =>
  ({ inputs: [a, b], outputs: [output] }) => {
    const store = storeAs(output.dtype);
    forEachBroadcast(output.shape, [a.shape, b.shape], (out, [i, j]) => {
      output.data[out] = store(f(a.data[i], b.data[j]));
    });
  };

const where: ReferenceKernel = ({ inputs: [condition, a, b], outputs: [output] }) => {
  forEachBroadcast(output.shape, [condition.shape, a.shape, b.shape], (out, [c, i, j]) => {
    output.data[out] = condition.data[c] !== 0 ? a.data[i] : b.data[j];
  });
};

const cast: ReferenceKernel = ({ inputs: [input], outputs: [output] }) => {
  const store = storeAs(output.dtype);
  for (let i = 0; i < output.data.length; i++) output.data[i] = store(input.data[i]);
};

export const ELEMENTWISE_KERNELS = {
  ...kernelsOf(UNARY, unary),
  ...kernelsOf(BINARY, binary),
  where,
  cast,
} satisfies Record<string, ReferenceKernel>;
