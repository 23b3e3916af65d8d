/**
 * Which convolutions Winograd's algorithm computes, and how: what can be decided from the sizes alone.
 */

import { ScratchLayout } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import {
  forwardConvolution,
  gradientConvolution,
  LINES_BYTES,
  planeBytes,
  tilesOf,
  type WinogradConvolution,
} from "../../cpu/shapes/winograd_tiles.ts";

/** Tiles of a chunk: enough for the products, and few enough for the caches. */
const LEAST_TILES = 64;
const MOST_TILES = 256;
const CHUNK_BYTES = 2 * 2 ** 20;
/** Of the sums of a gradient by the weight that one thread keeps at a time. */
const SUM_BYTES = 24 * 2 ** 20;

/** The convolution whose result one of the three ops computes, or, for the gradient by the weight, whose images it reads. */
export function winogradConvolution(op: string, g: ConvGeometry): WinogradConvolution {
  return op === "conv2dInputGradient" ? gradientConvolution(g) : forwardConvolution(g);
}

/** Tiles that are transformed and multiplied at a time, of a number of images. */
export function tilesAtOnce(convolution: WinogradConvolution, images: number): number {
  const { c, o, planes } = convolution;
  const cached = Math.floor(CHUNK_BYTES / (planes * (c + o) * 4));
  const most = Math.max(LEAST_TILES, Math.min(MOST_TILES, cached));
  const tiles = tilesOf(convolution, images);
  return Math.ceil(tiles / Math.ceil(tiles / most));
}

/** Places in a thread's own scratch. */
export interface ThreadPlaces {
  readonly lines: number;
  /** Transformed images and, by their side, results or their gradients. */
  readonly images: number;
  readonly results: number;
  /** Sums of a gradient by the weight, for a block of output channels. */
  readonly sums: number;
  readonly outputsAtOnce: number;
  readonly bytes: number;
}

export function threadPlaces(convolution: WinogradConvolution, tiles: number, sums: boolean): ThreadPlaces {
  const { c, o, planes } = convolution;
  const layout = new ScratchLayout();
  const outputsAtOnce = sums ? outputBlock(convolution) : o;
  const lines = layout.take(LINES_BYTES);
  const images = layout.take(planes * planeBytes(tiles * c));
  const results = layout.take(planes * planeBytes(tiles * outputsAtOnce));
  const kept = layout.take(sums ? planes * planeBytes(c * outputsAtOnce) : 0);
  return { lines, images, results, sums: kept, outputsAtOnce, bytes: layout.bytes };
}

/** A multiple of 16 output channels whose sums are no more than a thread keeps. */
function outputBlock({ c, o, planes }: WinogradConvolution): number {
  const blocks = Math.ceil((planes * c * o * 4) / SUM_BYTES);
  return Math.min(o, Math.ceil(o / blocks / 16) * 16);
}

/** Bytes of the windows, [k, k, C, O], and behind them those of their planes. */
export function windowPlaces({ c, o, window, planes: count }: WinogradConvolution) {
  const layout = new ScratchLayout();
  const windows = layout.take(window * window * c * o * 4);
  const planes = layout.take(count * planeBytes(c * o));
  return { windows, planes, bytes: layout.bytes };
}

/** A thread's own scratch for one of the three ops on a number of images at a time. */
export function winogradThreadBytes(op: string, g: ConvGeometry, images: number): number {
  const convolution = winogradConvolution(op, g);
  const tiles = tilesAtOnce(convolution, images);
  return threadPlaces(convolution, tiles, op === "conv2dWeightGradient").bytes;
}
