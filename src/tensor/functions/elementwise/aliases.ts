/** Second names that PyTorch gives to functions. */
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall } from "../../tensor.ts";
import { dot } from "../linalg/linear_algebra.ts";
import { trapezoid } from "../reduction/differences.ts";
import { cat, vstack } from "../shape/joining.ts";
import { movedim, transpose } from "../shape/shape.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { clamp } from "./clamping.ts";
import { ge, gt, le, lt, ne } from "./comparison.ts";
import { abs, neg, sign } from "./pointwise.ts";
import { trunc } from "./rounding.ts";
import { acos, acosh, asin, asinh, atan, atanh } from "./trigonometry.ts";

export interface SwapAxesParameters extends InputParameter {
  /** One dimension. */
  axis0: number;
  /** The other dimension. */
  axis1: number;
}

/**
 * As `transpose`, under NumPy's names.
 *
 * @example
 * ```ts
 * swapaxes(tensor([[1, 2, 3]]), 0, 1).shape; // [3, 1]
 * ```
 */
export const swapaxes = defineCall<SwapAxesParameters>("swapaxes")(
  ["input", "axis0", "axis1"],
  (input, axis0, axis1) => transpose(input, axis0, axis1),
);

export {
  abs as absolute,
  acos as arccos,
  acosh as arccosh,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atanh as arctanh,
  cat as concat,
  cat as concatenate,
  clamp as clip,
  div as divide,
  div as trueDivide,
  dot as vdot,
  ge as greaterEqual,
  gt as greater,
  le as lessEqual,
  lt as less,
  movedim as moveaxis,
  mul as multiply,
  ne as notEqual,
  neg as negative,
  sign as sgn,
  sub as subtract,
  transpose as swapdims,
  trapezoid as trapz,
  trunc as fix,
  vstack as rowStack,
};
