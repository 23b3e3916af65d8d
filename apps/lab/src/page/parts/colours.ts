/** Numbers as colours: one hue for amounts, two hues around 0 for weights; on both grounds. */
import type { Grid } from "../../worker/protocol.ts";

/** "amount": from `least` (the ground) to `most`; "signed": 0 is the ground, blue below and orange above; "heat": see-through to warm. */
export interface Scale {
  readonly kind: "amount" | "signed" | "heat";
  readonly least: number;
  readonly most: number;
}

type Rgb = readonly [number, number, number];

const GROUND: readonly [light: Rgb, dark: Rgb] = [
  [247, 249, 251],
  [23, 28, 33],
];
const AMOUNT: readonly [light: Rgb, dark: Rgb] = [
  [12, 58, 122],
  [170, 214, 255],
];
const BELOW: readonly [light: Rgb, dark: Rgb] = [
  [20, 84, 170],
  [110, 178, 255],
];
const ABOVE: readonly [light: Rgb, dark: Rgb] = [
  [186, 78, 4],
  [255, 166, 92],
];

export function signedScale(values: ArrayLike<number>): Scale {
  let most = 0;
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) most = Math.max(most, Math.abs(values[i]));
  return { kind: "signed", least: -(most || 1), most: most || 1 };
}

export function amountScale(values: ArrayLike<number>): Scale {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  if (!(most > least))
    return { kind: "amount", least: Math.min(0, least || 0), most: Math.max(1, most || 0) };
  return { kind: "amount", least, most };
}

/** Levels of a value: red, green, blue and opacity, each 0 to 255. */
export function colourOf(value: number, scale: Scale, dark: boolean): [number, number, number, number] {
  const side = dark ? 1 : 0;
  if (!Number.isFinite(value)) return [190, 40, 60, 255];
  if (scale.kind === "heat") {
    const share = clamp((value - scale.least) / (scale.most - scale.least || 1));
    return [255, Math.round(215 * (1 - share) ** 0.8), 30, Math.round(215 * share ** 0.75)];
  }
  if (scale.kind === "signed") {
    const share = clamp(Math.abs(value) / (scale.most || 1)) ** 0.8;
    return mix(GROUND[side], (value < 0 ? BELOW : ABOVE)[side], share);
  }
  return mix(
    GROUND[side],
    AMOUNT[side],
    clamp((value - scale.least) / (scale.most - scale.least || 1)) ** 0.9,
  );
}

export function paintGrid(grid: Grid, scale: Scale, dark: boolean): ImageData {
  const pixels = new Uint8ClampedArray(grid.width * grid.height * 4);
  for (let i = 0; i < grid.width * grid.height; i++) pixels.set(colourOf(grid.values[i], scale, dark), 4 * i);
  return new ImageData(pixels, grid.width, grid.height);
}

/** Black or white, whichever is read better on a colour. */
export function inkOn([red, green, blue, opacity]: readonly number[], dark: boolean): string {
  if (opacity < 128) return dark ? "#fff" : "#000";
  const linear = (level: number) => ((level / 255 + 0.055) / 1.055) ** 2.4;
  const brightness = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return brightness > 0.19 ? "#000" : "#fff";
}

const clamp = (share: number) => Math.min(1, Math.max(0, share));

function mix(from: Rgb, to: Rgb, share: number): [number, number, number, number] {
  const level = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [level(0), level(1), level(2), 255];
}
