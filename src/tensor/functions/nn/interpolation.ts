/** Resizing of images, sequences and volumes. */
import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, cast, floorOp, maximumOp, minimumOp } from "../../../ops/elementwise/elementwise.ts";
import { type ResampleAxis, type ResampleRule, resample } from "../../../ops/nn/interpolation.ts";
import { adaptiveAvgPool2dOp } from "../../../ops/nn/pooling.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import {
  asFlatImage,
  floatingInput,
  fromFlatImage,
  named,
  numericInput,
  oneOf,
  overNumbers,
} from "./arguments.ts";

/** How elements between those of the input are found. */
export type InterpolationMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "bicubic"
  | "trilinear"
  | "area";

/** One number for all spatial dimensions, or one for each. */
type PerDimension = number | readonly number[] | null;

export interface InterpolateParameters {
  /** [N, C, ...] with one to three spatial dimensions. */
  input: Tensor;
  /** The size afterwards in pixels; null when `scaleFactor` is given. @default null */
  size?: PerDimension;
  /** What the size is multiplied by (rounded down); null when `size` is given. @default null */
  scaleFactor?: PerDimension;
  /** How elements between those of the input are found. @default "nearest" */
  mode?: InterpolationMode;
  /** Whether the corner pixels' centres stay where they are (linear and cubic modes); null for false. @default null */
  alignCorners?: boolean | null;
  /** Whether the ratio of the sizes is used instead of the given factor; null for false. @default null */
  recomputeScaleFactor?: boolean | null;
  /** Whether the kernel is widened when the image shrinks (bilinear and bicubic). @default false */
  antialias?: boolean;
}

const MODES = ["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"] as const;
/** Spatial dimensions that a mode is for; absent if it is for any number. */
const SPATIAL: Partial<Record<InterpolationMode, number>> = {
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
};

/**
 * Resizes the dimensions behind the channels.
 *
 * @param input - [N, C, ...] with one to three spatial dimensions; also of bytes (uint8) if the mode is a
 * nearest one, `"bilinear"` or `"bicubic"`.
 * @param size - the size afterwards; or give
 * @param scaleFactor - what the size is multiplied by (rounded down).
 * @param mode - `"nearest"` by default; `"linear"`, `"bilinear"`, `"trilinear"` and `"bicubic"` by the number
 * of spatial dimensions, `"area"` is `adaptiveAvgPool2d`.
 * @param alignCorners - the corner pixels' centres stay where they are (linear and cubic modes).
 * @param recomputeScaleFactor - uses the ratio of the sizes instead of the given factor.
 * @param antialias - widens the kernel when the image shrinks (bilinear and bicubic).
 * @throws ArgumentError if neither or both of `size` and `scaleFactor` are given.
 * @example
 * ```ts
 * const images = randn(8, 3, 28, 28);
 * nn.functional.interpolate(images, { size: [224, 224], mode: "bilinear" }).shape; // [8, 3, 224, 224]
 * nn.functional.interpolate(images, { scaleFactor: 2 }).shape; // [8, 3, 56, 56]
 * ```
 */
export const interpolate = defineCall<InterpolateParameters>("interpolate")(
  [
    "input",
    "size?:integers|null",
    "scaleFactor?",
    "mode?",
    "alignCorners?:boolean|null",
    "recomputeScaleFactor?:boolean|null",
    "antialias?:boolean",
  ],
  (
    input,
    size = null,
    scaleFactor = null,
    mode = "nearest",
    alignCorners = null,
    recomputeScaleFactor = null,
    antialias = false,
  ) => {
    const of = named("interpolate");
    const kind = oneOf("interpolate", "mode", mode, MODES);
    const copies = kind === "nearest" || kind === "nearest-exact";
    const bytes = isImageOfBytes(input, kind);
    const x = (copies || bytes ? numericInput : floatingInput)("interpolate", input);
    const spatial = x.shape.length - 2;
    if (spatial < 1 || spatial > 3 || (SPATIAL[kind] ?? spatial) !== spatial) {
      const rank = SPATIAL[kind] === undefined ? "3 to 5" : `${SPATIAL[kind] + 2}`;
      throw new ShapeError(
        `${of}: mode "${kind}" expects an input of ${rank} dimensions, [N, C, ...], got ${formatShape(x.shape)}`,
      );
    }
    if (alignCorners !== null && SPATIAL[kind] === undefined) {
      throw new ArgumentError(
        `${of}: align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear, got "${kind}"`,
      );
    }
    if (antialias && kind !== "bilinear" && kind !== "bicubic") {
      throw new ArgumentError(
        `${of}: Anti-alias option is only supported for bilinear and bicubic modes, got "${kind}"`,
      );
    }
    const target = targetSize(of, x, size, scaleFactor, recomputeScaleFactor);
    if (kind === "area") return new Tensor(areaOf(x, target.size));
    const axes = target.size.map((n, d) =>
      axisOf(x.shape[d + 2], n, target.factors?.[d], alignCorners ?? false),
    );
    const rule = {
      kind: tapsOf(kind),
      alignCorners: alignCorners ?? false,
      antialias: Boolean(antialias),
      axes,
    };
    if (bytes) return new Tensor(resampledBytes(x, rule));
    const [y] = overNumbers("interpolate", [x], ([image]) => [resample(image as Value, rule)]);
    return new Tensor(y);
  },
);

function isImageOfBytes(input: unknown, kind: InterpolationMode): boolean {
  return input instanceof Tensor && input.dtype === "uint8" && (kind === "bilinear" || kind === "bicubic");
}

/** Rows first, then columns, rounded to bytes after each: as Pillow has it, and PyTorch for bytes. */
function resampledBytes(x: Value, rule: ResampleRule): Value {
  const like = (value: number): Value => constant(value, "float64");
  let image = cast(x, "float64");
  for (const d of [1, 0]) {
    const axes = rule.axes.map((axis, i) => (i === d ? axis : { size: image.shape[i + 2], scale: 1 }));
    const rounded = emit(floorOp, [add(resample(image, { ...rule, axes }), like(0.5))]);
    image = emit(minimumOp, [emit(maximumOp, [rounded, like(0)]), like(255)]);
  }
  return cast(image, "uint8");
}

function tapsOf(kind: InterpolationMode): ResampleRule["kind"] {
  if (kind === "nearest" || kind === "nearest-exact") return kind;
  return kind === "bicubic" ? "cubic" : "linear";
}

/** The scale is the given factor's inverse if there is one, else the ratio of the sizes. */
function axisOf(from: number, to: number, factor: number | undefined, alignCorners: boolean): ResampleAxis {
  if (alignCorners) return { size: to, scale: to > 1 ? (from - 1) / (to - 1) : 0 };
  return { size: to, scale: factor === undefined ? from / to : 1 / factor };
}

function targetSize(
  of: string,
  x: Value,
  size: PerDimension,
  scaleFactor: PerDimension,
  recomputeScaleFactor: boolean | null,
): { size: number[]; factors?: number[] } {
  const plane = x.shape.slice(2);
  if ((size === null) === (scaleFactor === null)) {
    throw new ArgumentError(
      `${of}: ${size === null ? "either size or scaleFactor should be defined" : "only one of size or scaleFactor should be defined"}`,
    );
  }
  if (size !== null) {
    if (recomputeScaleFactor)
      throw new ArgumentError(`${of}: recomputeScaleFactor is not meaningful with an explicit size`);
    const list = perDimension(of, "size", size, plane.length);
    if (list.some((n) => !Number.isInteger(n)))
      throw new ArgumentError(`${of}: expected \`size\` in integers, got ${shownText(size)}`);
    return { size: positive(of, x, list) };
  }
  const factors = perDimension(of, "scaleFactor", scaleFactor, plane.length);
  const scaled = positive(
    of,
    x,
    plane.map((n, d) => Math.floor(n * factors[d])),
  );
  return recomputeScaleFactor ? { size: scaled } : { size: scaled, factors };
}

function perDimension(of: string, argument: string, given: unknown, count: number): number[] {
  const list = Array.isArray(given) ? given : new Array(count).fill(given);
  if (list.length === count && list.every((n) => Number.isFinite(n))) return list;
  throw new ArgumentError(
    `${of}: expected \`${argument}\` to be a number or ${count} of them, got ${shownText(given)}`,
  );
}

function positive(of: string, x: Value, size: number[]): number[] {
  if ([...size, ...x.shape.slice(2)].every((n) => n > 0)) return size;
  throw new ShapeError(
    `${of}: Input and output sizes should be greater than 0, got ${formatShape(x.shape)} to ${formatShape(size)}`,
  );
}

function areaOf(x: Value, size: number[]): Value {
  if (size.length === 3) return areaOfVolume(x, size);
  if (size.length === 2) return emit(adaptiveAvgPool2dOp, [x], { outputSize: size });
  return fromFlatImage(emit(adaptiveAvgPool2dOp, [asFlatImage(x)], { outputSize: [1, ...size] }));
}

/** Means over boxes: over the depth first, then over height and width. */
function areaOfVolume(x: Value, [depth, height, width]: number[]): Value {
  const [n, c, d, h, w] = x.shape;
  const columns = reshape(x, [n, c, d, h * w]);
  const layers = emit(adaptiveAvgPool2dOp, [columns], { outputSize: [depth, h * w] });
  const images = reshape(layers, [n, c * depth, h, w]);
  const out = emit(adaptiveAvgPool2dOp, [images], { outputSize: [height, width] });
  return reshape(out, [n, c, depth, height, width]);
}
