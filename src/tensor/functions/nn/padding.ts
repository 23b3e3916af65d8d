/** Padding by a value, a mirror, the border or the other end. */

import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import type { Value } from "../../../graph/node.ts";
import { borderPad, constantPad } from "../../../ops/shape/padding.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { inNameOf, named, oneOf } from "./arguments.ts";

/** What is put around a tensor. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

export interface PadParameters extends InputParameter {
  /** Pairs (before, after), the last dimension first: [left, right, top, bottom]. Negative numbers cut off. */
  pad: readonly number[];
  /** What is added; see `PadMode`. @default "constant" */
  mode?: PadMode;
  /** The number that `"constant"` adds; null for 0. @default null */
  value?: number | null;
}

/**
 * The input with elements added at the ends of its last dimensions, or (negative numbers) cut off.
 *
 * @param pad - pairs (before, after), the last dimension first: [left, right, top, bottom].
 * @param mode - `"constant"` adds `value` (0 by default); `"reflect"` mirrors without the border itself,
 * `"replicate"` repeats the border, `"circular"` goes on at the other end.
 * @throws ShapeError if more is to be mirrored or carried on than is there.
 * @example
 * ```ts
 * nn.functional.pad(tensor([[1, 2]]), [1, 1], { value: 9 }).tolist(); // [[9, 1, 2, 9]]
 * nn.functional.pad(randn(8, 1, 28, 28), [2, 2, 2, 2], "reflect").shape; // [8, 1, 32, 32]
 * ```
 */
export const pad = defineCall<PadParameters>("pad")(
  ["input", "pad", "mode?", "value?:scalar|null"],
  (input, pad, mode = "constant", value = null) => {
    const x = valueOf(input, "input", named("pad"));
    const kind = oneOf("pad", "mode", mode, ["constant", "reflect", "replicate", "circular"]);
    const amounts = perDimension(pad, x);
    if (kind === "constant") return new Tensor(inNameOf("pad", () => constantPad(x, amounts, value ?? 0)));
    if (value !== null && value !== 0) {
      throw new ArgumentError(`${named("pad")}: Padding mode "${kind}" doesn't take in value argument`);
    }
    const padded = pad.length / 2;
    if (x.shape.length !== padded + 1 && x.shape.length !== padded + 2) {
      throw new ShapeError(
        `${named("pad")}: mode "${kind}" pads all dimensions behind batch and channels: expected an input of ` +
          `${padded + 1} or ${padded + 2} dimensions for ${pad.length} numbers, got ${formatShape(x.shape)}`,
      );
    }
    return new Tensor(
      inNameOf("pad", () => (kind === "circular" ? carriedOn(x, amounts) : borderPad(x, amounts, kind))),
    );
  },
);

/** What is cut off does not come back at the other end. */
function carriedOn(x: Value, amounts: readonly (readonly [number, number])[]): Value {
  const cropped = constantPad(
    x,
    amounts.map(([a, b]) => [Math.min(a, 0), Math.min(b, 0)]),
    0,
  );
  return borderPad(
    cropped,
    amounts.map(([a, b]) => [Math.max(a, 0), Math.max(b, 0)]),
    "circular",
  );
}

/** (before, after) for each dimension, outermost first, from a list that begins with the last dimension. */
function perDimension(given: unknown, x: Value): [number, number][] {
  const list = Array.isArray(given) ? given : [];
  const whole = Array.isArray(given) && list.length % 2 === 0 && list.every((n) => Number.isInteger(n));
  if (!whole || list.length > 2 * x.shape.length) {
    throw new ArgumentError(
      `${named("pad")}: expected \`pad\` to be an even number of integers, at most ${2 * x.shape.length} ` +
        `for ${formatShape(x.shape)}, got ${shownText(given)}`,
    );
  }
  const rank = x.shape.length;
  return x.shape.map((_, d) => {
    const at = 2 * (rank - 1 - d);
    return at < list.length ? [list[at], list[at + 1]] : [0, 0];
  });
}
