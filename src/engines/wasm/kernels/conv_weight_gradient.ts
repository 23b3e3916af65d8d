/**
 * The gradient of conv2d by its weight: for every tap, the shifted input plane times the output's gradient.
 *
 * Fast paths:
 * - One input channel in each group: conv_depthwise.ts.
 * - Few output channels, stride 1, rows of whole vectors: pixels in vectors (at the end).
 * - 1x1 kernels, stride 1: conv_pointwise_weight.ts.
 * - 3x3 and 5x5 kernels, stride 1, many channels: conv_winograd_weight.ts.
 * - All else as follows.
 *
 * The rows of the register tile are taps: shifted views of the padded input planes, which lie in place, row
 * by row (split by column modulo the stride, so that what a tap meets is contiguous). The columns are output
 * channels, packed pixel by pixel. Sums over a slice of the batch gather in a partial result of its own,
 * [taps, output channels]; a last stage adds the slices in order and turns the result over.
 *
 * Any stride, dilation, padding and number of groups. A unit is a slice of the batch (of
 * images, or of their rows if there are few) for one group and one block of input channels.
 */
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";
import {
  type ConvGeometry,
  convGeometry,
  isDepthwise,
  isPointwise,
  suitsWinograd,
} from "../../cpu/shapes/conv_geometry.ts";
import { planDepthwiseWeightGradient } from "./conv_depthwise.ts";
import { framed, frameOf, planeWaste, suitsPlanes } from "./conv_forward.ts";
import { planPointwiseWeightGradient } from "./conv_pointwise_weight.ts";
import { planWinogradWeightGradient } from "./conv_winograd_weight.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Units to aim at. */
const UNITS = 32;
/** A partial result up to this size stays in the second cache from image to image. */
const PARTIAL_BYTES = 256 * 1024;
/** So do a block of rows of the planes and of dy. */
const BLOCK_BYTES = 384 * 1024;

/** Plans `conv2dWeightGradient`: x and dy give dw. */
export function planConv2dWeightGradient(
  { attributes, inputs, outputs }: StepSpec,
  exact = false,
): KernelPlan | null {
  if (!allFloat32(...inputs, ...outputs)) return null;
  const geometry = convGeometry(attributes, inputs[0].shape, outputs[0].shape, inputs[1].shape);
  if (geometry === null) return null;
  if (isDepthwise(geometry)) return planDepthwiseWeightGradient(geometry);
  if (weightGradientByPlanes(geometry)) return planWeightGradientByPlanes(geometry);
  if (isPointwise(geometry)) return planPointwiseWeightGradient(geometry);
  const winograd = !exact && suitsWinograd(geometry) ? planWinogradWeightGradient(geometry) : null;
  return winograd ?? plan(geometry);
}

interface Correlation {
  readonly g: ConvGeometry;
  readonly slices: number;
  /** Blocks of rows in a slice, and in an image. */
  readonly perSlice: number;
  readonly rowBlocks: number;
  /** Channels in a block, and blocks. */
  readonly channels: number;
  readonly blocks: number;
  readonly panels: number;
  /** Floats in a row of a partial result; rows in one group's; bytes in a slice. */
  readonly outputs: number;
  readonly groupRows: number;
  readonly sliceBytes: number;
  /** Output rows that are done at a time. */
  readonly rows: number;
  readonly phaseWidth: number;
  readonly inputRows: number;
  readonly chunkTiles: number;
  readonly place: {
    readonly planes: number;
    readonly dy: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segments: number;
    readonly mask: number;
  };
}

function plan(g: ConvGeometry): KernelPlan {
  const taps = g.kh * g.kw;
  const panels = Math.ceil(g.o / TILE_COLUMNS);
  const outputs = panels * TILE_COLUMNS;
  const wantedBlocks = Math.min(g.c, Math.ceil((g.c * taps * outputs * 4) / PARTIAL_BYTES));
  const { units: blocks, size: channels } = split(g.c, wantedBlocks);
  // Every block's taps fill whole tiles, so that blocks do not share a row of the partial result.
  const blockRows = roundUp(channels * taps, TILE_ROWS);
  const groupRows = blocks * blockRows;
  const phaseWidth = Math.max(g.ow + Math.floor(((g.kw - 1) * g.dw) / g.sw), Math.ceil((g.pw + g.w) / g.sw));
  const rowBytes = g.sw * phaseWidth * 4;
  const perRow = g.sh * rowBytes * channels + g.ow * outputs * 4;
  const wantedSlices = Math.ceil(UNITS / (blocks * g.groups));
  const fitting = Math.max(1, Math.floor(BLOCK_BYTES / perRow));
  const rows = Math.ceil(
    g.oh / Math.max(Math.ceil(g.oh / fitting), Math.min(g.oh, Math.ceil(wantedSlices / g.n))),
  );
  const rowBlocks = Math.ceil(g.oh / rows);
  const { units: slices, size: perSlice } = split(g.n * rowBlocks, wantedSlices);
  const inputRows = (rows - 1) * g.sh + (g.kh - 1) * g.dh + 1;
  const own = new ScratchLayout();
  const conv: Correlation = {
    g,
    slices,
    perSlice,
    rowBlocks,
    channels,
    blocks,
    panels,
    outputs,
    groupRows,
    sliceBytes: g.groups * groupRows * outputs * 4,
    rows,
    phaseWidth,
    inputRows,
    chunkTiles: Math.max(2, Math.floor(24_576 / (rows * g.ow * TILE_ROWS * 4))),
    place: {
      planes: own.take(channels * inputRows * rowBytes),
      dy: own.take(rows * g.ow * outputs * 4),
      aRows: own.take(blockRows * 4),
      cRows: own.take(blockRows * 4),
      segments: own.take(rows * 8),
      mask: own.take(32),
    },
  };
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const sums: KernelStage = {
      units: slices * g.groups * blocks,
      run(exports, addresses, begin, end) {
        exports.maskLanes(addresses.threadScratch + conv.place.mask, TILE_COLUMNS);
        for (let unit = begin; unit < end; unit++) runUnit(exports, conv, addresses, unit, blockRows);
      },
    };
    stages.push(sums, reduceStage(conv, blockRows));
  }
  return { stages, scratchBytes: slices * conv.sliceBytes, threadScratchBytes: own.bytes };
}

function runUnit(
  exports: KernelExports,
  conv: Correlation,
  addresses: KernelAddresses,
  unit: number,
  blockRows: number,
): void {
  const { g, place, phaseWidth } = conv;
  const own = addresses.threadScratch;
  const block = unit % conv.blocks;
  const group = Math.floor(unit / conv.blocks) % g.groups;
  const slice = Math.floor(unit / (conv.blocks * g.groups));
  const firstChannel = block * conv.channels;
  const channels = Math.min(conv.channels, g.c - firstChannel);
  const taps = channels * g.kh * g.kw;
  const tileRows = roundUp(taps, TILE_ROWS);
  const partialRow = group * conv.groupRows + block * blockRows;
  const partial = addresses.scratch + slice * conv.sliceBytes + partialRow * conv.outputs * 4;
  exports.gridTable(own + place.cRows, 1, tileRows, 0, conv.outputs * 4, 0, 0, 0);

  let accumulate = 0;
  let tableRows = 0;
  const first = slice * conv.perSlice;
  const last = Math.min(g.n * conv.rowBlocks, first + conv.perSlice);
  for (let part = first; part < last; part++) {
    const image = Math.floor(part / conv.rowBlocks);
    const row = (part % conv.rowBlocks) * conv.rows;
    const x = addresses.inputs[0] + ((image * g.groups + group) * g.c + firstChannel) * g.h * g.w * 4;
    const dy = addresses.inputs[1] + (image * g.groups + group) * g.o * g.oh * g.ow * 4;
    const rows = Math.min(conv.rows, g.oh - row);
    const inputRows = (rows - 1) * g.sh + (g.kh - 1) * g.dh + 1;
    if (rows !== tableRows) {
      writeTables(exports, conv, own, channels, rows, inputRows, tileRows - taps);
      tableRows = rows;
    }
    const top = row * g.sh - g.ph;
    const planes = own + place.planes;
    exports.padPlanes(x, g.h * g.w * 4, channels, g.h, g.w, top, inputRows, g.pw, g.sw, phaseWidth, planes);
    packOutputs(exports, conv, dy + row * g.ow * 4, rows, own + place.dy);
    multiply(exports, conv, own, tileRows / TILE_ROWS, rows, partial, accumulate);
    accumulate = own + place.mask;
  }
}

/** Where each tap's view begins, and how it runs through the rows. */
function writeTables(
  exports: KernelExports,
  { g, place, phaseWidth }: Correlation,
  own: number,
  channels: number,
  rows: number,
  inputRows: number,
  filling: number,
): void {
  const rowBytes = g.sw * phaseWidth * 4;
  const aRows = own + place.aRows;
  exports.tapTable(
    aRows,
    channels,
    g.kh,
    g.kw,
    inputRows * rowBytes,
    g.dh * rowBytes,
    g.dw,
    g.sw,
    phaseWidth,
    filling,
  );
  const skip = g.sh * rowBytes - g.ow * 4;
  if (skip === 0) exports.segmentTable(own + place.segments, 1, 1, rows * g.ow, 0, 0);
  else exports.segmentTable(own + place.segments, rows, 1, g.ow, 0, skip);
}

function packOutputs(
  exports: KernelExports,
  { g, panels }: Correlation,
  dy: number,
  rows: number,
  to: number,
): void {
  const planeBytes = g.oh * g.ow * 4;
  for (let p = 0; p < panels; p++) {
    const count = Math.min(TILE_COLUMNS, g.o - p * TILE_COLUMNS);
    const from = dy + p * TILE_COLUMNS * planeBytes;
    exports.packPanelFromRows(from, planeBytes, to + p * rows * g.ow * 32, count, rows * g.ow);
  }
}

function multiply(
  exports: KernelExports,
  { g, place, panels, phaseWidth, chunkTiles }: Correlation,
  own: number,
  tileCount: number,
  rows: number,
  partial: number,
  accumulate: number,
): void {
  const segments = g.sh * g.sw * phaseWidth === g.ow ? 1 : rows;
  exports.product(
    tileCount,
    chunkTiles,
    own + place.aRows,
    own + place.planes,
    own + place.segments,
    segments,
    own + place.dy,
    rows * g.ow * 32,
    panels,
    own + place.cRows,
    partial,
    0,
    0,
    accumulate,
  );
}

/** Adds the slices, in order, and turns [taps, output channels] into [output channels, taps]. */
function reduceStage(conv: Correlation, blockRows: number): KernelStage {
  const { g, blocks } = conv;
  const taps = g.kh * g.kw;
  const floats = conv.slices * g.groups * conv.groupRows * conv.outputs;
  const wantedParts = Math.min(16, Math.floor(floats / 16_384)) / (g.groups * blocks);
  const parts = split(conv.channels * taps, wantedParts, TILE_ROWS);
  return {
    units: g.groups * blocks * parts.units,
    run(exports, addresses, begin, end) {
      for (let unit = begin; unit < end; unit++) {
        const first = (unit % parts.units) * parts.size;
        const block = Math.floor(unit / parts.units) % blocks;
        const group = Math.floor(unit / (parts.units * blocks));
        const inBlock = Math.min(conv.channels, g.c - block * conv.channels) * taps;
        const rows = Math.min(parts.size, inBlock - first);
        if (rows <= 0) continue;
        const row = group * conv.groupRows + block * blockRows + first;
        const at = addresses.scratch + row * conv.outputs * 4;
        if (conv.slices > 1) exports.sumSlices(at, conv.sliceBytes, conv.slices, rows * conv.outputs);
        const dw = addresses.outputs[0] + ((group * g.o * g.c + block * conv.channels) * taps + first) * 4;
        exports.transpose(at, conv.outputs * 4, dw, g.c * taps * 4, rows, g.o);
      }
    },
  };
}

// Few output channels, stride 1: pixels in vectors, as in conv_forward.ts.

/** Whether planes win, which needs whole vectors of pixels. */
function weightGradientByPlanes(g: ConvGeometry): boolean {
  const taps = g.c * g.kh * g.kw;
  const tapWaste = roundUp(taps, 4) / taps;
  return (
    suitsPlanes(g) && g.ow % 4 === 0 && planeWaste(g, 4) * tapWaste * 1.1 < (tapWaste * roundUp(g.o, 8)) / g.o
  );
}

/** Plans conv2dWeightGradient; a unit is a slice of the batch of one group. */
function planWeightGradientByPlanes(g: ConvGeometry): KernelPlan {
  const frame = frameOf(g);
  const taps = g.c * g.kh * g.kw;
  const allTaps = roundUp(taps, 4);
  const pairs = Math.ceil(g.o / 2);
  const pairBytes = allTaps * 32;
  const { units: slices, size: images } = split(g.n, Math.min(g.n, Math.ceil(UNITS / g.groups)));
  const sliceBytes = g.groups * pairs * pairBytes;
  const own = new ScratchLayout();
  const place = {
    planes: own.take(frame.padded ? g.c * frame.rows * frame.width * 4 : 0),
    taps: own.take(allTaps * 4),
    segments: own.take(g.oh * 8),
  };
  const planeBytes = g.oh * g.ow * 4;

  function prepare(exports: KernelExports, at: number): void {
    if (typeof PLANS_ONLY !== "undefined") return;
    const { width, rows } = frame;
    exports.tapTable(
      at + place.taps,
      g.c,
      g.kh,
      g.kw,
      rows * width * 4,
      g.dh * width * 4,
      1,
      1,
      width,
      allTaps - taps,
    );
    exports.segmentTable(at + place.segments, g.oh, 1, g.ow / 4, 0, (width - g.ow) * 4);
  }

  function runUnit(exports: KernelExports, addresses: KernelAddresses, unit: number): void {
    if (typeof PLANS_ONLY !== "undefined") return;
    const at = addresses.threadScratch;
    const group = unit % g.groups;
    const slice = Math.floor(unit / g.groups);
    const partial = addresses.scratch + slice * sliceBytes + group * pairs * pairBytes;
    const first = slice * images;
    const last = Math.min(g.n, first + images);
    for (let image = first; image < last; image++) {
      const item = image * g.groups + group;
      const x = framed(
        exports,
        g,
        frame,
        addresses.inputs[0] + item * g.c * g.h * g.w * 4,
        at + place.planes,
      );
      const dy = addresses.inputs[1] + item * g.o * planeBytes;
      for (let pair = 0; pair < pairs; pair++) {
        const d0 = dy + 2 * pair * planeBytes;
        const d1 = dy + Math.min(2 * pair + 1, g.o - 1) * planeBytes;
        const to = partial + pair * pairBytes;
        exports.tapTiles(
          allTaps / 4,
          at + place.taps,
          x,
          at + place.segments,
          g.oh,
          d0,
          d1,
          to,
          image === first ? 0 : 1,
        );
      }
    }
  }

  /** Adds the slices of one group, in order, then the lanes. */
  function reduce(exports: KernelExports, addresses: KernelAddresses, group: number): void {
    if (typeof PLANS_ONLY !== "undefined") return;
    const partial = addresses.scratch + group * pairs * pairBytes;
    if (slices > 1) exports.sumSlices(partial, sliceBytes, slices, pairs * allTaps * 8);
    const dw = addresses.outputs[0] + group * g.o * taps * 4;
    for (let pair = 0; pair < pairs; pair++) {
      const to = dw + 2 * pair * taps * 4;
      const other = 2 * pair + 1 < g.o ? to + taps * 4 : to;
      exports.foldLanes(partial + pair * pairBytes, taps, to, other);
    }
  }

  return {
    stages: [
      {
        units: slices * g.groups,
        run(exports, addresses, begin, end) {
          prepare(exports, addresses.threadScratch);
          for (let unit = begin; unit < end; unit++) runUnit(exports, addresses, unit);
        },
      },
      {
        units: g.groups,
        run(exports, addresses, begin, end) {
          for (let group = begin; group < end; group++) reduce(exports, addresses, group);
        },
      },
    ],
    scratchBytes: slices * sliceBytes,
    threadScratchBytes: own.bytes,
  };
}
