/** Arguments that the functions of `nn.functional` share: sizes, optional tensors, unbatched inputs. */

import { isFloating } from "../../../base/dtype.ts";
import {
  ArgumentError,
  ConvoyantError,
  DTypeError,
  isNamed,
  nameError,
  ShapeError,
} from "../../../base/errors.ts";
import type { ByFlag, Call } from "../../../base/params/call_types.ts";
import { formatShape, type Shape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { currentLabel, type Value } from "../../../graph/node.ts";
import { requireSameDtype } from "../../../ops/core.ts";
import { cast } from "../../../ops/elementwise/elementwise.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { channelHint } from "../../../ops/shape_hints.ts";
import { type Tensor, valueOf } from "../../tensor.ts";

/** One number for all spatial dimensions, or one for each. */
export type Size = number | readonly number[];

/** The function and, inside of a layer, the layer's path: what a message begins with. */
export function named(of: string): string {
  const label = currentLabel();
  return label === "" ? of : `${of} (${label})`;
}

/** `count` integers of at least `least`, from one or as many. */
export function sizes(of: string, argument: string, given: unknown, count: number, least: number): number[] {
  const list = Array.isArray(given) ? given : [given];
  const whole = list.every((n) => Number.isInteger(n) && n >= least);
  if (!whole || (list.length !== 1 && list.length !== count)) {
    throw new ArgumentError(
      `${named(of)}: expected \`${argument}\` to be an integer of at least ${least}` +
        `${count > 1 ? ` or ${count} of them` : ""}, got ${shownText(given)}`,
    );
  }
  return list.length === count ? [...list] : new Array<number>(count).fill(list[0]);
}

/** One of a few words. */
export function oneOf<T extends string>(
  of: string,
  argument: string,
  given: unknown,
  words: readonly T[],
): T {
  if (words.includes(given as T)) return given as T;
  throw new ArgumentError(
    `${named(of)}: ${shownText(given)} is not a valid value for \`${argument}\`; expected ${words.map((w) => `"${w}"`).join(", ")}`,
  );
}

/** The value of a floating-point tensor. */
export function floatingInput(of: string, tensor: unknown, argument = "input"): Value {
  const value = valueOf(tensor, argument, named(of));
  if (isFloating(value.dtype)) return value;
  throw new DTypeError(
    `${named(of)}: expected \`${argument}\` of a floating-point dtype, got ${value.dtype} of shape ` +
      `${formatShape(value.shape)}; convert it with .to("float32")`,
  );
}

/** The value of a tensor of numbers, which may be integers. */
export function numericInput(of: string, tensor: unknown, argument = "input"): Value {
  const value = valueOf(tensor, argument, named(of));
  if (value.dtype !== "bool") return value;
  throw new DTypeError(
    `${named(of)}: expected \`${argument}\` to hold numbers, got bool of shape ${formatShape(value.shape)}; ` +
      `convert it with .to("float32")`,
  );
}

/**
 * Runs `body` on operands of one dtype. Integers pass through it as float64, which holds them exactly, and
 * the results are integers again, rounded towards 0.
 */
export function overNumbers(
  of: string,
  operands: readonly (Value | null)[],
  body: (operands: (Value | null)[]) => Value[],
): Value[] {
  const present = operands.filter((operand) => operand !== null);
  if (present.every((operand) => isFloating(operand.dtype))) return body([...operands]);
  const mixed = present.find((operand) => isFloating(operand.dtype));
  if (mixed !== undefined) {
    const integers = present.find((operand) => !isFloating(operand.dtype)) as Value;
    throw new DTypeError(
      `${named(of)}: expected operands of one floating-point dtype, got ${present.map((v) => v.dtype).join(", ")}; ` +
        `convert the ${integers.dtype} one of shape ${formatShape(integers.shape)} with .to("${mixed.dtype}")`,
    );
  }
  inNameOf(of, () => requireSameDtype(present));
  const { dtype } = present[0];
  const wide = operands.map((operand) => (operand === null ? null : cast(operand, "float64")));
  return body(wide).map((out) => (out.dtype === "float64" ? cast(out, dtype) : out));
}

/** The value of a tensor, or null if none was given. */
export function optionalValue(of: string, tensor: unknown, argument: string): Value | null {
  return tensor === null || tensor === undefined ? null : valueOf(tensor, argument, named(of));
}

/**
 * Runs `body` on an input [N, C, ...] with `spatial` dimensions behind the channels; an input without the
 * batch gets one of size 1, which the results lose again.
 */
export function withBatch(
  of: string,
  input: Value,
  spatial: number,
  body: (batched: Value) => Value[],
): Value[] {
  const rank = input.shape.length;
  if (rank === spatial + 2) return body(input);
  if (rank !== spatial + 1) {
    throw new ShapeError(wrongRank(of, input.shape, spatial));
  }
  return body(reshape(input, [1, ...input.shape])).map((out) => reshape(out, out.shape.slice(1)));
}

/** An input [N, C, ...] (or [C, ...]) must have the channels that a weight is for. */
export function requireInputChannels(
  of: string,
  { shape }: Value,
  weight: Value,
  spatial: number,
  channels: number,
  groups = 1,
): void {
  const rank = shape.length;
  if (rank !== spatial + 1 && rank !== spatial + 2) {
    throw new ShapeError(`${wrongRank(of, shape, spatial)}${channelHint(shape, channels, spatial)}`);
  }
  const own = shape[rank - spatial - 1];
  if (own === channels) return;
  const grouped = groups === 1 ? "" : ` (${groups} groups of ${channels / groups})`;
  throw new ShapeError(
    `${named(of)}: expected ${channels} input channels${grouped}, got ${own} in ${formatShape(shape)}; ` +
      `weight is ${formatShape(weight.shape)}${channelHint(shape, channels, spatial)}`,
  );
}

function wrongRank(of: string, shape: Shape, spatial: number): string {
  return (
    `${named(of)}: expected an input of ${spatial + 2} dimensions (or ${spatial + 1} without the batch), ` +
    `got ${formatShape(shape)}`
  );
}

/** [..., L] as [..., 1, L], for the functions over one spatial dimension. */
export function asFlatImage(value: Value): Value {
  const { shape } = value;
  return reshape(value, [...shape.slice(0, -1), 1, shape[shape.length - 1]]);
}

/** Undoes `asFlatImage`. */
export function fromFlatImage(value: Value): Value {
  const { shape } = value;
  return reshape(value, [...shape.slice(0, -2), shape[shape.length - 1]]);
}

/** Runs `body` so that what the ops in it complain about begins with the function that was called. */
export function inNameOf<T>(of: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ConvoyantError && (error.nameless || isNamed(error)))
      nameError(error, of, currentLabel());
    throw error;
  }
}

/** With `returnIndices` also the positions (int64) of the largest elements in their planes. */
export type MaybeIndices = Tensor | [Tensor, Tensor];

/** A call whose result depends on `returnIndices`. */
export function withIndices<
  Doc extends { returnIndices?: boolean },
  N extends readonly string[],
  P extends readonly unknown[],
>(call: Call<Doc, N, P, MaybeIndices>) {
  return call as ByFlag<Doc, "returnIndices", N, P, Tensor, [Tensor, Tensor]>;
}
