/**
 * Functions of one or two numbers that generated code calls if it has no instructions of its own for them:
 * in the scalar path, and for sine, cosine and general powers in the vector path. 16-bit floats pass as their bits.
 */
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../../base/half_precision.ts";

export const UNARY_IMPORTS = [
  "exp",
  "log",
  "log1p",
  "expm1",
  "sigmoid",
  "tanh",
  "erf",
  "sin",
  "cos",
  "fromBfloat16",
  "toBfloat16",
  "fromFloat16",
  "toFloat16",
] as const;
export type UnaryImport = (typeof UNARY_IMPORTS)[number];

/** The import object's `math` module. */
export const MATH_IMPORTS: Readonly<Record<UnaryImport | "pow", (...args: number[]) => number>> = {
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  erf: errorFunction,
  sin: Math.sin,
  cos: Math.cos,
  fromBfloat16,
  toBfloat16,
  fromFloat16,
  toFloat16,
  pow: power,
};

/** C's `pow`: 1 to any power is 1, also to NaN, and so is -1 to an infinite one. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && (y === Infinity || y === -Infinity))) return 1;
  return x ** y;
}

/**
 * erf(x) = 2/sqrt(pi) * integral of exp(-t^2) from 0 to x, to about 1e-15: the series for small arguments, a
 * continued fraction of the complement for large ones.
 *
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14.
 */
function errorFunction(x: number): number {
  const z = Math.abs(x);
  if (!(z < 6)) return Number.isNaN(x) ? Number.NaN : Math.sign(x);
  if (z < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = z;
  for (let n = 60; n >= 1; n--) fraction = z + n / 2 / fraction;
  const complement = Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
  return x < 0 ? complement - 1 : 1 - complement;
}
