/** Layers that put a border around pictures. */
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { defineLayer, type Layer } from "./layer.ts";
import { py } from "./module_text.ts";

/** One width for all sides, or left, right, top, bottom. */
type Border =
  | number
  | readonly [left: number, right: number, top: number, bottom: number]
  | readonly number[];

export interface PaddingSettings {
  padding: Border;
}
type PaddingArguments = [padding: Border] | [options: PaddingSettings];

function fourSides(name: string) {
  return (settings: PaddingSettings) => {
    const { padding } = settings;
    const sides = typeof padding === "number" ? [padding, padding, padding, padding] : [...padding];
    if (sides.length !== 4 || !sides.every(Number.isInteger)) {
      throw new ArgumentError(
        `${name}: expected \`padding\` to be a whole number or [left, right, top, bottom], got ${py(padding)}`,
      );
    }
    settings.padding = sides;
  };
}

function paddingLayer(
  name: string,
  mode: "constant" | "reflect" | "replicate",
): Layer<PaddingArguments, PaddingSettings> {
  return defineLayer<PaddingArguments, PaddingSettings>(name, ["padding"], {
    prepare: fourSides(name),
    forward: ({ padding }, input: Tensor) => F.pad(input, padding as number[], { mode }),
    describe: (s) => py(s.padding),
  });
}

/** A border of zeros. */
export const ZeroPad2d = paddingLayer("ZeroPad2d", "constant");
export type ZeroPad2d = InstanceType<typeof ZeroPad2d>;
/** A border that mirrors the picture, without its edge. */
export const ReflectionPad2d = paddingLayer("ReflectionPad2d", "reflect");
export type ReflectionPad2d = InstanceType<typeof ReflectionPad2d>;
/** A border that repeats the picture's edge. */
export const ReplicationPad2d = paddingLayer("ReplicationPad2d", "replicate");
export type ReplicationPad2d = InstanceType<typeof ReplicationPad2d>;

export interface ConstantSettings extends PaddingSettings {
  value: number;
}
/** A border of one number. */
export const ConstantPad2d = defineLayer<
  | [padding: Border, value: number]
  | [padding: Border, options: { value: number }]
  | [options: ConstantSettings],
  ConstantSettings
>("ConstantPad2d", ["padding", "value"], {
  prepare: fourSides("ConstantPad2d"),
  forward: ({ padding, value }, input: Tensor) =>
    F.pad(input, padding as number[], { mode: "constant", value }),
  describe: (s) => `padding=${py(s.padding)}, value=${py(s.value)}`,
});
export type ConstantPad2d = InstanceType<typeof ConstantPad2d>;
