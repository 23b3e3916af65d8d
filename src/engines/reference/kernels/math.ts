/** Less common functions of one or two numbers. */
import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import { kernelsOf, type ReferenceKernel } from "../kernel.ts";
import { forEachBroadcast } from "./broadcasting.ts";
import { erf, erfc } from "./elementwise.ts";

const UNARY = {
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  exp2: (x) => 2 ** x,
  log2: Math.log2,
  log10: Math.log10,
  erfc,
  erfinv,
} satisfies Record<string, (x: number) => number>;

/** erf's inverse: a rational guess (Winitzki's), sharpened by Newton's method. */
function erfinv(y: number): number {
  if (!(Math.abs(y) < 1)) return Math.abs(y) === 1 ? y * Number.POSITIVE_INFINITY : Number.NaN;
  if (y === 0) return y;
  const logarithm = Math.log1p(-y * y);
  const part = 2 / (Math.PI * 0.147) + logarithm / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(part * part - logarithm / 0.147) - part);
  for (let i = 0; i < 4; i++) {
    // Near ±1 the difference is taken between the complements, which keep their digits.
    const error = Math.abs(x) < 1 ? erf(x) - y : Math.sign(x) * (1 - Math.abs(y) - erfc(Math.abs(x)));
    x -= (error * Math.sqrt(Math.PI)) / 2 / Math.exp(-x * x);
  }
  return x;
}

const BINARY = {
  remainder: (a, b) => {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  fmod: (a, b) => a % b,
  floorDivide: (a, b) => Math.floor(a / b),
  truncDivide: (a, b) => Math.trunc(a / b),
  atan2: Math.atan2,
  hypot: Math.hypot,
} satisfies Record<string, (a: number, b: number) => number>;

const unary =
  (f: (x: number) => number): ReferenceKernel =>
  ({ inputs: [input], outputs: [output] }) => {
    for (let i = 0; i < output.data.length; i++) output.data[i] = f(input.data[i]);
  };

const binary =
  (name: string, f: (a: number, b: number) => number): ReferenceKernel =>
  ({ inputs: [a, b], outputs: [output] }) => {
    const whole = !isFloating(output.dtype);
    forEachBroadcast(output.shape, [a.shape, b.shape], (out, [i, j]) => {
      if (whole && b.data[j] === 0) throw new ArgumentError(`${name}: integers cannot be divided by 0`);
      output.data[out] = f(a.data[i], b.data[j]);
    });
  };

export const MATH_KERNELS = {
  ...kernelsOf(UNARY, unary),
  ...kernelsOf(BINARY, (f, name) => binary(name, f)),
} satisfies Record<string, ReferenceKernel>;
