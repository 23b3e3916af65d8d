/** Checks of what transforms take: each gives the value as the description holds it, or throws an ArgumentError. */
import { ArgumentError, didYouMean } from "../../../base/errors.ts";
import { requireRange } from "../../../base/params/argument_kinds.ts";
import { shownText, shownValue } from "../../../base/shown_value.ts";
import type {
  Fill,
  ImagePadding,
  ImagePaddingMode,
  ImageSize,
  Range,
  ResizeInterpolation,
  WarpInterpolation,
} from "../transform_spec.ts";

/** One number for both, or height and width. */
export type SizeArgument = number | readonly number[];
/** One number for all sides; left/right and top/bottom; or left, top, right, bottom. */
export type PaddingArgument = number | readonly number[];
/** One value for all channels, or one for each; null is black, blended with the image at its edge. */
export type FillArgument = number | readonly number[] | null;

const PADDING_MODES: readonly ImagePaddingMode[] = ["constant", "edge", "reflect", "symmetric"];
const INTERPOLATIONS: readonly ResizeInterpolation[] = ["nearest", "nearest-exact", "bilinear", "bicubic"];
const WARP_INTERPOLATIONS: readonly WarpInterpolation[] = ["nearest", "bilinear"];

/** One number or a list of them, as a list. */
export function numbersOf(value: unknown, of: string, name: string): number[] {
  const list = typeof value === "number" ? [value] : value;
  if (!Array.isArray(list) || !list.every((n) => Number.isFinite(n))) {
    throw new ArgumentError(`${of}: expected ${name} to be numbers, got ${shownValue(value)}`);
  }
  return [...list] as number[];
}

export function sizeOf(value: unknown, of: string): ImageSize {
  const list = numbersOf(value, of, "size");
  if (list.length > 2 || list.length === 0 || !list.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ArgumentError(
      `${of}: expected size to be a positive integer or [height, width], got ${shownValue(value)}`,
    );
  }
  return [list[0], list[list.length - 1]];
}

export function paddingOf(value: unknown, of: string): ImagePadding {
  const list = numbersOf(value, of, "padding");
  if (![1, 2, 4].includes(list.length) || !list.every(Number.isInteger)) {
    throw new ArgumentError(`${of}: expected padding to be 1, 2 or 4 integers, got ${shownValue(value)}`);
  }
  const at = (i: number) => list[i % list.length];
  return [at(0), at(1), at(2), at(3)];
}

export function paddingModeOf(mode: unknown, of: string): ImagePaddingMode {
  return oneOf(mode, PADDING_MODES, of, "paddingMode");
}

/** For resizing; `"bilinear"` if nothing is given. */
export function interpolationOf(value: unknown, of: string): ResizeInterpolation {
  return oneOf(value, INTERPOLATIONS, of, "interpolation");
}

/** For rotations and other maps, as torchvision has them for tensors. */
export function warpInterpolationOf(value: unknown, of: string): WarpInterpolation {
  return oneOf(value, WARP_INTERPOLATIONS, of, "interpolation");
}

function oneOf<T extends string>(value: unknown, names: readonly T[], of: string, argument: string): T {
  if (names.includes(value as T)) return value as T;
  const hint = typeof value === "string" ? didYouMean(value, names) : "";
  throw new ArgumentError(
    `${of}: expected ${argument} to be one of ${names.join(", ")}, got ${shownText(value)}${hint}`,
  );
}

/** Two positive numbers in order. */
export function positiveRangeOf(value: unknown, of: string, name: string): Range {
  const list = Array.isArray(value) ? value : [];
  const [low, high] = list;
  if (list.length !== 2 || !list.every(Number.isFinite) || !(low > 0 && low <= high)) {
    throw new ArgumentError(
      `${of}: expected ${name} to be two positive numbers in order, got ${shownValue(value)}`,
    );
  }
  return [low, high];
}

/** Two numbers in order within bounds. */
export function rangeWithin(value: unknown, of: string, name: string, least: number, most: number): Range {
  const list = Array.isArray(value) ? value : [];
  const [low, high] = list;
  if (list.length !== 2 || !list.every(Number.isFinite) || !(low >= least && low <= high && high <= most)) {
    const within = Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`;
    throw new ArgumentError(
      `${of}: expected ${name} to be two numbers ${within} in order, got ${shownValue(value)}`,
    );
  }
  return [low, high];
}

/** Angles in degrees: one number x stands for -x to x, else pairs of lowest and highest. */
export function anglesOf(value: unknown, of: string, name: string, lengths: readonly number[]): number[] {
  if (typeof value === "number") {
    requireRange(of, name, value, (x) => Number.isFinite(x) && x >= 0, "a number of at least 0, or a list");
    return [-value, value];
  }
  const list = numbersOf(value, of, name);
  const ordered = list.every((n, i) => i % 2 === 0 || list[i - 1] <= n);
  if (lengths.includes(list.length) && ordered) return list;
  throw new ArgumentError(
    `${of}: expected ${name} to be a number or ${lengths.join(" or ")} numbers, lowest before highest, got ${shownValue(value)}`,
  );
}

export function probabilityOf(value: unknown, of: string): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw new ArgumentError(`${of}: expected p from 0 to 1, got ${shownValue(value)}`);
}

/** An integer from `least` to `most`. */
export function integerWithin(
  value: unknown,
  of: string,
  name: string,
  least: number,
  most = 2 ** 31,
): number {
  const range = most === 2 ** 31 ? `an integer of at least ${least}` : `an integer from ${least} to ${most}`;
  requireRange(of, name, value, (x) => Number.isInteger(x) && x >= least && x <= most, range);
  return value;
}

export function fillOf(value: unknown, of: string): Fill {
  if (value === null || (typeof value === "number" && Number.isFinite(value))) return value as Fill;
  if (Array.isArray(value) && value.length > 0) return numbersOf(value, of, "fill");
  throw new ArgumentError(
    `${of}: expected fill to be a number, a list with one for each channel, or null, got ${shownValue(value)}`,
  );
}

/** x and y in pixels from the upper left corner; null is the middle. */
export function centerOf(value: unknown, of: string): [number, number] | null {
  if (value === null) return null;
  const list = numbersOf(value, of, "center");
  if (list.length === 2) return [list[0], list[1]];
  throw new ArgumentError(`${of}: expected center to be [x, y] in pixels or null, got ${shownValue(value)}`);
}
