/** Layers that put a border around images. */

import { ArgumentError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py } from "../module/module_text.ts";

/** One width for all sides, or left, right, top, bottom. */
type Border =
  | number
  | readonly [left: number, right: number, top: number, bottom: number]
  | readonly number[];

/** What the padding layers take. */
export interface PaddingSettings {
  /** Width of the border in pixels: one number for all sides, or [left, right, top, bottom] ([left, right] for sequences). */
  padding: Border;
}

/** Before and behind each of `dims` dimensions, the last one first. */
function sides(name: string, dims: number, padding: Border): number[] {
  const all =
    typeof padding === "number"
      ? new Array<number>(2 * dims).fill(padding)
      : Array.isArray(padding)
        ? [...padding]
        : [];
  if (all.length !== 2 * dims || !all.every(Number.isInteger)) {
    throw new ArgumentError(
      `${name}: expected \`padding\` to be an integer or ${dims === 2 ? "[left, right, top, bottom]" : "[left, right]"}, got ${py(padding)}`,
    );
  }
  return all;
}

function paddingLayer(name: string, dims: number, mode: "constant" | "reflect" | "replicate" | "circular") {
  return defineLayer(
    parameterTable<PaddingSettings>(name)(["padding"], (padding) => ({
      padding: sides(name, dims, padding),
    })),
    {
      forward: ({ padding }, input: Tensor) => F.pad.direct(input, padding, mode),
      describe: (s) => py(s.padding),
    },
  );
}

/**
 * A border of zeros.
 *
 * @example
 * ```ts
 * nn.ZeroPad2d(2)(randn(8, 1, 28, 28)).shape; // [8, 1, 32, 32]
 * ```
 */
export const ZeroPad2d = paddingLayer("ZeroPad2d", 2, "constant");
export type ZeroPad2d = InstanceType<typeof ZeroPad2d>;
/**
 * Zeros before and behind a sequence.
 *
 * @example
 * ```ts
 * nn.ZeroPad1d(2)(randn(8, 1, 28)).shape; // [8, 1, 32]
 * ```
 */
export const ZeroPad1d = paddingLayer("ZeroPad1d", 1, "constant");
export type ZeroPad1d = InstanceType<typeof ZeroPad1d>;
/**
 * A border that mirrors the image, without its edge.
 *
 * @example
 * ```ts
 * nn.ReflectionPad2d([1, 0, 0, 0])(tensor([[[0.5, 2, 3]]])).tolist(); // [[[2, 0.5, 2, 3]]]
 * ```
 */
export const ReflectionPad2d = paddingLayer("ReflectionPad2d", 2, "reflect");
export type ReflectionPad2d = InstanceType<typeof ReflectionPad2d>;
/**
 * A sequence mirrored at its ends.
 *
 * @example
 * ```ts
 * nn.ReflectionPad1d([1, 0])(tensor([[0.5, 2, 3]])).tolist(); // [[2, 0.5, 2, 3]]
 * ```
 */
export const ReflectionPad1d = paddingLayer("ReflectionPad1d", 1, "reflect");
export type ReflectionPad1d = InstanceType<typeof ReflectionPad1d>;
/**
 * A border that repeats the image's edge.
 *
 * @example
 * ```ts
 * nn.ReplicationPad2d([1, 0, 0, 0])(tensor([[[0.5, 2]]])).tolist(); // [[[0.5, 0.5, 2]]]
 * ```
 */
export const ReplicationPad2d = paddingLayer("ReplicationPad2d", 2, "replicate");
export type ReplicationPad2d = InstanceType<typeof ReplicationPad2d>;
/**
 * A sequence whose ends are repeated.
 *
 * @example
 * ```ts
 * nn.ReplicationPad1d([1, 0])(tensor([[0.5, 2]])).tolist(); // [[0.5, 0.5, 2]]
 * ```
 */
export const ReplicationPad1d = paddingLayer("ReplicationPad1d", 1, "replicate");
export type ReplicationPad1d = InstanceType<typeof ReplicationPad1d>;
/**
 * A border from the other side of the image.
 *
 * @example
 * ```ts
 * nn.CircularPad2d([1, 0, 0, 0])(tensor([[[0.5, 2, 3]]])).tolist(); // [[[3, 0.5, 2, 3]]]
 * ```
 */
export const CircularPad2d = paddingLayer("CircularPad2d", 2, "circular");
export type CircularPad2d = InstanceType<typeof CircularPad2d>;
/**
 * A sequence that goes round.
 *
 * @example
 * ```ts
 * nn.CircularPad1d([1, 0])(tensor([[0.5, 2, 3]])).tolist(); // [[3, 0.5, 2, 3]]
 * ```
 */
export const CircularPad1d = paddingLayer("CircularPad1d", 1, "circular");
export type CircularPad1d = InstanceType<typeof CircularPad1d>;

/** What the layers that pad with a constant take. */
export interface ConstantPadSettings extends PaddingSettings {
  /** What stands in the border. */
  value: number;
}

function constantPadLayer(name: string, dims: number) {
  return defineLayer(
    parameterTable<ConstantPadSettings>(name)(["padding", "value"], (padding, value) => ({
      padding: sides(name, dims, padding),
      value,
    })),
    {
      forward: ({ padding, value }, input: Tensor) => F.pad.direct(input, padding, "constant", value),
      describe: (s) => `padding=${py(s.padding)}, value=${py(s.value)}`,
    },
  );
}

/**
 * A border of one number.
 *
 * @example
 * ```ts
 * nn.ConstantPad2d([1, 0, 0, 0], 9)(tensor([[[0.5, 2]]])).tolist(); // [[[9, 0.5, 2]]]
 * ```
 */
export const ConstantPad2d = constantPadLayer("ConstantPad2d", 2);
export type ConstantPad2d = InstanceType<typeof ConstantPad2d>;
/**
 * One number before and behind a sequence.
 *
 * @example
 * ```ts
 * nn.ConstantPad1d([1, 0], 9)(tensor([[0.5, 2]])).tolist(); // [[9, 0.5, 2]]
 * ```
 */
export const ConstantPad1d = constantPadLayer("ConstantPad1d", 1);
export type ConstantPad1d = InstanceType<typeof ConstantPad1d>;
