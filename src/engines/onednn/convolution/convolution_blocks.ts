/**
 * A convolution of a few images, cut within each image, so that there is work for every thread: into rows, or, if the
 * weights are much larger than the image, into output channels, so that what is large is read once. Whether it is cut
 * follows from the sizes alone; into how many blocks also from the number of threads, since the library is slower with small
 * blocks (EfficientNet-Lite0, one image, two threads: 7.2 ms with eight blocks, 7.0 ms with four, 6.8 ms with two). Only
 * where the library gives a number of the result the same bits in blocks of both sizes: so it does not depend on the threads.
 * (It adds a pixel's products in the same order in nearly all. Not in a 1x1 convolution of 96 to 24 channels with AVX-512.)
 */

import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";

/** A part of an image's convolution, as the convolution of one image that it is. */
export interface BlockGeometry extends ConvGeometry {
  /** Channels of the whole result: from one of its pixels to the next. */
  readonly pitch: number;
}

/** A part of an image's convolution, and where it begins. */
export interface Block {
  readonly g: BlockGeometry;
  /** The first row that it reads, the first that it writes, and the first output channel. */
  readonly fromRow: number;
  readonly toRow: number;
  readonly channel: number;
}

/** Images from which on each is work enough for itself. */
const MANY_IMAGES = 9;
/** Operations of a block, and blocks of all images. */
const BLOCK_OPERATIONS = 2e6;
/** Of a depthwise convolution, which has no product of many channels to be fast in; and from which on it is halved. */
const DEPTHWISE_OPERATIONS = 7e5;
const FEWEST_DEPTHWISE_OPERATIONS = 3e5;
const MOST_BLOCKS = 16;
const MOST_PER_IMAGE = 8;
/** Output channels of a block: whole vectors, and enough of them that the image is not read for a few. */
const FEWEST_CHANNELS = 32;

/**
 * Few rows cannot be dealt out equally, so that larger weights suffice for blocks of channels; else they must be this many times as
 * large as the image, whose rows the next layer finds in its thread's cache. (14x14 images, 112 to 672 channels: 3 times.)
 */
const FEW_ROWS = 8;
const LARGER_WEIGHTS = 6;

/** Into how many blocks each image can be cut; 1 for not at all. */
export function blocksPerImage({ n, groups, c, o, oh, ow, kh, kw }: ConvGeometry): number {
  if (n >= MANY_IMAGES) return 1;
  const operations = 2 * groups * o * c * oh * ow * kh * kw;
  const depthwise = c === 1 && groups > 1;
  const worthIt = depthwise ? DEPTHWISE_OPERATIONS : BLOCK_OPERATIONS;
  if (operations < (depthwise ? FEWEST_DEPTHWISE_OPERATIONS : worthIt)) return 1;
  const wanted = Math.max(2, 2 ** Math.round(Math.log2(operations / worthIt)));
  return Math.min(wanted, MOST_PER_IMAGE, Math.floor(MOST_BLOCKS / n));
}

/** Ways to cut each image. */
export interface Cuts {
  /** The fewest blocks that give each thread an equal share. */
  readonly fewest: readonly Block[];
  readonly finest: readonly Block[];
}

/** For this many threads; null if the images stay whole whatever their number. */
export function cutsOf(g: ConvGeometry, threads: number): Cuts | null {
  const finest = finestBlocks(g);
  const fewest = finest && cutInto(g, Math.min(finest.length, blocksFor(g.n, threads)));
  return fewest && { fewest, finest };
}

/** As many as there can be: those that take most scratch. */
export function finestBlocks(g: ConvGeometry): readonly Block[] | null {
  const most = blocksPerImage(g);
  const blocks = most > 1 ? cutInto(g, most) : null;
  return blocks !== null && blocks.length > 1 ? blocks : null;
}

function cutInto(g: ConvGeometry, wanted: number): readonly Block[] | null {
  const weights = g.c * g.o * g.kh * g.kw;
  const image = g.c * g.h * g.w;
  const worthIt = weights > (g.oh < FEW_ROWS ? 1 : LARGER_WEIGHTS) * image;
  const byChannels = g.groups === 1 && worthIt && g.o >= 2 * FEWEST_CHANNELS;
  return byChannels
    ? channelBlocks(g, Math.min(wanted, Math.floor(g.o / FEWEST_CHANNELS)))
    : rowBlocks(g, wanted);
}

/** Blocks of an image that give each thread an equal share; if their number is not a power of two, as many as there can be. */
function blocksFor(images: number, threads: number): number {
  if (images % threads === 0) return 1;
  return Number.isInteger(Math.log2(threads)) ? threads : MOST_PER_IMAGE;
}

/**
 * Where at most `wanted` parts of `total` begin, and the end. Their number is a power of two, and they are as equal as
 * multiples of `grain` can be, so that two or four threads have equal shares: five parts of 32 channels take two threads
 * as long as six.
 */
function evenCuts(total: number, wanted: number, grain = 1): readonly number[] {
  const grains = Math.ceil(total / grain);
  const parts = 2 ** Math.floor(Math.log2(Math.min(wanted, grains)));
  return Array.from({ length: parts + 1 }, (_, i) =>
    Math.min(total, Math.floor((grains * i) / parts) * grain),
  );
}

function channelBlocks(g: ConvGeometry, wanted: number): readonly Block[] {
  const cuts = evenCuts(g.o, wanted, FEWEST_CHANNELS / 2);
  return cuts.slice(1).map((end, i) => {
    const channel = cuts[i];
    return { g: { ...g, n: 1, o: end - channel, pitch: g.o }, fromRow: 0, toRow: 0, channel };
  });
}

function rowBlocks(g: ConvGeometry, wanted: number): readonly Block[] | null {
  const cuts = evenCuts(g.oh, wanted);
  const blocks: Block[] = [];
  for (const [i, first] of cuts.slice(0, -1).entries()) {
    const oh = cuts[i + 1] - first;
    const top = first * g.sh - g.ph;
    const reached = top + (oh - 1) * g.sh + (g.kh - 1) * g.dh + 1;
    const [fromRow, end] = [Math.max(0, top), Math.min(g.h, reached)];
    // Nothing but padding.
    if (end <= fromRow) return null;
    const part = { ...g, n: 1, oh, h: end - fromRow, ph: fromRow - top, bottom: reached - end };
    blocks.push({ g: { ...part, pitch: g.o * g.groups }, fromRow, toRow: first, channel: 0 });
  }
  return blocks;
}

/** What tells the blocks of an image apart for a kernel. */
export function blockKey({ g: { h, oh, ph, bottom, o } }: Block): string {
  return [h, oh, ph, bottom, o].join(" ");
}
