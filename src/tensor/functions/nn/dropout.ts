/** Dropout, inverted: what is kept is scaled up in training, so that nothing is to be done afterwards. */

import { ArgumentError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import type { Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, ge, mul, where } from "../../../ops/elementwise/elementwise.ts";
import { randomUniform } from "../../../ops/random.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { scalarValue } from "../../operands.ts";
import { drawKey } from "../../random_state.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { floatingInput, named } from "./arguments.ts";

export interface DropoutParameters extends InputParameter {
  /** Probability that an element becomes 0, from 0 to 1. @default 0.5 */
  p?: number;
  /** Whether this is training; in evaluation nothing is random and running statistics are used. @default true */
  training?: boolean;
  /** Whether the input itself is overwritten. @default false */
  inplace?: boolean;
}

const PARAMETERS = ["input", "p?", "training?:boolean", "inplace?:boolean"] as const;

/** What is drawn together: the shape of the mask, which broadcasts against the input. */
type MaskShape = (of: string, x: Value) => number[];

/** true (kept) with probability 1 - p, from the next draw of the default generator. */
function keepMask(_x: Value, shape: readonly number[], p: number): Value {
  return ge(randomUniform(drawKey(), shape), scalarValue(p, "float32"));
}

function define(name: string, maskShape: MaskShape) {
  return defineCall<DropoutParameters>(name)(
    PARAMETERS,
    (input, p = 0.5, training = true, inplace = false) => {
      const x = floatingInput(name, input);
      checkProbability(name, p);
      const shape = maskShape(name, x);
      if (!training || p === 0) return input;
      // p is an input of the program: another one at the next step finds the same program.
      const scale = scalarValue(p === 1 ? 0 : 1 / (1 - p), x.dtype);
      const y = where(keepMask(x, shape, p), mul(x, scale), constant(0, x.dtype));
      return inplace ? input.assign(y) : new Tensor(y);
    },
  );
}

function checkProbability(of: string, p: unknown): void {
  if (typeof p === "number" && p >= 0 && p <= 1) return;
  throw new ArgumentError(
    `${named(of)}: dropout probability has to be between 0 and 1, but got ${shownText(p)}`,
  );
}

/** One number for each channel: dimension 1, or 0 if the input has no batch (rank `spatial + 1`). */
function perChannel(spatial: number): MaskShape {
  return (of, x) => {
    const rank = x.shape.length;
    if (rank !== spatial + 1 && rank !== spatial + 2) {
      throw new ArgumentError(
        `${named(of)}: expected an input of ${spatial + 2} dimensions (or ${spatial + 1} without the batch), got ${formatShape(x.shape)}`,
      );
    }
    return x.shape.map((size, d) => (d < rank - spatial ? size : 1));
  };
}

/**
 * Sets each element to 0 with probability `p` and divides the others by 1 - p; nothing if `training` is
 * false. The mask comes from the default generator (`manualSeed`).
 *
 * Source: N. Srivastava et al., "Dropout", JMLR 2014.
 *
 * @throws ArgumentError for p outside 0 to 1.
 * @example
 * ```ts
 * nn.functional.dropout(ones(2, 3), 1.0).tolist(); // [[0, 0, 0], [0, 0, 0]]
 * nn.functional.dropout(ones(2), { p: 0.5, training: false }).tolist(); // [1, 1]
 * ```
 */
export const dropout = define("dropout", (_of, x) => [...x.shape]);

/**
 * Sets whole channels of [N, C, L] or [C, L] to 0; see `dropout`.
 *
 * @example
 * ```ts
 * nn.functional.dropout1d(randn(8, 3, 10), 0.2).shape; // [8, 3, 10]
 * ```
 */
export const dropout1d = define("dropout1d", perChannel(1));

/**
 * Sets whole channels of [N, C, H, W] or [C, H, W] to 0; see `dropout`.
 *
 * @example
 * ```ts
 * nn.functional.dropout2d(randn(8, 3, 5, 5), 0.2).shape; // [8, 3, 5, 5]
 * ```
 */
export const dropout2d = define("dropout2d", perChannel(2));

/**
 * Sets whole channels of [N, C, D, H, W] or [C, D, H, W] to 0; see `dropout`.
 *
 * @example
 * ```ts
 * nn.functional.dropout3d(randn(8, 3, 2, 5, 5), 0.2).shape; // [8, 3, 2, 5, 5]
 * ```
 */
export const dropout3d = define("dropout3d", perChannel(3));

/** SELU's limit for large negative numbers. */
const SATURATION = -1.7580993408473766;

function defineAlpha(name: string, maskShape: MaskShape) {
  return defineCall<DropoutParameters>(name)(
    PARAMETERS,
    (input, p = 0.5, training = false, inplace = false) => {
      checkProbability(name, p);
      if (!training || p === 0) return new Tensor(valueOf(input, "input", named(name)));
      const x = floatingInput(name, input);
      const scale = p === 1 ? 0 : 1 / Math.sqrt((1 - p) * (1 + p * SATURATION * SATURATION));
      const mask = keepMask(x, maskShape(name, x), p);
      const mixed = where(mask, x, constant(SATURATION, x.dtype));
      const y = add(mul(mixed, scalarValue(scale, x.dtype)), scalarValue(-scale * p * SATURATION, x.dtype));
      return inplace ? input.assign(y) : new Tensor(y);
    },
  );
}

/**
 * Dropout that keeps mean and variance of SELU's outputs. Off by default, as in PyTorch.
 *
 * Source: G. Klambauer et al., "Self-normalizing neural networks", 2017.
 *
 * @example
 * ```ts
 * nn.functional.alphaDropout(randn(8, 4), { p: 0.1, training: true }).shape; // [8, 4]
 * ```
 */
export const alphaDropout = defineAlpha("alphaDropout", (_of, x) => [...x.shape]);

/**
 * `alphaDropout` of whole channels.
 *
 * @example
 * ```ts
 * nn.functional.featureAlphaDropout(randn(8, 3, 5, 5), { p: 0.1, training: true }).shape; // [8, 3, 5, 5]
 * ```
 */
export const featureAlphaDropout = defineAlpha("featureAlphaDropout", (_of, x) =>
  x.shape.map((size, d) => (d < 2 ? size : 1)),
);
