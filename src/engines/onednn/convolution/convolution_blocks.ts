/**
 * A convolution of a few images, cut within each image, so that there is work for every thread: into rows, or, if the
 * weights are larger than the image, into output channels, so that what is large is read once. The cut follows from the
 * sizes alone.
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

/** Into how many blocks each image is cut; 1 for not at all. */
export function blocksPerImage({ n, groups, c, o, oh, ow, kh, kw }: ConvGeometry): number {
  if (n >= MANY_IMAGES) return 1;
  const operations = 2 * groups * o * c * oh * ow * kh * kw;
  const depthwise = c === 1 && groups > 1;
  const worthIt = depthwise ? DEPTHWISE_OPERATIONS : BLOCK_OPERATIONS;
  if (operations < (depthwise ? FEWEST_DEPTHWISE_OPERATIONS : worthIt)) return 1;
  const wanted = Math.max(2, 2 ** Math.round(Math.log2(operations / worthIt)));
  return Math.min(wanted, MOST_PER_IMAGE, Math.floor(MOST_BLOCKS / n));
}

/** The blocks of each image; null if it stays whole. */
export function blocksOf(g: ConvGeometry): readonly Block[] | null {
  const wanted = blocksPerImage(g);
  if (wanted < 2) return null;
  const weights = g.c * g.o * g.kh * g.kw;
  const image = g.c * g.h * g.w;
  const byChannels = g.groups === 1 && weights > image;
  const channels = byChannels ? channelBlocks(g, Math.min(wanted, Math.floor(g.o / FEWEST_CHANNELS))) : null;
  return channels ?? rowBlocks(g, wanted);
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

function channelBlocks(g: ConvGeometry, wanted: number): readonly Block[] | null {
  if (wanted < 2) return null;
  const cuts = evenCuts(g.o, wanted, FEWEST_CHANNELS / 2);
  return cuts.slice(1).map((end, i) => {
    const channel = cuts[i];
    return { g: { ...g, n: 1, o: end - channel, pitch: g.o }, fromRow: 0, toRow: 0, channel };
  });
}

function rowBlocks(g: ConvGeometry, wanted: number): readonly Block[] | null {
  const cuts = evenCuts(g.oh, wanted);
  if (cuts.length < 3) return null;
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
