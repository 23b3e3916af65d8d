/**
 * The gradient of conv2d by its input: every output pixel's gradient times the kernels, added where the
 * pixel's window lay.
 *
 * Fast paths: one input channel in each group (conv_depthwise.ts); 1x1 kernels, stride 1 (conv_pointwise.ts); other
 * groups, stride 1: as the convolution of dy with turned kernels; 3x3 and 5x5 kernels, stride 1, many channels and
 * pixels: conv_winograd.ts. All else as follows.
 *
 * dx is built with its channels last, so that the products of one kernel row are one run of floats in it:
 * the register tile adds them in place, no column buffer, no work on padding. The tile's four pixels lie in
 * one column of the image, so that no two of them, and no tile after them, meet in the same floats.
 *
 * Any stride, dilation, padding and number of groups. A work item is a block of channels of one image.
 */
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";
import {
  type ConvGeometry,
  convGeometry,
  dealItems,
  isDepthwise,
  isPointwise,
  suitsWinograd,
} from "../../cpu/shapes/conv_geometry.ts";
import { planDepthwiseInputGradient } from "./conv_depthwise.ts";
import { ITEM_BYTES, planIndirect } from "./conv_forward.ts";
import { FEWEST_PIXELS, planPointwiseInputGradient } from "./conv_pointwise.ts";
import { planWinograd } from "./conv_winograd.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Bytes of the rows of dy that are done at a time, which should stay there too. */
const ROWS_BYTES = 256 * 1024;

/** Plans `conv2dInputGradient`: dy and weight give dx. */
export function planConv2dInputGradient(
  { attributes, inputs, outputs }: StepSpec,
  exact = false,
): KernelPlan | null {
  if (!allFloat32(...inputs, ...outputs)) return null;
  const geometry = convGeometry(attributes, outputs[0].shape, inputs[1].shape, inputs[0].shape);
  if (geometry === null) return null;
  const depthwise = isDepthwise(geometry) && geometry.ph < geometry.kh && geometry.pw < geometry.kw;
  if (depthwise) return planDepthwiseInputGradient(geometry);
  const pointwise = isPointwise(geometry) && geometry.oh * geometry.ow >= FEWEST_PIXELS;
  if (pointwise) return planPointwiseInputGradient(geometry);
  if (isGroupedByOne(geometry)) return planGroupedByOne(geometry);
  const winograd = !exact && suitsWinograd(geometry) ? planWinograd(geometry, true, false, 0) : null;
  return winograd ?? plan(geometry);
}

/** Groups, whose few channels fill the scattered runs badly, and a stride of 1. */
function isGroupedByOne({ groups, kh, kw, sh, sw, ph, pw, dh, dw }: ConvGeometry): boolean {
  return groups > 1 && sh * sw === 1 && ph <= (kh - 1) * dh && pw <= (kw - 1) * dw;
}

/** As the convolution of dy with the turned kernels. */
function planGroupedByOne(g: ConvGeometry): KernelPlan {
  const [ph, pw] = [(g.kh - 1) * g.dh - g.ph, (g.kw - 1) * g.dw - g.pw];
  const swapped = { c: g.o, o: g.c, h: g.oh, w: g.ow, oh: g.h, ow: g.w };
  const [hp, wp] = [
    Math.max(g.h + (g.kh - 1) * g.dh, ph + g.oh),
    Math.max(g.w + (g.kw - 1) * g.dw, pw + g.ow),
  ];
  const inner = planIndirect({ ...g, ...swapped, ph, pw, hp, wp }, false, 0);
  const kernelBytes = g.o * g.c * g.kh * g.kw * 4;
  const turnedBytes = roundUp(g.groups * kernelBytes, 64);
  const turn: KernelStage = {
    units: g.groups,
    run(exports, { inputs, scratch }, begin, end) {
      for (let group = begin; group < end; group++) {
        const skipped = group * kernelBytes;
        exports.turnKernels(inputs[1] + skipped, g.o, g.c, g.kh * g.kw, scratch + skipped);
      }
    },
  };
  const stages = inner.stages.map(
    ({ units, run }): KernelStage => ({
      units,
      run(exports, addresses, begin, end) {
        const inputs = [addresses.inputs[0], addresses.scratch];
        run(exports, { ...addresses, inputs, scratch: addresses.scratch + turnedBytes }, begin, end);
      },
    }),
  );
  return { ...inner, stages: [turn, ...stages], scratchBytes: turnedBytes + inner.scratchBytes };
}

interface Scatter {
  readonly g: ConvGeometry;
  /** Channels in a block, and blocks. */
  readonly channels: number;
  readonly blocks: number;
  /** Runs of floats in dx: kernel rows, or single taps if the kernel is dilated across. */
  readonly runs: number;
  readonly runColumns: number;
  readonly runPanels: number;
  readonly blockBytes: number;
  /** Rows of dy that are done at a time. */
  readonly rows: number;
  readonly chunkTiles: number;
  readonly place: {
    readonly dy: number;
    readonly dx: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segment: number;
    readonly mask: number;
    readonly tailMask: number;
  };
}

function plan(g: ConvGeometry): KernelPlan {
  const { channels, blocks } = cutChannels(g);
  const runColumns = g.dw === 1 ? g.kw : 1;
  const runs = g.dw === 1 ? g.kh : g.kh * g.kw;
  const runPanels = Math.ceil((runColumns * channels) / TILE_COLUMNS);
  const rows = Math.min(g.oh, Math.max(TILE_ROWS, Math.floor(ROWS_BYTES / (g.ow * g.o * 4))));
  const pixels = roundUp(rows * g.ow, TILE_ROWS);
  const own = new ScratchLayout();
  // Behind dx there is room for what the rows that only fill the last tile overwrite.
  const overwritten = ((g.kh - 1) * g.dh * g.wp + g.kw * g.dw) * channels * 4 + 64;
  const conv: Scatter = {
    g,
    channels,
    blocks,
    runs,
    runColumns,
    runPanels,
    blockBytes: runs * runPanels * g.o * 32,
    rows,
    chunkTiles: Math.max(4, Math.floor(24_576 / (g.o * TILE_ROWS * 4))),
    place: {
      dy: own.take(rows * g.ow * g.o * 4),
      dx: own.take(g.hp * g.wp * channels * 4 + overwritten),
      aRows: own.take(pixels * 4),
      cRows: own.take(pixels * 4),
      segment: own.take(8),
      mask: own.take(32),
      tailMask: own.take(32),
    },
  };
  const items = g.n * g.groups * blocks;
  const deal = dealItems(items);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    stages.push(packStage(conv), {
      units: deal.units,
      run(exports, addresses, begin, end) {
        prepare(exports, conv, addresses.threadScratch);
        const last = Math.min(items, end * deal.size);
        for (let item = begin * deal.size; item < last; item++) runItem(exports, conv, addresses, item);
      },
    });
  }
  return { stages, scratchBytes: g.groups * blocks * conv.blockBytes, threadScratchBytes: own.bytes };
}

/** Blocks of channels: few enough for the cache, enough blocks for the threads. */
function cutChannels(g: ConvGeometry): { channels: number; blocks: number } {
  const fitting = Math.max(8, Math.floor(ITEM_BYTES / (g.hp * g.wp * 4)));
  const wanted = Math.ceil(g.c / Math.ceil(16 / (g.n * g.groups)));
  const most = Math.min(g.c, fitting, Math.max(8, wanted));
  const blocks = Math.ceil(g.c / most);
  const channels = blocks === 1 ? g.c : Math.min(g.c, roundUp(Math.ceil(g.c / blocks), 8));
  return { channels, blocks: Math.ceil(g.c / channels) };
}

/** Packs the kernels: for each group and block of channels, run by run, the panels of (column, channel). */
function packStage(conv: Scatter): KernelStage {
  const { g, blocks, runs, runColumns } = conv;
  const all = g.groups * blocks * runs;
  const parts = split(
    all,
    Math.max(1, Math.min(16, Math.floor((g.groups * blocks * conv.blockBytes) / 65536))),
  );
  const taps = g.kh * g.kw;
  return {
    units: parts.units,
    run(exports, addresses, begin, end) {
      const last = Math.min(all, end * parts.size);
      for (let part = begin * parts.size; part < last; part++) {
        const run = part % runs;
        const block = Math.floor(part / runs) % blocks;
        const group = Math.floor(part / (runs * blocks));
        const channels = Math.min(conv.channels, g.c - block * conv.channels);
        const weight = group * g.o * g.c * taps + block * conv.channels * taps + run * runColumns;
        const from = addresses.inputs[1] + weight * 4;
        let to =
          addresses.scratch + (group * blocks + block) * conv.blockBytes + run * conv.runPanels * g.o * 32;
        for (let first = 0; first < runColumns * channels; first += TILE_COLUMNS) {
          exports.packInputGradientPanel(
            from,
            g.o,
            g.c * taps * 4,
            channels,
            taps * 4,
            runColumns,
            first,
            to,
          );
          to += g.o * 32;
        }
      }
    },
  };
}

/** Writes what all items share: the one segment and the mask. */
function prepare(exports: KernelExports, { g, place }: Scatter, own: number): void {
  exports.segmentTable(own + place.segment, 1, 1, g.o, 0, 0);
  exports.maskLanes(own + place.mask, TILE_COLUMNS);
}

function runItem(exports: KernelExports, conv: Scatter, addresses: KernelAddresses, item: number): void {
  const { g, place } = conv;
  const own = addresses.threadScratch;
  const block = item % conv.blocks;
  const group = Math.floor(item / conv.blocks) % g.groups;
  const image = Math.floor(item / (conv.blocks * g.groups));
  const channels = Math.min(conv.channels, g.c - block * conv.channels);
  const pixelBytes = channels * 4;
  const rowBytes = g.wp * pixelBytes;
  const dxBytes = g.hp * rowBytes;
  const dyPlane = g.oh * g.ow * 4;
  const dy = addresses.inputs[0] + (image * g.groups + group) * g.o * dyPlane;
  const kernels = addresses.scratch + (group * conv.blocks + block) * conv.blockBytes;

  exports.zero(own + place.dx, dxBytes);
  if ((conv.runColumns * channels) % TILE_COLUMNS !== 0) {
    exports.maskLanes(own + place.tailMask, (conv.runColumns * channels) % TILE_COLUMNS);
  }
  for (let first = 0; first < g.oh; first += conv.rows) {
    const rows = Math.min(conv.rows, g.oh - first);
    writeTables(exports, conv, own, rows, pixelBytes, dxBytes - first * g.sh * rowBytes);
    exports.transpose(dy + first * g.ow * 4, dyPlane, own + place.dy, g.o * 4, g.o, rows * g.ow);
    addRows(exports, conv, own, kernels, channels, rows, own + place.dx + first * g.sh * rowBytes);
  }

  const corner = own + place.dx + g.ph * rowBytes + g.pw * pixelBytes;
  const planeBytes = g.h * g.w * 4;
  const dx = addresses.outputs[0] + ((image * g.groups + group) * g.c + block * conv.channels) * planeBytes;
  exports.channelsFirst(corner, rowBytes, pixelBytes, channels, g.h, g.w, dx, planeBytes, g.w * 4, 0, 0);
}

/**
 * Which pixels of a block of rows make a tile, column by column, and where their windows begin in dx. Rows
 * that only fill the last tile overwrite what lies at `end`, behind dx.
 */
function writeTables(
  exports: KernelExports,
  { g, place }: Scatter,
  own: number,
  rows: number,
  pixelBytes: number,
  end: number,
): void {
  const filling = roundUp(rows * g.ow, TILE_ROWS) - rows * g.ow;
  const rowStep = g.sh * g.wp * pixelBytes;
  exports.gridTable(own + place.aRows, g.ow, rows, g.o * 4, g.ow * g.o * 4, 0, filling, 0);
  exports.gridTable(own + place.cRows, g.ow, rows, g.sw * pixelBytes, rowStep, 0, filling, end);
}

/** Adds all products of a block of rows of dy to dx, of which `to` is the place of its first window. */
function addRows(
  exports: KernelExports,
  conv: Scatter,
  own: number,
  kernels: number,
  channels: number,
  rows: number,
  to: number,
): void {
  const { g, place } = conv;
  const width = conv.runColumns * channels;
  const whole = Math.floor(width / TILE_COLUMNS);
  const panelBytes = g.o * 32;
  for (let run = 0; run < conv.runs; run++) {
    const row = conv.runColumns === g.kw ? run : Math.floor(run / g.kw);
    const column = conv.runColumns === g.kw ? 0 : run % g.kw;
    const at = to + (row * g.dh * g.wp + column * g.dw) * channels * 4;
    const b = kernels + run * conv.runPanels * panelBytes;
    if (whole !== 0) addRun(exports, conv, own, rows, b, whole, at, own + place.mask);
    if (width % TILE_COLUMNS === 0) continue;
    addRun(exports, conv, own, rows, b + whole * panelBytes, 1, at + whole * 32, own + place.tailMask);
  }
}

/** Adds the products of some panels of one run. */
function addRun(
  exports: KernelExports,
  { g, place, chunkTiles }: Scatter,
  own: number,
  rows: number,
  b: number,
  panels: number,
  to: number,
  mask: number,
): void {
  const tileCount = Math.ceil((rows * g.ow) / TILE_ROWS);
  const [aRows, cRows, segment] = [own + place.aRows, own + place.cRows, own + place.segment];
  exports.product(
    tileCount,
    chunkTiles,
    aRows,
    own + place.dy,
    segment,
    1,
    b,
    g.o * 32,
    panels,
    cRows,
    to,
    0,
    0,
    mask,
  );
}
