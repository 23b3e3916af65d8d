/**
 * conv2d with a 3x3 or 5x5 kernel, stride 1, and its gradient by the input, by Winograd's algorithm
 * (cpu/shapes/winograd_tiles.ts, assembly/winograd): kernels and tiles of the images are transformed, multiplied as 36,
 * 49 or 64 GEMMs, and gathered into the result. Of the products a quarter is left for a 3x3 kernel.
 *
 * Wins over the GEMM of patches when there are channels enough for the transforms, and tiles enough for the kernels, which
 * are transformed again in each call (`isWorth`).
 *
 * A stage transforms the kernels into panels of 8 output channels for each plane. Then a work item is a block of tile rows
 * of one image, or several whole images if they are small: few enough tiles that what lies between the transforms and the
 * GEMMs stays in the caches, and enough that the kernels are not fetched too often.
 */
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { type ConvGeometry, dealItems } from "../../cpu/shapes/conv_geometry.ts";
import {
  forwardConvolution,
  gradientConvolution,
  LINES_BYTES,
  planeBytes,
  tilesOf,
  type WinogradConvolution,
} from "../../cpu/shapes/winograd_tiles.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Multiply-adds in whose time a number of a transformed tile, or of a transformed kernel, is made. */
export const TILE_COST = 8;
const KERNEL_COST = 12;
/** Of the time of the GEMM of patches, what may be left: the estimates are rough. */
export const WORTH = 0.8;
/** Bytes of an item's transformed tiles and results, and the fewest tiles if channels are many. */
const ITEM_BYTES = 2 ** 20;
const FEWEST_TILES = 48;
const MOST_TILES = 256;
/** Items that there are at least, if there are as many images. */
const FEWEST_ITEMS = 4;
/** Bytes of A that stay in the first cache while the panels pass. */
export const CACHED_ROWS = 16 * 1024;

interface Winograd extends Items {
  readonly convolution: WinogradConvolution;
  /** Whether the kernels are turned around: the gradient by the input. */
  readonly turned: boolean;
  readonly hasBias: boolean;
  readonly activation: number;
  /** Panels of 8 output channels, and the channels that they hold. */
  readonly panels: number;
  readonly outputs: number;
  /** Bytes of a panel of one plane, and from one plane of the kernels to the next. */
  readonly panelBytes: number;
  readonly kernelPlane: number;
  readonly place: {
    readonly lines: number;
    readonly input: number;
    readonly tiles: number;
    readonly results: number;
    readonly output: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segment: number;
  };
}

/**
 * The plan of a convolution that `suitsWinograd` (`turned`: of its gradient by the input); null if another algorithm is
 * better.
 */
export function planWinograd(
  g: ConvGeometry,
  turned: boolean,
  hasBias: boolean,
  activation: number,
): KernelPlan | null {
  const convolution = turned ? gradientConvolution(g, true) : forwardConvolution(g, true);
  if (!isWorth(convolution)) return null;
  const { c, o, n, w, ow, planes, step, tile, tilesAcross } = convolution;
  const panels = Math.ceil(o / TILE_COLUMNS);
  const outputs = panels * TILE_COLUMNS;
  const { rows, blocks, images } = cutItems(convolution, outputs);
  const tiles = roundUp(images * rows * tilesAcross, TILE_ROWS);
  const own = new ScratchLayout();
  const winograd: Winograd = {
    convolution,
    turned,
    hasBias,
    activation,
    panels,
    outputs,
    panelBytes: c * TILE_COLUMNS * 4,
    kernelPlane: planeBytes(panels * c * TILE_COLUMNS),
    rows,
    blocks,
    images,
    place: {
      lines: own.take(LINES_BYTES),
      input: own.take(images * ((rows - 1) * step + tile) * w * c * 4),
      tiles: own.take(planes * planeBytes(tiles * c)),
      results: own.take(planes * planeBytes(tiles * outputs)),
      output: own.take(images * rows * step * ow * outputs * 4),
      aRows: own.take(tiles * 4),
      cRows: own.take(tiles * 4),
      segment: own.take(8),
    },
  };
  const items = Math.ceil(n / images) * blocks;
  const deal = dealItems(items);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    stages.push(kernelStage(winograd), {
      units: deal.units,
      run(exports, addresses, begin, end) {
        exports.segmentTable(addresses.threadScratch + winograd.place.segment, 1, 1, c, 0, 0);
        const last = Math.min(items, end * deal.size);
        for (let item = begin * deal.size; item < last; item++) runItem(exports, winograd, addresses, item);
      },
    });
  }
  const kernelBytes = LINES_BYTES + convolution.window ** 2 * winograd.panelBytes;
  return {
    stages,
    scratchBytes: planes * winograd.kernelPlane,
    threadScratchBytes: Math.max(own.bytes, kernelBytes),
    packsWeights: true,
    late: true,
  };
}

/** Whether it takes clearly less time than the GEMM of patches. */
function isWorth(convolution: WinogradConvolution): boolean {
  const { n, c, o, oh, ow, window, planes } = convolution;
  const tiles = tilesOf(convolution, n);
  const direct = n * oh * ow * window * window * c * o;
  const transforms = planes * (tiles * (c + o) * TILE_COST + c * o * KERNEL_COST);
  return planes * tiles * c * o + transforms < WORTH * direct;
}

/** How a batch is cut into work items. */
export interface Items {
  /** Rows of tiles in an item, items in an image, images in an item. */
  readonly rows: number;
  readonly blocks: number;
  readonly images: number;
}

/** Items of which each has `outputs` channels of the result at a time. */
export function cutItems(convolution: WinogradConvolution, outputs: number): Items {
  const { n, c, planes, tilesDown, tilesAcross } = convolution;
  const fitting = Math.floor(ITEM_BYTES / (planes * (c + outputs) * 4));
  const most = Math.max(FEWEST_TILES, Math.min(MOST_TILES, fitting));
  const perImage = tilesDown * tilesAcross;
  if (perImage > most / 2) {
    const blocks = Math.ceil(tilesDown / Math.max(1, Math.round(most / tilesAcross)));
    const rows = Math.ceil(tilesDown / blocks);
    return { rows, blocks: Math.ceil(tilesDown / rows), images: 1 };
  }
  const images = Math.min(Math.ceil(n / FEWEST_ITEMS), Math.floor(most / perImage));
  return { rows: tilesDown, blocks: 1, images: Math.max(1, images) };
}

/** Transforms the kernels: of each plane its panels, [C][8]. */
function kernelStage(winograd: Winograd): KernelStage {
  const { convolution, panels, panelBytes, kernelPlane, place } = winograd;
  const { c, window, planes, tile } = convolution;
  const parts = split(panels, Math.max(1, Math.min(16, Math.floor((panels * panelBytes * planes) / 65536))));
  const row = window * panelBytes;
  return {
    units: parts.units,
    packs: true,
    run(exports, { inputs, scratch, threadScratch }, begin, end) {
      const panel = threadScratch + place.input;
      const last = Math.min(panels, end * parts.size);
      for (let p = begin * parts.size; p < last; p++) {
        packPanel(exports, winograd, inputs[1], p * TILE_COLUMNS, panel);
        exports.winogradEvaluate(
          ...[tile, panel, 0, row, panelBytes, c * TILE_COLUMNS * 4],
          ...[window, window, window, 1, 1, 0, 1],
          ...[scratch + p * panelBytes, 0, kernelPlane, 1, threadScratch + place.lines],
        );
      }
    },
  };
}

/** The kernels of 8 output channels from `first` on, as [tap][channel][8]. */
function packPanel(
  exports: KernelExports,
  { convolution, turned, panelBytes }: Winograd,
  weight: number,
  first: number,
  to: number,
): void {
  const { c, o, window } = convolution;
  const taps = window * window;
  const count = Math.min(TILE_COLUMNS, o - first);
  if (!turned) {
    exports.packKernelPanel(weight + first * c * taps * 4, count, c, taps, to);
    return;
  }
  // The weight is [c, o, taps] here: what dy has as channels are the outputs of the convolution.
  for (let t = 0; t < taps; t++) {
    const from = weight + (first * taps + t) * 4;
    const place = to + (taps - 1 - t) * panelBytes;
    exports.packInputGradientPanel(from, c, o * taps * 4, count, taps * 4, 1, 0, place);
  }
}

/** The tiles of a work item. */
interface ItemTiles {
  readonly firstImage: number;
  readonly images: number;
  /** The first row of tiles, and how many rows. */
  readonly firstRow: number;
  readonly rows: number;
  readonly tiles: number;
}

export function tilesOfItem(convolution: WinogradConvolution, items: Items, item: number): ItemTiles {
  const { n, tilesDown, tilesAcross } = convolution;
  const firstImage = Math.floor(item / items.blocks) * items.images;
  const images = Math.min(items.images, n - firstImage);
  const firstRow = (item % items.blocks) * items.rows;
  const rows = Math.min(items.rows, tilesDown - firstRow);
  return { firstImage, images, firstRow, rows, tiles: images * rows * tilesAcross };
}

/** Transforms an item's tiles of x into planes that lie `plane` bytes apart. */
export function analyseItem(
  exports: KernelExports,
  { c, h, w, padY, padX, tile, step, tilesAcross }: WinogradConvolution,
  { firstImage, images, firstRow, rows, tiles }: ItemTiles,
  addresses: KernelAddresses,
  place: { readonly lines: number; readonly input: number; readonly tiles: number },
  plane: number,
): void {
  const own = addresses.threadScratch;
  const [top, inputRows] = [firstRow * step - padY, (rows - 1) * step + tile];
  for (let i = 0; i < images; i++) {
    const x = addresses.inputs[0] + (firstImage + i) * c * h * w * 4;
    const to = own + place.input + i * inputRows * w * c * 4;
    exports.channelsLast(x, h * w * 4, c, h, w, top, inputRows, 0, w, to);
  }
  exports.winogradAnalyse(
    ...[tile, own + place.input, c * 4, inputRows, w, 0, padX, step, rows, tilesAcross, 0, tiles],
    ...[own + place.tiles, plane, own + place.lines],
  );
}

/** Transforms an item's tiles of dy, for the gradient by the weight, into planes that lie `plane` bytes apart. */
export function evaluateItem(
  exports: KernelExports,
  { o, oh, ow, tile, step, tilesAcross }: WinogradConvolution,
  { firstImage, images, firstRow, rows, tiles }: ItemTiles,
  addresses: KernelAddresses,
  place: { readonly lines: number; readonly input: number; readonly tiles: number },
  plane: number,
): void {
  const own = addresses.threadScratch;
  const dyRows = Math.min(rows * step, oh - firstRow * step);
  const dyBytes = dyRows * ow * o * 4;
  for (let i = 0; i < images; i++) {
    const dy = addresses.inputs[1] + (firstImage + i) * o * oh * ow * 4;
    const to = own + place.input + i * dyBytes;
    exports.channelsLast(dy, oh * ow * 4, o, oh, ow, firstRow * step, dyRows, 0, ow, to);
  }
  exports.winogradEvaluate(
    ...[tile, own + place.input, dyBytes, ow * o * 4, o * 4, o * 4, dyRows, ow, step],
    ...[rows, tilesAcross, 0, tiles, own + place.tiles, o * 4, plane, 0, own + place.lines],
  );
}

function runItem(exports: KernelExports, winograd: Winograd, addresses: KernelAddresses, item: number): void {
  const { convolution, outputs, place } = winograd;
  const { c, o, oh, ow, tile, step, tilesAcross } = convolution;
  const own = addresses.threadScratch;
  const found = tilesOfItem(convolution, winograd, item);
  const { firstImage, images, firstRow, rows, tiles } = found;
  const rest = roundUp(tiles, TILE_ROWS) - tiles;
  const inputPlane = planeBytes((tiles + rest) * c);
  const resultPlane = planeBytes((tiles + rest) * outputs);
  analyseItem(exports, convolution, found, addresses, place, inputPlane);
  multiply(exports, winograd, addresses, { tiles, rest, inputPlane, resultPlane });

  const outputRows = Math.min(rows * step, oh - firstRow * step);
  const pixels = outputRows * ow;
  const pixelBytes = outputs * 4;
  exports.winogradGather(
    ...[tile, own + place.results, pixelBytes, resultPlane, step, rows, tilesAcross, 0, tiles],
    ...[own + place.output, pixels * pixelBytes, ow * pixelBytes, pixelBytes, pixelBytes, outputRows, ow],
    ...[0, 0, 0, own + place.lines],
  );
  const bias = winograd.hasBias ? addresses.inputs[2] : 0;
  for (let i = 0; i < images; i++) {
    const y = addresses.outputs[0] + ((firstImage + i) * o * oh + firstRow * step) * ow * 4;
    const from = own + place.output + i * pixels * pixelBytes;
    exports.channelsFirst(from, 0, pixelBytes, o, 1, pixels, y, oh * ow * 4, 0, bias, winograd.activation);
  }
}

/** Of each plane: tiles times kernels, [tiles, C] by [C, outputs]. */
function multiply(
  exports: KernelExports,
  { convolution: { c, planes }, panels, outputs, panelBytes, kernelPlane, place }: Winograd,
  { scratch, threadScratch: own }: KernelAddresses,
  sizes: {
    readonly tiles: number;
    /** Rows that only fill up the last tile of the GEMM. */
    readonly rest: number;
    readonly inputPlane: number;
    readonly resultPlane: number;
  },
): void {
  const { tiles, rest, inputPlane, resultPlane } = sizes;
  exports.gridTable(own + place.aRows, 1, tiles, 0, c * 4, 0, rest, 0);
  exports.gridTable(own + place.cRows, 1, tiles + rest, 0, outputs * 4, 0, 0, 0);
  const chunk = Math.max(1, Math.floor(CACHED_ROWS / (TILE_ROWS * c * 4)));
  for (let p = 0; p < planes; p++) {
    exports.product(
      ...[(tiles + rest) / TILE_ROWS, chunk, own + place.aRows, own + place.tiles + p * inputPlane],
      ...[own + place.segment, 1, scratch + p * kernelPlane, panelBytes, panels],
      ...[own + place.cRows, own + place.results + p * resultPlane, 0, 0, 0],
    );
  }
}
