/**
 * Which convolutions Winograd's algorithm computes, and how: what can be decided from the sizes alone.
 *
 * Images are cut into tiles that overlap, of T by T pixels; each gives m by m values of the result for a kernel of k by
 * k, where m = T - k + 1. In place of k * k * m * m products for each pair of channels a tile takes T * T: with tiles of
 * six four times fewer for a 3x3 kernel, 2.8 times for a 5x5 one; with tiles of eight 6.3 times for a 5x5 one
 * (`assembly/winograd.ts`). Those of eight round more, and are taken for 5x5 kernels alone: a 3x3 one would save a fifth of
 * the products, if the images are large enough to fill them.
 */

import { ScratchLayout } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry, ImageSizes } from "../../cpu/shapes/conv_geometry.ts";

/** Rows and columns of a tile. */
type Tile = 6 | 8;
/** Of the products with tiles of six, what is left if tiles of eight are worth it. */
const WORTH_EIGHT = 2 / 3;
/** What a transform keeps between its two halves, as the kernels say. */
const LINES_BYTES = 19_456;
/** Channels below which the transforms take longer than the products that they save. */
const FEW_CHANNELS = 16;
/** Tiles of a chunk: enough for the products, and few enough for the caches. */
const LEAST_TILES = 64;
const MOST_TILES = 256;
const CHUNK_BYTES = 2 * 2 ** 20;
/** Of the sums of a gradient by the weight that one thread keeps at a time. */
const SUM_BYTES = 24 * 2 ** 20;

/** A convolution with a square window as Winograd's algorithm sees it: the one itself, or the one that gives dx from dy. */
export interface WinogradConvolution extends ImageSizes {
  readonly window: number;
  readonly padY: number;
  readonly padX: number;
  readonly tile: Tile;
  /** Pairs of points, each with its plane. */
  readonly planes: number;
  /** Rows and columns of the result that a tile gives. */
  readonly step: number;
  readonly tilesDown: number;
  readonly tilesAcross: number;
}

/** Whether it computes this convolution and both of its gradients. */
export function canWinograd(g: ConvGeometry): boolean {
  const { groups, c, o, kh, kw, sh, sw, ph, pw, dh, dw } = g;
  const dense = groups === 1 && sh * sw * dh * dw === 1;
  const window = kh === kw && (kh === 3 || kh === 5) && ph < kh && pw < kw;
  return dense && window && c % 4 === 0 && o % 4 === 0 && Math.min(c, o) >= FEW_CHANNELS;
}

/** The convolution whose result one of the three ops computes, or, for the gradient by the weight, whose images it reads. */
export function winogradConvolution(op: string, g: ConvGeometry): WinogradConvolution {
  return op === "conv2dInputGradient" ? gradientConvolution(g) : forwardConvolution(g);
}

export function forwardConvolution({ n, c, o, h, w, oh, ow, kh, ph, pw }: ConvGeometry): WinogradConvolution {
  return tiled({ n, c, o, h, w, oh, ow, window: kh, padY: ph, padX: pw });
}

/** dx is dy under the windows turned around, over as much padding as brings back the size. */
export function gradientConvolution(g: ConvGeometry): WinogradConvolution {
  const { n, c, o, h, w, oh, ow, kh, ph, pw } = g;
  const padding = { padY: kh - 1 - ph, padX: kh - 1 - pw };
  return tiled({ n, c: o, o: c, h: oh, w: ow, oh: h, ow: w, window: kh, ...padding });
}

type Sizes = Omit<WinogradConvolution, "tile" | "planes" | "step" | "tilesDown" | "tilesAcross">;

function tiled(sizes: Sizes): WinogradConvolution {
  if (sizes.window < 5) return withTile(sizes, 6);
  const [six, eight] = [withTile(sizes, 6), withTile(sizes, 8)];
  return productsOf(eight) <= WORTH_EIGHT * productsOf(six) ? eight : six;
}

function withTile(sizes: Sizes, tile: Tile): WinogradConvolution {
  const step = tile - sizes.window + 1;
  const [tilesDown, tilesAcross] = [Math.ceil(sizes.oh / step), Math.ceil(sizes.ow / step)];
  return { ...sizes, tile, planes: tile * tile, step, tilesDown, tilesAcross };
}

/** Products for each pair of channels and image. */
function productsOf({ planes, tilesDown, tilesAcross }: WinogradConvolution): number {
  return planes * tilesDown * tilesAcross;
}

/** Tiles of a number of images. */
export function tilesOf({ tilesDown, tilesAcross }: WinogradConvolution, images: number): number {
  return images * tilesDown * tilesAcross;
}

/** Tiles that are transformed and multiplied at a time, of a number of images. */
export function tilesAtOnce(convolution: WinogradConvolution, images: number): number {
  const { c, o, planes } = convolution;
  const cached = Math.floor(CHUNK_BYTES / (planes * (c + o) * 4));
  const most = Math.max(LEAST_TILES, Math.min(MOST_TILES, cached));
  const tiles = tilesOf(convolution, images);
  return Math.ceil(tiles / Math.ceil(tiles / most));
}

/**
 * Bytes from one plane to the next. An odd number of cache lines: planes that lie a multiple of 4096 bytes apart would
 * all want the same places of the nearest cache.
 */
export function planeBytes(floats: number): number {
  return (Math.ceil(floats / 16) | 1) * 64;
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
