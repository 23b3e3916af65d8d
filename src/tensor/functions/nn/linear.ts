/** Linear maps. */

import { ShapeError } from "../../../base/errors.ts";
import { formatShape, numel } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { add, cast } from "../../../ops/elementwise/elementwise.ts";
import { matmul } from "../../../ops/matmul.ts";
import { permute, reshape } from "../../../ops/shape/shape_ops.ts";
import { featuresHint } from "../../../ops/shape_hints.ts";
import { layerOperands, productOperands } from "../../autocast.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { named, numericInput, optionalValue, overNumbers } from "./arguments.ts";

export interface LinearParameters {
  /** [..., features in]. */
  input: Tensor;
  /** [features out, features in], or [features in] for one number without a dimension. */
  weight: Tensor;
  /** [features out]. @default null */
  bias?: Tensor | null;
}

/**
 * x weight^T + bias.
 *
 * @param input - [..., features in].
 * @param weight - [features out, features in], or [features in] for one number without a dimension.
 * @param bias - [features out].
 * @throws ShapeError if the last size of the input is not that of the weight.
 * @example
 * ```ts
 * nn.functional.linear(randn(8, 400), randn(120, 400), randn(120)).shape; // [8, 120]
 * ```
 */
export const linear = defineCall<LinearParameters>("linear")(
  ["input", "weight", "bias?"],
  (input, weight, bias = null) => {
    const x = numericInput("linear", input);
    const w = numericInput("linear", weight, "weight");
    const b = optionalValue("linear", bias, "bias");
    const features = w.shape[w.shape.length - 1];
    if (w.shape.length < 1 || w.shape.length > 2) {
      throw new ShapeError(
        `${named("linear")}: expected a weight [features out, features in], got ${formatShape(w.shape)}`,
      );
    }
    if (x.shape.length === 0 || x.shape[x.shape.length - 1] !== features) {
      throw new ShapeError(
        `${named("linear")}: expected ${features} input features, got ${x.shape[x.shape.length - 1] ?? "none"} ` +
          `in ${formatShape(x.shape)}; weight is ${formatShape(w.shape)}${featuresHint(x.shape, features)}`,
      );
    }
    const outputs = w.shape.length === 2 ? w.shape[0] : 1;
    const wanted = w.shape.length === 2 ? [outputs] : [];
    if (b !== null && (b.shape.length > 1 || (b.shape.length === 1 && b.shape[0] !== outputs))) {
      throw new ShapeError(
        `${named("linear")}: expected a bias of shape ${formatShape(wanted)}, got ${formatShape(b.shape)}; weight is ${formatShape(w.shape)}`,
      );
    }
    const shape = [...x.shape.slice(0, -1), ...wanted];
    const operands = layerOperands(named("linear"), [x, w, b]);
    const [y] = overNumbers("linear", operands, ([rows, matrix, row]) => [
      linearOf(rows as Value, reshape(matrix as Value, [outputs, features]), row, shape),
    ]);
    return new Tensor(y);
  },
);

function linearOf(x: Value, weight: Value, bias: Value | null, shape: readonly number[]): Value {
  const [outputs, features] = weight.shape;
  const rows = reshape(x, [numel(x.shape.slice(0, -1)), features]);
  // One bias for all columns is not a row of the product's kernel.
  const whole = bias !== null && numel(bias.shape) === outputs;
  const row = whole ? reshape(bias, [outputs]) : undefined;
  const product = matmul(rows, weight, { transposeB: true, bias: row, dtype: x.dtype });
  const biased = bias === null || whole ? product : add(product, cast(bias, x.dtype));
  return reshape(biased, shape);
}

export interface BilinearParameters {
  /** [..., in1]. */
  input1: Tensor;
  /** [..., in2]. */
  input2: Tensor;
  /** [features out, features of input1, features of input2]. */
  weight: Tensor;
  /** [out]; null for none. @default null */
  bias?: Tensor | null;
}

/**
 * y_k = x1^T weight_k x2 + bias_k.
 *
 * @param weight - [features out, features of input1, features of input2].
 * @example
 * ```ts
 * nn.functional.bilinear(randn(8, 4), randn(8, 5), randn(6, 4, 5)).shape; // [8, 6]
 * ```
 */
export const bilinear = defineCall<BilinearParameters>("bilinear")(
  ["input1", "input2", "weight", "bias?"],
  (input1, input2, weight, bias = null) => {
    const a = numericInput("bilinear", input1, "input1");
    const b = numericInput("bilinear", input2, "input2");
    const w = numericInput("bilinear", weight, "weight");
    const c = optionalValue("bilinear", bias, "bias");
    const rows = a.shape.slice(0, -1);
    const [, left, right] = w.shape;
    const fits =
      w.shape.length === 3 &&
      a.shape[a.shape.length - 1] === left &&
      b.shape[b.shape.length - 1] === right &&
      formatShape(rows) === formatShape(b.shape.slice(0, -1));
    if (!fits) {
      throw new ShapeError(
        `${named("bilinear")}: expected inputs [..., m] and [..., n] and a weight [k, m, n], ` +
          `got ${formatShape(a.shape)}, ${formatShape(b.shape)} and ${formatShape(w.shape)}`,
      );
    }
    const factors = productOperands([a, b, w]);
    const offset = c === null ? null : cast(c, factors[0].dtype);
    const [y] = overNumbers("bilinear", [...factors, offset], ([x1, x2, weights, shift]) => {
      const product = bilinearOf(x1 as Value, x2 as Value, weights as Value);
      return [shift === null ? product : add(product, shift)];
    });
    return new Tensor(y);
  },
);

/** [rows, left] x [left, outputs * right], then each row's [outputs, right] x [right]. */
function bilinearOf(a: Value, b: Value, weight: Value): Value {
  const [outputs, left, right] = weight.shape;
  const rows = a.shape.slice(0, -1);
  const count = numel(rows);
  const half = matmul(reshape(a, [count, left]), permuteWeight(weight));
  const product = matmul(reshape(half, [count, outputs, right]), reshape(b, [count, right, 1]));
  return reshape(product, [...rows, outputs]);
}

function permuteWeight(weight: Value): Value {
  const [outputs, left, right] = weight.shape;
  return reshape(permute(weight, [1, 0, 2]), [left, outputs * right]);
}
