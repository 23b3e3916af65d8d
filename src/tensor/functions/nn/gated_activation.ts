/** Activations with a gate, a learned slope or a distribution of their own. */

import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, erfOp, gt, mul, sigmoidOp, tanhOp, where } from "../../../ops/elementwise/elementwise.ts";
import { constantPad } from "../../../ops/shape/padding.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { activated } from "./activation.ts";
import { floatingInput, named, oneOf } from "./arguments.ts";

export interface GeluParameters extends InputParameter {
  /** `"tanh"`: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). @default "none" */
  approximate?: "none" | "tanh";
}

/**
 * x times the standard normal distribution function at x.
 *
 * Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016.
 *
 * @param approximate - `"tanh"`: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
 * @example
 * ```ts
 * nn.functional.gelu(tensor([0.5, 2])).tolist(); // [0.34573, 1.95450]
 * ```
 */
export const gelu = defineCall<GeluParameters>("gelu")(
  ["input", "approximate?"],
  (input, approximate = "none") => activated("gelu", input, (x) => geluOf(x, approximate)),
);

function geluOf(x: Value, approximate: "none" | "tanh"): Value {
  const like = (value: number): Value => constant(value, x.dtype);
  if (oneOf("gelu", "approximate", approximate, ["none", "tanh"]) === "none") {
    const cumulative = mul(add(emit(erfOp, [mul(x, like(Math.SQRT1_2))]), like(1)), like(0.5));
    return mul(x, cumulative);
  }
  const cube = mul(mul(x, x), x);
  const inner = mul(add(x, mul(cube, like(0.044715))), like(Math.sqrt(2 / Math.PI)));
  return mul(mul(x, like(0.5)), add(emit(tanhOp, [inner]), like(1)));
}

export interface PreluParameters extends InputParameter {
  /** One slope, or one for each channel (dimension 1). */
  weight: Tensor;
}

/**
 * x where x > 0, weight * x elsewhere.
 *
 * @param weight - one slope, or one for each channel (dimension 1).
 * @example
 * ```ts
 * nn.functional.prelu(tensor([-1.5, 2]), tensor([0.1])).tolist(); // [-0.15, 2]
 * ```
 */
export const prelu = defineCall<PreluParameters>("prelu")(["input", "weight"], (input, weight) => {
  const x = floatingInput("prelu", input);
  const w = floatingInput("prelu", weight, "weight");
  const channels = x.shape.length > 1 ? x.shape[1] : 1;
  const slopes = w.shape.length === 0 ? 1 : w.shape[0];
  if (w.shape.length > 1 || (slopes !== 1 && slopes !== channels)) {
    throw new ShapeError(
      `${named("prelu")}: expected a weight of 1 or ${channels} slopes, one per channel of ${formatShape(x.shape)}, got ${formatShape(w.shape)}`,
    );
  }
  const perChannel =
    slopes === 1
      ? reshape(w, [])
      : reshape(
          w,
          x.shape.map((_, d) => (d === 1 ? slopes : 1)),
        );
  const zero = constant(0, x.dtype);
  const positive = gt(x, zero);
  return new Tensor(where(positive, x, mul(where(positive, zero, x), perChannel)));
});

export interface GluParameters extends InputParameter {
  /** The dimension. @default -1 */
  dim?: number;
}

/**
 * a sigmoid(b), the halves a and b of the input along `dim` (the last one by default).
 *
 * @example
 * ```ts
 * nn.functional.glu(tensor([1.5, 3, 0.5, -0.5])).tolist(); // [0.93369, 1.13262]
 * ```
 */
export const glu = defineCall<GluParameters>("glu")(["input", "dim?"], (input, dim = -1) => {
  const x = floatingInput("glu", input);
  if (x.shape.length === 0)
    throw new ArgumentError(`${named("glu")}: expected at least one dimension, got a single number`);
  const along = normalizeDim(dim, x.shape.length, named("glu"));
  const size = x.shape[along];
  if (size % 2 !== 0) {
    throw new ShapeError(
      `${named("glu")}: expected an even size in dimension ${along} to halve, got ${size} in ${formatShape(x.shape)}`,
    );
  }
  const part = (before: number, after: number): Value =>
    constantPad(
      x,
      x.shape.map((_, d) => (d === along ? [-before, -after] : [0, 0])),
      0,
    );
  const gated = (a: Value, b: Value): Value => mul(a, emit(sigmoidOp, [b]));
  return new Tensor(inWideNumbers(part(0, size / 2), gated, part(size / 2, 0)));
});
