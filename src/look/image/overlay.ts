/** Heat maps as images. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { checkImage } from "../../io/images/check_image.ts";
import type { Image } from "../../records/image.ts";
import { finiteRange, type HeatMap, resizeHeatMap } from "../heat_map.ts";
import { type ColourMap, colourAt, viridis } from "./colour_maps.ts";

/** How numbers become colours. */
export interface ColourOptions {
  /** Default: `viridis`. */
  readonly colourMap?: ColourMap;
  /**
   * The numbers that the first and the last colour stand for. Default: from 0, or the lowest number if it is below, to
   * the highest; of a diverging map as far to one side of 0 as to the other.
   */
  readonly range?: readonly [low: number, high: number];
}

/** How a heat map is laid over an image. */
export interface OverlayOptions extends ColourOptions {
  /** How much of the heat map is seen, 0 to 1. Default 0.6. */
  readonly opacity?: number;
}

/** The numbers that the ends of a map stand for. */
export function colourRange(
  values: ArrayLike<number>,
  { colourMap = viridis, range }: ColourOptions = {},
): readonly [low: number, high: number] {
  if (range !== undefined) {
    if (range.length === 2 && range.every(Number.isFinite) && range[0] < range[1]) return range;
    throw new ArgumentError(
      `expected \`range\` to be two numbers, the lower first, got ${shownValue(range)}`,
    );
  }
  const [low, high] = finiteRange(values);
  const far = Math.max(Math.abs(low), Math.abs(high)) || 1;
  if (colourMap.diverging) return [-far, far];
  if (low < 0) return low === high ? [low, 0] : [low, high];
  return [0, high || 1];
}

/**
 * A heat map as an image of its own colours.
 *
 * @example
 * ```ts
 * import { colourize } from "convoyant/look";
 * const map = { width: 2, height: 1, values: Float32Array.of(0, 1) };
 * [...colourize(map).data]; // [68, 1, 84, 253, 231, 37]
 * ```
 */
export function colourize(map: HeatMap, options: ColourOptions = {}): Image {
  const { width, height, values } = map;
  const [low, high] = colourRange(values, options);
  const data = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++)
    data.set(colourAt(options.colourMap ?? viridis, (values[i] - low) / (high - low)), 3 * i);
  return { width, height, channels: 3, data };
}

/**
 * An image, in grey, with a heat map laid over it; the map is enlarged or shrunk to the image.
 *
 * @throws ArgumentError for an image whose data do not belong to its size, or an opacity outside of 0 to 1.
 * @example
 * ```ts
 * import { gradCam, overlay, shownInput } from "convoyant/look";
 * const net = models.lenet();
 * const input = rand(1, 1, 28, 28);
 * const image = overlay(await shownInput(input), await gradCam(net, input));
 * [image.width, image.channels]; // [28, 3]
 * ```
 */
export function overlay(image: Image, map: HeatMap, options: OverlayOptions = {}): Image {
  checkImage(image, "overlay");
  const { opacity = 0.6 } = options;
  if (!(opacity >= 0 && opacity <= 1))
    throw new ArgumentError(
      `overlay: expected \`opacity\` to be a number from 0 to 1, got ${shownValue(opacity)}`,
    );
  const { width, height, channels } = image;
  const { data } = colourize(resizeHeatMap(map, width, height), {
    ...options,
    range: options.range ?? colourRange(map.values, options),
  });
  for (let i = 0; i < width * height; i++) {
    const grey = greyOf(image.data, i * channels, channels);
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(grey + (data[3 * i + c] - grey) * opacity);
  }
  return { width, height, channels: 3, data };
}

/** The luma of a pixel (ITU-R BT.601). */
function greyOf(data: Uint8Array, at: number, channels: number): number {
  return channels === 1 ? data[at] : 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
}
