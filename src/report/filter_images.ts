/** Convolution kernels as images. */
import { ArgumentError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Image } from "./image.ts";

/** Kernels of a convolution, as plain data. */
export interface Filters {
  /** Path of the layer. */
  readonly layer: string;
  /** Of `data`. */
  readonly shape: readonly [filters: number, channels: number, height: number, width: number];
  /** The weights. */
  readonly data: ArrayLike<number>;
}

/** How weights become grey levels or colours. */
export interface FilterImageOptions {
  /**
   * `"each"` (default): every image from its own lowest weight (black) to its highest (white); `"all"`: all on one scale,
   * on which 0 is the middle grey.
   */
  readonly scale?: "each" | "all";
}

/**
 * An image for each filter in colours if the filters have three channels, else an image in grey for each channel of each
 * filter.
 *
 * @throws ArgumentError for data that do not belong to the shape, or an unknown scale.
 * @example
 * ```ts
 * import { filterImages } from "convoyant/report";
 * const [image] = filterImages({ layer: "0", shape: [1, 1, 1, 3], data: [-1, 0, 3] });
 * [...image.data]; // [0, 64, 255]
 * ```
 */
export function filterImages(filters: Filters, { scale = "each" }: FilterImageOptions = {}): Image[] {
  const { shape, data } = filters;
  if (data.length !== shape.reduce((a, b) => a * b, 1))
    throw new ArgumentError(
      `filterImages: ${data.length} weights are not those of shape [${shape.join(", ")}]`,
    );
  if (scale !== "each" && scale !== "all")
    throw new ArgumentError(
      `filterImages: expected \`scale\` to be "each" or "all", got ${shownValue(scale)}`,
    );
  const [count, channels, height, width] = shape;
  const colours = channels === 3 ? 3 : 1;
  const plane = height * width;
  const far = farthest(data);
  return Array.from({ length: (count * channels) / colours }, (_, i) => {
    const first = i * colours * plane;
    const [low, high] = scale === "all" ? [-far, far] : range(data, first, first + colours * plane);
    const bytes = new Uint8Array(colours * plane);
    for (let at = 0; at < plane; at++)
      for (let c = 0; c < colours; c++)
        bytes[at * colours + c] = Math.round(255 * place(data[first + c * plane + at], low, high));
    return { width, height, channels: colours, data: bytes };
  });
}

/**
 * The size of the number that is farthest from 0.
 *
 * @example
 * ```ts
 * import { farthest } from "convoyant/report";
 * farthest([1, -3, 2]); // 3
 * ```
 */
export function farthest(data: ArrayLike<number>): number {
  const [low, high] = range(data, 0, data.length);
  return Math.max(Math.abs(low), Math.abs(high));
}

/** 0 to 1; all weights alike, or one that is not finite, are the middle. */
function place(value: number, low: number, high: number): number {
  const share = (value - low) / (high - low);
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0.5;
}

function range(data: ArrayLike<number>, from: number, to: number): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(data[i])) continue;
    low = Math.min(low, data[i]);
    high = Math.max(high, data[i]);
  }
  return [low, high];
}

/**
 * Images of one size as one, in rows, with a line of one pixel between them that is transparent.
 *
 * @throws ArgumentError for images of different sizes, or none.
 * @example
 * ```ts
 * import { tiled } from "convoyant/report";
 * const image = { width: 2, height: 2, channels: 1, data: new Uint8Array(4) } as const;
 * tiled([image, image, image], 2).width; // 5
 * ```
 */
export function tiled(images: readonly Image[], columns: number): Image {
  const [first] = images;
  if (
    first === undefined ||
    images.some(({ width, height }) => width !== first.width || height !== first.height)
  )
    throw new ArgumentError("tiled: expected images of one size");
  const across = Math.min(columns, images.length);
  const width = across * (first.width + 1) - 1;
  const height = Math.ceil(images.length / across) * (first.height + 1) - 1;
  const data = new Uint8Array(4 * width * height);
  images.forEach((image, i) => {
    const left = (i % across) * (first.width + 1);
    const top = Math.floor(i / across) * (first.height + 1);
    for (let y = 0; y < image.height; y++)
      for (let x = 0; x < image.width; x++)
        copyPixel(image, y * image.width + x, data, 4 * ((top + y) * width + left + x));
  });
  return { width, height, channels: 4, data };
}

function copyPixel({ channels, data }: Image, pixel: number, to: Uint8Array, at: number): void {
  const from = pixel * channels;
  for (let c = 0; c < 3; c++) to[at + c] = data[channels === 1 ? from : from + c];
  to[at + 3] = channels === 4 ? data[from + 3] : 255;
}
