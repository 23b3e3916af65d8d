/**
 * The gradient of conv2d by a weight, by Winograd's algorithm, of many channels: the sums of a thread would not
 * stay in its caches (conv_winograd_weight.ts has the others): the threads share one copy of them, so that nothing is
 * transformed twice.
 *
 * The batch is taken in slices of a few hundred tiles, as many as a GEMM sums up without leaving the first cache. Of each
 * a stage transforms x and dy, block by block, and lays them out for the GEMMs; in the next stage a unit is the GEMM of
 * one plane, added to the sums of the slices before. A last stage gathers the sums of some input channels, and turns the
 * windows over.
 */
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { LINES_BYTES, planeBytes, type WinogradConvolution } from "../../cpu/shapes/winograd_tiles.ts";
import { analyseItem, CACHED_ROWS, evaluateItem, type Items, tilesOfItem } from "./conv_winograd.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Tiles of a slice, and bytes of what is laid out for its GEMMs, about. */
const SLICE_TILES = 320;
const SLICE_BYTES = 32 * 2 ** 20;
/** Bytes of a block's transformed tiles, and the fewest tiles if channels are many. */
const BLOCK_BYTES = 512 * 1024;
const FEWEST_TILES = 16;
/** Bytes of the windows that are gathered at a time. */
const WINDOWS_BYTES = 256 * 1024;

interface WeightGradient {
  readonly convolution: WinogradConvolution;
  /** How a slice is cut for the transforms. */
  readonly items: Items;
  readonly itemsPerSlice: number;
  /** Images of a slice. */
  readonly images: number;
  /** Output channels in whole panels of 8. */
  readonly outputs: number;
  /** Input channels whose windows are gathered at a time. */
  readonly channels: number;
  /** Bytes from one plane to the next: of x, of dy, of the sums. */
  readonly xPlane: number;
  readonly dyPlane: number;
  readonly sumPlane: number;
  /** In the scratch space that threads share. */
  readonly shared: { readonly x: number; readonly dy: number; readonly sums: number };
  /** In each thread's own. */
  readonly place: {
    readonly lines: number;
    readonly input: number;
    readonly tiles: number;
    readonly windows: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segment: number;
    readonly mask: number;
  };
}

/** The plan of the gradient of this convolution. */
export function planWeightGradientShared(convolution: WinogradConvolution): KernelPlan {
  const { n, c, o, w, ow, planes, window, step, tile, tilesDown, tilesAcross } = convolution;
  const outputs = roundUp(o, TILE_COLUMNS);
  const most = Math.max(c, outputs);
  const items = cutBlocks(convolution, most);
  const perImage = tilesDown * tilesAcross;
  const bytes = n * perImage * planes * (c + outputs) * 4;
  const slices = Math.ceil(Math.max((n * perImage) / SLICE_TILES, bytes / SLICE_BYTES));
  const images = Math.min(n, roundUp(Math.ceil(n / slices), items.images));
  const { size: channels } = split(c, Math.ceil((window * window * c * outputs * 4) / WINDOWS_BYTES));
  const itemTiles = items.images * items.rows * tilesAcross;
  const inputRows = (items.rows - 1) * step + tile;
  const [shared, own] = [new ScratchLayout(), new ScratchLayout()];
  const [xPlane, dyPlane] = [planeBytes(images * perImage * c), planeBytes(images * perImage * outputs)];
  const sumPlane = planeBytes(c * outputs);
  const gradient: WeightGradient = {
    convolution,
    items,
    itemsPerSlice: Math.ceil(images / items.images) * items.blocks,
    images,
    outputs,
    channels,
    xPlane,
    dyPlane,
    sumPlane,
    shared: {
      x: shared.take(planes * xPlane),
      dy: shared.take(planes * dyPlane),
      sums: shared.take(planes * sumPlane),
    },
    place: {
      lines: own.take(LINES_BYTES),
      // Of x or of dy.
      input: own.take(items.images * Math.max(inputRows * w * c, items.rows * step * ow * o) * 4),
      tiles: own.take(planes * planeBytes(itemTiles * most)),
      windows: own.take(window * window * channels * outputs * 4),
      aRows: own.take(c * 4),
      cRows: own.take(c * 4),
      segment: own.take(8),
      mask: own.take(32),
    },
  };
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    for (let first = 0; first < n; first += images) stages.push(...sliceStages(gradient, first));
    stages.push(gatherStage(gradient));
  }
  return { stages, scratchBytes: shared.bytes, threadScratchBytes: own.bytes, late: true };
}

/** Blocks of tile rows of an image, or of whole images if they are small. */
function cutBlocks({ n, planes, tilesDown, tilesAcross }: WinogradConvolution, channels: number): Items {
  const most = Math.max(FEWEST_TILES, Math.floor(BLOCK_BYTES / (planes * channels * 4)));
  const wanted = Math.max(1, Math.floor(most / tilesAcross));
  const { units: blocks, size: rows } = split(tilesDown, Math.ceil(tilesDown / wanted));
  return { rows, blocks, images: blocks > 1 ? 1 : Math.min(n, Math.ceil(wanted / tilesDown)) };
}

/** What is done with the slice that begins with image `first`: its transforms, then its products. */
function sliceStages(gradient: WeightGradient, first: number): KernelStage[] {
  const { convolution, items, itemsPerSlice, images, shared, place, outputs } = gradient;
  const { n, c, planes, tilesDown, tilesAcross } = convolution;
  const count = Math.min(images, n - first);
  const tiles = count * tilesDown * tilesAcross;
  const blocks = Math.ceil(count / items.images) * items.blocks;
  const firstItem = (first / images) * itemsPerSlice;
  const transforms: KernelStage = {
    units: 2 * blocks,
    run(exports, addresses, begin, end) {
      for (let unit = begin; unit < end; unit++) {
        const lay = unit < blocks ? layInput : layOutput;
        lay(exports, gradient, addresses, firstItem + (unit % blocks), first, tiles);
      }
    },
  };
  const products: KernelStage = {
    units: planes,
    run(exports, { scratch, threadScratch: own }, begin, end) {
      exports.maskLanes(own + place.mask, TILE_COLUMNS);
      exports.segmentTable(own + place.segment, 1, 1, tiles, 0, 0);
      exports.gridTable(own + place.aRows, 1, c, 0, tiles * 4, 0, 0, 0);
      exports.gridTable(own + place.cRows, 1, c, 0, outputs * 4, 0, 0, 0);
      const chunk = Math.max(1, Math.floor(CACHED_ROWS / (TILE_ROWS * tiles * 4)));
      for (let p = begin; p < end; p++) {
        exports.product(
          ...[c / TILE_ROWS, chunk, own + place.aRows, scratch + shared.x + p * gradient.xPlane],
          ...[own + place.segment, 1, scratch + shared.dy + p * gradient.dyPlane, tiles * 32],
          ...[outputs / TILE_COLUMNS, own + place.cRows, scratch + shared.sums + p * gradient.sumPlane],
          ...[0, 0, first > 0 ? own + place.mask : 0],
        );
      }
    },
  };
  return [transforms, products];
}

type Lay = (
  exports: KernelExports,
  gradient: WeightGradient,
  addresses: KernelAddresses,
  item: number,
  /** The first image of the slice, and the slice's tiles. */
  first: number,
  tiles: number,
) => void;

/** Transforms an item of x, and lays it out as rows of tiles. */
const layInput: Lay = (exports, gradient, addresses, item, first, sliceTiles) => {
  const { convolution, items, place, shared, xPlane } = gradient;
  const { c, planes, tilesDown, tilesAcross } = convolution;
  const own = addresses.threadScratch;
  const found = tilesOfItem(convolution, items, item);
  const plane = planeBytes(found.tiles * c);
  analyseItem(exports, convolution, found, addresses, place, plane);
  const skipped = ((found.firstImage - first) * tilesDown + found.firstRow) * tilesAcross;
  const to = addresses.scratch + shared.x + skipped * 4;
  for (let p = 0; p < planes; p++) {
    const from = own + place.tiles + p * plane;
    exports.transpose(from, c * 4, to + p * xPlane, sliceTiles * 4, found.tiles, c);
  }
};

/** Transforms an item of dy, and lays it out as panels of 8 channels. */
const layOutput: Lay = (exports, gradient, addresses, item, first, sliceTiles) => {
  const { convolution, items, place, shared, dyPlane } = gradient;
  const { o, planes, tilesDown, tilesAcross } = convolution;
  const own = addresses.threadScratch;
  const found = tilesOfItem(convolution, items, item);
  const { firstImage, firstRow, tiles } = found;
  const plane = planeBytes(tiles * o);
  evaluateItem(exports, convolution, found, addresses, place, plane);
  const skipped = ((firstImage - first) * tilesDown + firstRow) * tilesAcross;
  const to = addresses.scratch + shared.dy + skipped * 32;
  for (let p = 0; p < planes; p++) {
    exports.packB(own + place.tiles + p * plane, o * 4, 0, 0, o, 0, tiles, to + p * dyPlane, sliceTiles * 32);
  }
};

/** Gathers the windows of some input channels, [taps, channels, outputs], and turns them over: [outputs, C, taps]. */
function gatherStage({
  convolution,
  channels,
  outputs,
  sumPlane,
  shared,
  place,
}: WeightGradient): KernelStage {
  const { c, o, window, tile } = convolution;
  const taps = window * window;
  return {
    units: Math.ceil(c / channels),
    run(exports, { scratch, threadScratch: own, outputs: to }, begin, end) {
      for (let first = begin * channels; first < Math.min(c, end * channels); first += channels) {
        const count = Math.min(channels, c - first);
        const tapBytes = count * outputs * 4;
        // Each input channel is an image of k by k pixels for itself.
        exports.winogradGather(
          ...[
            tile,
            scratch + shared.sums + first * outputs * 4,
            outputs * 4,
            sumPlane,
            window,
            1,
            1,
            0,
            count,
          ],
          ...[own + place.windows, outputs * 4, window * tapBytes, tapBytes, outputs * 4, window, window],
          ...[0, 0, 1, own + place.lines],
        );
        for (let i = 0; i < count; i++) {
          const dw = to[0] + (first + i) * taps * 4;
          exports.transpose(own + place.windows + i * outputs * 4, tapBytes, dw, c * taps * 4, taps, o);
        }
      }
    },
  };
}
