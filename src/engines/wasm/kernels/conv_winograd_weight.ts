/**
 * The gradient of conv2d by a 3x3 or 5x5 weight, stride 1, by Winograd's algorithm (cpu/shapes/winograd_tiles.ts,
 * assembly/winograd): tiles of x and of dy are transformed, multiplied as 36, 49 or 64 GEMMs that sum over the tiles, and the
 * sums gathered into windows.
 *
 * Wins over the sums of shifted planes when there are channels enough for the transforms (`isWorth`).
 *
 * Fast paths:
 * - Few channels, so that the sums of each thread stay in its caches: as follows.
 * - All others: conv_winograd_weight_shared.ts.
 *
 * A unit is a slice of the batch. It takes the slice some tiles at a time, and leaves a partial result [taps, C, O]; a
 * last stage adds the slices in order and turns the result over.
 */
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import {
  forwardConvolution,
  LINES_BYTES,
  planeBytes,
  tilesOf,
  type WinogradConvolution,
} from "../../cpu/shapes/winograd_tiles.ts";
import {
  analyseItem,
  CACHED_ROWS,
  cutItems,
  evaluateItem,
  type Items,
  TILE_COST,
  tilesOfItem,
  WORTH,
} from "./conv_winograd.ts";
import { planWeightGradientShared } from "./conv_winograd_weight_shared.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Multiply-adds in whose time a transformed number is laid out for the GEMM, or a sum brought into a window. */
const LAYOUT_COST = 3;
const SUM_COST = 8;
/** Units to aim at, and bytes of the sums of one at most. */
const UNITS = 16;
const SUM_BYTES = 4 * 2 ** 20;

interface WeightGradient {
  readonly convolution: WinogradConvolution;
  readonly items: Items;
  /** Items in a slice of the batch, and slices. */
  readonly perSlice: number;
  readonly slices: number;
  /** Output channels in whole panels of 8. */
  readonly outputs: number;
  /** Bytes from one plane of the sums to the next; of a slice's partial result. */
  readonly sumPlane: number;
  readonly sliceBytes: number;
  readonly place: {
    readonly lines: number;
    readonly input: number;
    readonly tiles: number;
    readonly turned: number;
    readonly panels: number;
    readonly sums: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segment: number;
    readonly mask: number;
  };
}

/** The plan of the gradient of a convolution that `suitsWinograd`; null if another algorithm is better. */
export function planWinogradWeightGradient(g: ConvGeometry): KernelPlan | null {
  const convolution = forwardConvolution(g, true);
  const { n, c, o, w, ow, planes, window, step, tile, tilesAcross } = convolution;
  if (!isWorth(convolution)) return null;
  const outputs = roundUp(o, TILE_COLUMNS);
  if (planes * c * outputs * 4 > SUM_BYTES) return planWeightGradientShared(convolution);
  const items = cutItems(convolution, outputs);
  const count = Math.ceil(n / items.images) * items.blocks;
  const { units: slices, size: perSlice } = split(count, UNITS);
  const tiles = items.images * items.rows * tilesAcross;
  const inputRows = (items.rows - 1) * step + tile;
  const own = new ScratchLayout();
  const sliceBytes = window * window * c * outputs * 4;
  const gradient: WeightGradient = {
    convolution,
    items,
    perSlice,
    slices,
    outputs,
    sumPlane: planeBytes(c * outputs),
    sliceBytes,
    place: {
      lines: own.take(LINES_BYTES),
      // Of x, then of dy.
      input: own.take(items.images * Math.max(inputRows * w * c, items.rows * step * ow * outputs) * 4),
      // Of x, then of dy.
      tiles: own.take(planes * planeBytes(tiles * Math.max(c, outputs))),
      turned: own.take(planes * planeBytes(tiles * c)),
      panels: own.take(tiles * outputs * 4),
      sums: own.take(planes * planeBytes(c * outputs)),
      aRows: own.take(c * 4),
      cRows: own.take(c * 4),
      segment: own.take(8),
      mask: own.take(32),
    },
  };
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const sums: KernelStage = {
      units: slices,
      run(exports, addresses, begin, end) {
        exports.maskLanes(addresses.threadScratch + gradient.place.mask, TILE_COLUMNS);
        for (let unit = begin; unit < end; unit++) runUnit(exports, gradient, addresses, unit);
      },
    };
    stages.push(sums, reduceStage(gradient));
  }
  return { stages, scratchBytes: slices * sliceBytes, threadScratchBytes: own.bytes, late: true };
}

/** Whether it takes clearly less time than the sums of shifted planes. */
function isWorth(convolution: WinogradConvolution): boolean {
  const { n, c, o, oh, ow, window, planes } = convolution;
  const tiles = tilesOf(convolution, n);
  const direct = n * oh * ow * window * window * c * o;
  const transforms = tiles * (c + o) * (TILE_COST + LAYOUT_COST) + c * o * SUM_COST;
  return planes * (tiles * c * o + transforms) < WORTH * direct;
}

function runUnit(
  exports: KernelExports,
  gradient: WeightGradient,
  addresses: KernelAddresses,
  slice: number,
): void {
  const { convolution, items, outputs, place, sumPlane } = gradient;
  const { n, c, tile, window } = convolution;
  const own = addresses.threadScratch;
  exports.gridTable(own + place.cRows, 1, c, 0, outputs * 4, 0, 0, 0);
  const begin = slice * gradient.perSlice;
  const end = Math.min(Math.ceil(n / items.images) * items.blocks, begin + gradient.perSlice);
  for (let item = begin; item < end; item++) addItem(exports, gradient, addresses, item, item > begin);
  const partial = addresses.scratch + slice * gradient.sliceBytes;
  // Each input channel is an image of k by k pixels for itself.
  exports.winogradGather(
    ...[tile, own + place.sums, outputs * 4, sumPlane, window, 1, 1, 0, c],
    ...[partial, outputs * 4, window * c * outputs * 4, c * outputs * 4, outputs * 4, window, window],
    ...[0, 0, 1, own + place.lines],
  );
}

/** Sets the sums to the products of some tiles, or adds them. */
function addItem(
  exports: KernelExports,
  gradient: WeightGradient,
  addresses: KernelAddresses,
  item: number,
  added: boolean,
): void {
  const { convolution, items, outputs, place, sumPlane } = gradient;
  const { c, o, planes } = convolution;
  const own = addresses.threadScratch;
  const found = tilesOfItem(convolution, items, item);
  const { tiles } = found;
  const inputPlane = planeBytes(tiles * c);
  analyseItem(exports, convolution, found, addresses, place, inputPlane);
  for (let p = 0; p < planes; p++) {
    const skip = p * inputPlane;
    exports.transpose(own + place.tiles + skip, c * 4, own + place.turned + skip, tiles * 4, tiles, c);
  }

  const dyPlane = planeBytes(tiles * o);
  evaluateItem(exports, convolution, found, addresses, place, dyPlane);

  exports.segmentTable(own + place.segment, 1, 1, tiles, 0, 0);
  exports.gridTable(own + place.aRows, 1, c, 0, tiles * 4, 0, 0, 0);
  const chunk = Math.max(1, Math.floor(CACHED_ROWS / (TILE_ROWS * tiles * 4)));
  for (let p = 0; p < planes; p++) {
    const [from, to] = [own + place.tiles + p * dyPlane, own + place.panels];
    exports.packB(from, o * 4, 0, 0, o, 0, tiles, to, tiles * 32);
    exports.product(
      ...[c / TILE_ROWS, chunk, own + place.aRows, own + place.turned + p * inputPlane],
      ...[own + place.segment, 1, to, tiles * 32, outputs / TILE_COLUMNS],
      ...[own + place.cRows, own + place.sums + p * sumPlane, 0, 0, added ? own + place.mask : 0],
    );
  }
}

/** Adds the slices, in order, and turns [taps, C, outputs] into [outputs, C, taps]. */
function reduceStage({ convolution, slices, outputs, sliceBytes }: WeightGradient): KernelStage {
  const { c, o, window } = convolution;
  const taps = window * window;
  const parts = split(c, Math.min(16, Math.floor((slices * taps * c * o) / 16_384)));
  const tapBytes = c * outputs * 4;
  return {
    units: parts.units,
    run(exports, { scratch, outputs: to }, begin, end) {
      for (let unit = begin; unit < end; unit++) {
        const first = unit * parts.size;
        const last = Math.min(c, first + parts.size);
        for (let t = 0; t < taps && slices > 1; t++) {
          const at = scratch + t * tapBytes + first * outputs * 4;
          exports.sumSlices(at, sliceBytes, slices, (last - first) * outputs);
        }
        for (let channel = first; channel < last; channel++) {
          const dw = to[0] + channel * taps * 4;
          exports.transpose(scratch + channel * outputs * 4, tapBytes, dw, c * taps * 4, taps, o);
        }
      }
    },
  };
}
