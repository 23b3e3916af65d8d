/** Contrast-limited adaptive histogram equalisation. */
import type { Image } from "../../records/image.ts";
import { integer, number, type OptionRules, readOptions } from "../option_checks.ts";
import { requireImage } from "./checked_image.ts";
import { roundToEven } from "./equalize_histogram.ts";
import { bytesOf } from "./grey_plane.ts";
import { reflected } from "./reflected.ts";

/** Options of {@link clahe}. */
export interface ClaheOptions {
  /** How many times its fair share of pixels a level may count for in a tile's histogram. Default 40. */
  clipLimit: number;
  /** Tiles side by side. Default 8. */
  tilesX: number;
  /** Tiles on top of each other. Default 8. */
  tilesY: number;
}

const RULES: OptionRules<ClaheOptions> = {
  clipLimit: number(40, 0, 65536, true),
  tilesX: integer(8, 1, 256),
  tilesY: integer(8, 1, 256),
};

/** An image of tiles, extended so that they divide it. */
interface Tiles {
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly tilesX: number;
  readonly tilesY: number;
}

/**
 * Equalises the histogram of each tile of an image, the counts of a level cut at the clip limit and what is cut off
 * spread over all levels; pixels between the centres of tiles interpolate bilinearly between the tables of four. A
 * colour image becomes grey first.
 *
 * Source: K. Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994; OpenCV's `CLAHE`,
 * whose bytes it gives.
 *
 * @returns a grey image.
 * @throws ArgumentError for what is not an image of 8 bits a channel, and for options outside their range.
 * @example
 * ```ts
 * import { clahe } from "convoyant/classic";
 * const image = { width: 4, height: 4, channels: 1, data: new Uint8Array(16).fill(100) } as const;
 * clahe(image, { clipLimit: 2, tilesX: 2, tilesY: 2 }).width; // 4
 * ```
 */
export function clahe(image: Image, options: Partial<ClaheOptions> = {}): Image {
  const { clipLimit, tilesX, tilesY } = readOptions("clahe", options, RULES);
  requireImage("clahe", image);
  const { width, height } = image;
  const grey = bytesOf(image);
  const fits = width % tilesX === 0 && height % tilesY === 0;
  const tiles: Tiles = {
    tilesX,
    tilesY,
    // As OpenCV extends: by a whole row or column of tiles' pixels on a side that fits while the other does not.
    tileWidth: (fits ? width : width + tilesX - (width % tilesX)) / tilesX,
    tileHeight: (fits ? height : height + tilesY - (height % tilesY)) / tilesY,
  };
  const tables = new Uint8Array(tilesX * tilesY * 256);
  const histogram = new Int32Array(256);
  const limit = Math.max(1, Math.floor((clipLimit * tiles.tileWidth * tiles.tileHeight) / 256));
  for (let tile = 0; tile < tilesX * tilesY; tile++) {
    countTile(grey, image, tiles, tile, histogram);
    clip(histogram, limit);
    writeTable(histogram, tiles, tables.subarray(tile * 256, tile * 256 + 256));
  }
  return { width, height, channels: 1, data: interpolated(grey, image, tiles, tables) };
}

function countTile(
  grey: Uint8Array,
  { width, height }: Image,
  tiles: Tiles,
  tile: number,
  histogram: Int32Array,
) {
  const { tileWidth, tileHeight, tilesX } = tiles;
  const left = (tile % tilesX) * tileWidth;
  const top = Math.floor(tile / tilesX) * tileHeight;
  histogram.fill(0);
  for (let y = top; y < top + tileHeight; y++) {
    const row = reflected(y, height) * width;
    for (let x = left; x < left + tileWidth; x++) histogram[grey[row + reflected(x, width)]]++;
  }
}

/** Cuts counts at the limit and gives every level the same share of the rest, the remainder in equal steps. */
function clip(histogram: Int32Array, limit: number): void {
  let clipped = 0;
  for (let level = 0; level < 256; level++) {
    if (histogram[level] <= limit) continue;
    clipped += histogram[level] - limit;
    histogram[level] = limit;
  }
  const share = Math.floor(clipped / 256);
  let residual = clipped - share * 256;
  for (let level = 0; level < 256; level++) histogram[level] += share;
  const step = residual === 0 ? 256 : Math.max(Math.floor(256 / residual), 1);
  for (let level = 0; level < 256 && residual > 0; level += step, residual--) histogram[level]++;
}

function writeTable(histogram: Int32Array, { tileWidth, tileHeight }: Tiles, table: Uint8Array): void {
  const scale = Math.fround(255 / (tileWidth * tileHeight));
  for (let level = 0, sum = 0; level < 256; level++) {
    sum += histogram[level];
    table[level] = roundToEven(Math.fround(sum * scale));
  }
}

function interpolated(
  grey: Uint8Array,
  { width, height }: Image,
  tiles: Tiles,
  tables: Uint8Array,
): Uint8Array {
  const { tileWidth, tileHeight, tilesX, tilesY } = tiles;
  const out = new Uint8Array(grey.length);
  const inverseWidth = Math.fround(1 / tileWidth);
  const inverseHeight = Math.fround(1 / tileHeight);
  const round = Math.fround;
  for (let y = 0; y < height; y++) {
    const ty = round(round(y * inverseHeight) - 0.5);
    const top = Math.floor(ty);
    const fy = round(ty - top);
    const upper = Math.max(top, 0) * tilesX * 256;
    const lower = Math.min(top + 1, tilesY - 1) * tilesX * 256;
    for (let x = 0; x < width; x++) {
      const tx = round(round(x * inverseWidth) - 0.5);
      const left = Math.floor(tx);
      const fx = round(tx - left);
      const level = grey[y * width + x];
      const west = Math.max(left, 0) * 256 + level;
      const east = Math.min(left + 1, tilesX - 1) * 256 + level;
      const above = round(round(tables[upper + west] * round(1 - fx)) + round(tables[upper + east] * fx));
      const below = round(round(tables[lower + west] * round(1 - fx)) + round(tables[lower + east] * fx));
      out[y * width + x] = roundToEven(round(round(above * round(1 - fy)) + round(below * fy)));
    }
  }
  return out;
}
