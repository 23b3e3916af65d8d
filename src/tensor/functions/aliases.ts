/** Second names that PyTorch gives to functions. */
import { div, mul, sub } from "./arithmetic.ts";
import { clamp, ge, gt, le, lt, ne } from "./comparison.ts";
import { cat, vstack } from "./joining.ts";
import { abs, acos, acosh, asin, asinh, atan, atanh, neg, sign, trunc } from "./pointwise.ts";
import { transpose } from "./shape.ts";

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
  ge as greaterEqual,
  gt as greater,
  le as lessEqual,
  lt as less,
  mul as multiply,
  ne as notEqual,
  neg as negative,
  sign as sgn,
  sub as subtract,
  transpose as swapaxes,
  transpose as swapdims,
  trunc as fix,
  vstack as rowStack,
};
