/**
 * Functions as methods: wherever PyTorch has a method of the same name. A method is the function with the
 * tensor as its first argument; `x.add_(y)` and its like put the result in x's place.
 */
import { type Backward, backward } from "./autograd.ts";
import * as functions from "./functions/index.ts";
import * as softmax from "./functions/nn_softmax.ts";
import { putInPlace } from "./in_place.ts";
import * as random from "./random.ts";
import { defineMethod, type Method } from "./method_types.ts";
import type { Tensor } from "./tensor.ts";

/** Functions that are methods, under the same name. */
const NAMES = [
  "abs", "acos", "acosh", "add", "addcdiv", "addcmul", "addmm", "addmv", "all", "allclose", "amax", "amin", "any",
  "argmax", "argmin", "argsort", "asin", "asinh", "at", "atan", "atan2", "atanh", "baddbmm", "bmm", "bool",
  "broadcastTo", "byte", "ceil", "chunk", "clamp", "clampMax", "clampMin", "clone", "cos", "cosh", "countNonzero",
  "cumprod", "cumsum", "diag", "diagonal", "div", "dot", "double", "eq", "equal", "erf", "erfc", "erfinv", "exp",
  "exp2", "expand", "expandAs", "expm1", "flatten", "flip", "fliplr", "flipud", "float", "floor", "floorDivide",
  "fmod", "frac", "gather", "ge", "gt", "hypot", "indexAdd", "indexFill", "indexSelect", "int", "isFloatingPoint",
  "isclose", "isfinite", "isinf", "isnan", "kthvalue", "le", "lerp", "log", "log10", "log1p", "log2", "logicalAnd",
  "logicalNot", "logicalOr", "logicalXor", "logsumexp", "long", "lt", "maskedFill", "matmul", "max", "maximum",
  "mean", "min", "minimum", "mm", "movedim", "mul", "mv", "nanToNum", "nansum", "narrow", "ne", "neg", "norm",
  "outer", "permute", "pow", "prod", "ravel", "reciprocal", "relu", "remainder", "repeat", "repeatInterleave",
  "reshape", "reshapeAs", "roll", "round", "rsqrt", "scatter", "scatterAdd", "select", "sigmoid", "sign", "sin",
  "sinh", "slice", "sort", "split", "sqrt", "square", "squeeze", "std", "sub", "sum", "t", "take", "takeAlongDim",
  "tan", "tanh", "tile", "to", "topk", "transpose", "tril", "triu", "trunc", "typeAs", "unbind", "unflatten",
  "unsqueeze", "var", "view", "viewAs",
] as const;
const SOFTMAX_NAMES = ["softmax", "logSoftmax"] as const;
const RANDOM_NAMES = ["bernoulli", "multinomial"] as const;

/** Functions that also exist with a trailing underscore. */
const IN_PLACE = [
  "abs", "acos", "add", "addcdiv", "addcmul", "addmm", "asin", "atan", "baddbmm", "ceil", "clamp", "clampMax",
  "clampMin", "cos", "cosh", "cumprod", "cumsum", "div", "eq", "erf", "exp", "expm1", "floor", "floorDivide", "fmod",
  "frac", "ge", "gt", "indexAdd", "indexFill", "le", "lerp", "log", "log1p", "logicalAnd", "logicalNot", "logicalOr",
  "logicalXor", "lt", "maskedFill", "mul", "nanToNum", "ne", "neg", "pow", "reciprocal", "relu", "remainder", "round",
  "rsqrt", "scatter", "scatterAdd", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "sub", "tan", "tanh", "tril",
  "triu", "trunc",
] as const;

type Methods = { [K in Exclude<(typeof NAMES)[number], "pow">]: Method<(typeof functions)[K]> } & {
  [K in (typeof RANDOM_NAMES)[number]]: Method<(typeof random)[K]>;
} & { [K in (typeof SOFTMAX_NAMES)[number]]: Method<(typeof softmax)[K]> };
type InPlaceMethods = { [K in Exclude<(typeof IN_PLACE)[number], "pow"> as `${K}_`]: Method<(typeof functions)[K]> };

declare module "./tensor.ts" {
  interface Tensor extends Methods, InPlaceMethods {
    backward: Method<Backward>;
    /** this ^ exponent */
    pow(exponent: Tensor | number | boolean | { exponent: Tensor | number | boolean }): Tensor;
    pow_(exponent: Tensor | number | boolean | { exponent: Tensor | number | boolean }): Tensor;
  }
}

type AnyFunction = (...all: unknown[]) => unknown;

const METHODS: Record<string, AnyFunction> = { backward: backward as AnyFunction };
for (const name of NAMES) METHODS[name] = functions[name] as AnyFunction;
for (const name of SOFTMAX_NAMES) METHODS[name] = softmax[name] as AnyFunction;
for (const name of RANDOM_NAMES) METHODS[name] = random[name] as AnyFunction;

for (const [name, call] of Object.entries(METHODS)) {
  defineMethod(name, function (...args: unknown[]) {
    return call(this, ...args);
  });
}
for (const name of IN_PLACE) {
  const call = METHODS[name];
  defineMethod(`${name}_`, function (...args: unknown[]) {
    return putInPlace(`${name}_`, this, (call(this, ...args) as Tensor).value);
  });
}
