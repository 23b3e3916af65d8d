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
import { cutSlices, type Slices } from "../onednn_step.ts";
import { blocksPerImage } from "./convolution_blocks.ts";

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

/** Tiles that are transformed and multiplied at a time, of a number of images; `o`: output channels at a time. */
export function tilesAtOnce(convolution: WinogradConvolution, images: number, o = convolution.o): number {
  const { c, planes } = convolution;
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
  readonly bytes: number;
}

export function threadPlaces({ c, o, planes }: WinogradConvolution, tiles: number): ThreadPlaces {
  const layout = new ScratchLayout();
  const lines = layout.take(LINES_BYTES);
  const images = layout.take(planes * planeBytes(tiles * c));
  const results = layout.take(planes * planeBytes(tiles * o));
  return { lines, images, results, bytes: layout.bytes };
}

/** Bytes of the windows, [k, k, C, O], and behind them those of their planes. */
export function windowPlaces({ c, o, window, planes: count }: WinogradConvolution) {
  const layout = new ScratchLayout();
  const windows = layout.take(window * window * c * o * 4);
  const planes = layout.take(count * planeBytes(c * o));
  return { windows, planes, bytes: layout.bytes };
}

/** How a batch is cut for a convolution or its gradient by the input: into images, and into output channels. */
export interface WinogradCut {
  readonly slices: Slices;
  /** Output channels of a unit; the last one of a slice may have fewer. */
  readonly block: number;
  readonly blocks: number;
}

/** Tiles of a slice at least: products read all transformed windows of their channels, for one tile as for thirty. */
const CUT_TILES = 32;
/** Output channels of a unit at least, if there are as many. */
const CUT_OUTPUTS = 64;

/**
 * The cut, given the slices of the other algorithms: fewer if they have few tiles, each in blocks of output channels in their
 * place, so that there are about as many units for threads.
 */
export function winogradCut(op: string, g: ConvGeometry, slices: Slices): WinogradCut {
  const convolution = winogradConvolution(op, g);
  const { o } = convolution;
  const wanted = wantedSlices(convolution, slices, CUT_TILES);
  // A few images are cut within each of them.
  if (wanted === slices.count || blocksPerImage(g) > 1) return { slices, block: o, blocks: 1 };
  const large = cutSlices(g.n, wanted);
  const parts = Math.max(1, Math.floor(slices.count / large.count));
  const block = Math.min(o, Math.max(CUT_OUTPUTS, Math.ceil(o / parts / 16) * 16));
  return { slices: large, block, blocks: Math.ceil(o / block) };
}

/** Half as many slices as often as they have fewer tiles than this. */
function wantedSlices(convolution: WinogradConvolution, { count }: Slices, least: number): number {
  const tiles = tilesOf(convolution, convolution.n);
  let wanted = count;
  while (wanted > 1 && tiles < wanted * least) wanted /= 2;
  return wanted;
}

/** A thread's own scratch for a convolution or its gradient by the input. */
export function winogradThreadBytes(op: string, g: ConvGeometry, cut: WinogradCut): number {
  const convolution = winogradConvolution(op, g);
  return threadPlaces({ ...convolution, o: cut.block }, tilesAtOnce(convolution, cut.slices.size, cut.block))
    .bytes;
}

// The gradient by the weight.

/** Output channels of a unit: enough for the products, and few enough that a layer has several units. */
const BLOCK_OUTPUTS = 96;
/** Tiles of a slice at least: its sums are as large for one tile as for a thousand, and are gathered and added for each slice. */
const SLICE_TILES = 96;

/**
 * Slices for Winograd's algorithm, given those of the others: fewer if they have few tiles. The blocks of output channels
 * are units too, so that threads do not run out of work.
 */
export function winogradSlices(g: ConvGeometry, slices: Slices): Slices {
  return cutSlices(g.n, wantedSlices(forwardConvolution(g), slices, SLICE_TILES));
}

/** Places in a thread's own scratch for the gradient by the weight. */
export interface SumPlaces extends ThreadPlaces {
  /** Output channels of a block; the last one may have fewer. */
  readonly block: number;
  readonly blocks: number;
  /** Blocks of sums that are kept at a time, one behind the other. */
  readonly atOnce: number;
  readonly sums: number;
  readonly sumBytes: number;
  /** Tiles that are transformed and multiplied at a time. */
  readonly tiles: number;
}

/** @param images - of a slice. */
export function sumPlaces(convolution: WinogradConvolution, images: number): SumPlaces {
  const { c, o, planes } = convolution;
  const most = Math.max(16, Math.floor(SUM_BYTES / (planes * c * 4) / 16) * 16);
  const block = Math.min(o, most, Math.ceil(o / Math.max(1, Math.floor(o / BLOCK_OUTPUTS)) / 16) * 16);
  const blocks = Math.ceil(o / block);
  const tiles = tilesAtOnce(convolution, images, block);
  const sumBytes = planes * planeBytes(c * block);
  const atOnce = Math.min(blocks, Math.max(1, Math.floor(SUM_BYTES / sumBytes)));
  const places = threadPlaces({ ...convolution, o: block }, tiles);
  return {
    ...places,
    block,
    blocks,
    atOnce,
    sums: places.bytes,
    sumBytes,
    tiles,
    bytes: places.bytes + atOnce * sumBytes,
  };
}
