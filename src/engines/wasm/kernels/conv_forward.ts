/**
 * conv2d as a GEMM of patches and kernels, without im2col.
 *
 * Fast paths:
 * - One input channel in each group: conv_depthwise.ts.
 * - 1x1 kernels, stride 1: conv_pointwise.ts.
 * - Few output channels, stride 1: pixels in vectors (at the end), if panels of 8 channels would be
 *   mostly empty.
 * - 3x3 and 5x5 kernels, stride 1, many channels and pixels: conv_winograd.ts.
 * - All else as follows.
 *
 * The input, padded, is laid out with its channels last, so that a window's kernel row is one run of floats:
 * the register tile takes windows through a table of addresses (an "indirect" convolution, after M. Dukhan,
 * "The Indirect Convolution Algorithm", 2019). Any stride, dilation, padding and number of groups. Kernels
 * are packed by a stage of their own.
 *
 * A work item is a block of rows of one image, or several whole images if images are so small that the
 * packed kernels would otherwise be fetched too often.
 */
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { activationCode, allFloat32 } from "../../cpu/shapes/activation.ts";
import {
  type ConvGeometry,
  convGeometry,
  dealItems,
  isDepthwise,
  isPadded,
  isPointwise,
  suitsWinograd,
} from "../../cpu/shapes/conv_geometry.ts";
import { planDepthwise } from "./conv_depthwise.ts";
import { FEWEST_PIXELS, planPointwise } from "./conv_pointwise.ts";
import { planWinograd } from "./conv_winograd.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Bytes of a work item that should stay in the second cache: of input and output, or of dx. */
export const ITEM_BYTES = 512 * 1024;
/** Pixels below which a work item takes several images. */
const FEW_PIXELS = 96;
/** A packed panel up to this size stays in the first cache while many tiles pass. */
const SMALL_PANEL = 16 * 1024;

/** Plans `conv2d`: x, weight and perhaps bias give act(x * weight + bias). */
export function planConv2d({ attributes, inputs, outputs }: StepSpec, exact = false): KernelPlan | null {
  const activation = activationCode(attributes);
  if (!allFloat32(...inputs, ...outputs) || activation === undefined) return null;
  const geometry = convGeometry(attributes, inputs[0].shape, inputs[1].shape, outputs[0].shape);
  if (geometry === null) return null;
  const hasBias = inputs.length > 2;
  if (isDepthwise(geometry)) return planDepthwise(geometry, hasBias, activation);
  if (isPointwise(geometry) && geometry.oh * geometry.ow >= FEWEST_PIXELS)
    return planPointwise(geometry, hasBias, activation);
  if (forwardByPlanes(geometry)) return planForwardByPlanes(geometry, hasBias, activation);
  const winograd =
    !exact && suitsWinograd(geometry) ? planWinograd(geometry, false, hasBias, activation) : null;
  return winograd ?? planIndirect(geometry, hasBias, activation);
}

interface Indirect {
  readonly g: ConvGeometry;
  readonly hasBias: boolean;
  readonly activation: number;
  readonly panels: number;
  readonly panelBytes: number;
  /** Rows of output in an item, items in an image, images in an item. */
  readonly rows: number;
  readonly blocks: number;
  readonly images: number;
  readonly chunkTiles: number;
  readonly segments: number;
  /** Input rows and bytes that one image's block needs. */
  readonly inputRows: number;
  readonly inputBytes: number;
  readonly place: {
    readonly input: number;
    readonly output: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segments: number;
  };
}

/** Any convolution, as a GEMM. */
export function planIndirect(g: ConvGeometry, hasBias: boolean, activation: number): KernelPlan {
  const panels = Math.ceil(g.o / TILE_COLUMNS);
  const panelBytes = g.c * g.kh * g.kw * 32;
  const { rows, blocks, images } = cutItems(g, panels);
  const inputRows = (rows - 1) * g.sh + (g.kh - 1) * g.dh + 1;
  const inputBytes = inputRows * g.wp * g.c * 4;
  const pixels = Math.ceil((images * rows * g.ow) / TILE_ROWS) * TILE_ROWS;
  const segments = g.dw === 1 ? g.kh : g.kh * g.kw;
  const own = new ScratchLayout();
  const conv: Indirect = {
    g,
    hasBias,
    activation,
    panels,
    panelBytes,
    rows,
    blocks,
    images,
    chunkTiles:
      panelBytes <= SMALL_PANEL ? Math.max(4, Math.floor((1.5 * SMALL_PANEL * 2) / panelBytes)) : 32,
    segments,
    inputRows,
    inputBytes,
    place: {
      input: own.take(images * inputBytes),
      output: own.take(pixels * panels * 32),
      aRows: own.take(pixels * 4),
      cRows: own.take(pixels * 4),
      segments: own.take(segments * 8),
    },
  };
  const items = Math.ceil(g.n / images) * g.groups * blocks;
  const deal = dealItems(items);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    stages.push(packStage(g, panels, panelBytes), {
      units: deal.units,
      run(exports, addresses, begin, end) {
        prepare(exports, conv, addresses.threadScratch);
        const last = Math.min(items, end * deal.size);
        for (let item = begin * deal.size; item < last; item++) runItem(exports, conv, addresses, item);
      },
    });
  }
  return {
    stages,
    scratchBytes: g.groups * panels * panelBytes,
    threadScratchBytes: own.bytes,
    packsWeights: true,
  };
}

function cutItems(g: ConvGeometry, panels: number): { rows: number; blocks: number; images: number } {
  const rowBytes = g.sh * g.wp * g.c * 4 + g.ow * panels * 32;
  const fitting = Math.max(1, Math.min(g.oh, Math.floor(ITEM_BYTES / rowBytes)));
  const wanted = Math.ceil(16 / (g.n * g.groups));
  let blocks = Math.max(Math.ceil(g.oh / fitting), Math.min(wanted, g.oh));
  const rows = Math.ceil(g.oh / blocks);
  blocks = Math.ceil(g.oh / rows);
  const pixels = g.oh * g.ow;
  if (blocks > 1 || pixels >= FEW_PIXELS) return { rows, blocks, images: 1 };
  const mostImages = Math.max(1, Math.floor((g.n * g.groups) / 16));
  return { rows, blocks, images: Math.min(g.n, mostImages, Math.ceil(FEW_PIXELS / pixels)) };
}

/** Packs the kernels: for each group its panels of 8 output channels. */
function packStage(g: ConvGeometry, panels: number, panelBytes: number): KernelStage {
  const all = g.groups * panels;
  const parts = split(all, Math.max(1, Math.min(16, Math.floor((all * panelBytes) / 65536))));
  return {
    units: parts.units,
    packs: true,
    run(exports, addresses, begin, end) {
      const last = Math.min(all, end * parts.size);
      for (let p = begin * parts.size; p < last; p++) {
        const group = Math.floor(p / panels);
        const first = (p % panels) * TILE_COLUMNS;
        const from = addresses.inputs[1] + (group * g.o + first) * g.c * g.kh * g.kw * 4;
        const to = addresses.scratch + p * panelBytes;
        exports.packKernelPanel(from, Math.min(TILE_COLUMNS, g.o - first), g.c, g.kh * g.kw, to);
      }
    },
  };
}

/** Writes the segments, the same for all items. */
function prepare(exports: KernelExports, { g, place }: Indirect, own: number): void {
  const pixelBytes = g.c * 4;
  const rowBytes = g.wp * pixelBytes;
  if (g.dw === 1) {
    exports.segmentTable(own + place.segments, g.kh, 1, g.kw * g.c, 0, g.dh * rowBytes - g.kw * pixelBytes);
  } else {
    const reach = ((g.kw - 1) * g.dw + 1) * pixelBytes;
    exports.segmentTable(
      own + place.segments,
      g.kh,
      g.kw,
      g.c,
      (g.dw - 1) * pixelBytes,
      g.dh * rowBytes - reach,
    );
  }
}

function runItem(exports: KernelExports, conv: Indirect, addresses: KernelAddresses, item: number): void {
  const { g, place, panels } = conv;
  const own = addresses.threadScratch;
  const block = item % conv.blocks;
  const group = Math.floor(item / conv.blocks) % g.groups;
  const firstImage = Math.floor(item / (conv.blocks * g.groups)) * conv.images;
  const images = Math.min(conv.images, g.n - firstImage);
  const firstRow = block * conv.rows;
  const rows = Math.min(conv.rows, g.oh - firstRow);
  const pixels = rows * g.ow;
  const pixelBytes = panels * 32;
  const output = own + place.output;

  const inputRows = (rows - 1) * g.sh + (g.kh - 1) * g.dh + 1;
  const top = firstRow * g.sh - g.ph;
  const filling = (TILE_ROWS - ((images * pixels) % TILE_ROWS)) % TILE_ROWS;
  for (let i = 0; i < images; i++) {
    const x = addresses.inputs[0] + ((firstImage + i) * g.groups + group) * g.c * g.h * g.w * 4;
    const to = own + place.input + i * conv.inputBytes;
    exports.channelsLast(x, g.h * g.w * 4, g.c, g.h, g.w, top, inputRows, g.pw, g.wp, to);
    const rest = i === images - 1 ? filling : 0;
    const at = own + place.aRows + i * pixels * 4;
    const rowStep = g.sh * g.wp * g.c * 4;
    exports.gridTable(at, rows, g.ow, rowStep, g.sw * g.c * 4, i * conv.inputBytes, rest, 0);
  }
  exports.gridTable(own + place.cRows, 1, images * pixels + filling, 0, pixelBytes, 0, 0, 0);
  exports.product(
    (images * pixels + filling) / TILE_ROWS,
    conv.chunkTiles,
    own + place.aRows,
    own + place.input,
    own + place.segments,
    conv.segments,
    addresses.scratch + group * panels * conv.panelBytes,
    conv.panelBytes,
    panels,
    own + place.cRows,
    output,
    0,
    0,
    0,
  );
  const bias = conv.hasBias ? addresses.inputs[2] + group * g.o * 4 : 0;
  const planeBytes = g.oh * g.ow * 4;
  for (let i = 0; i < images; i++) {
    const y =
      addresses.outputs[0] + ((firstImage + i) * g.groups + group) * g.o * planeBytes + firstRow * g.ow * 4;
    const from = output + i * pixels * pixelBytes;
    exports.channelsFirst(from, 0, pixelBytes, g.o, 1, pixels, y, planeBytes, 0, bias, conv.activation);
  }
}

// Convolutions with stride 1 and few output channels, pixels in vectors: no channel is padded, no kernel packed. The
// first layer of LeNet (1 channel to 6) and depthwise convolutions, if the general paths waste lanes on missing
// channels. Input planes are read in place if there is no padding, else copied into a frame of zeros.

/** Padded planes of one image and group above this size are left to the general paths. */
const LARGEST_PLANES = 1024 * 1024;

/** How much more than the useful work the plane kernels do. */
export function planeWaste(g: ConvGeometry, grain: number): number {
  return (roundUp(g.o, 2) / g.o) * (roundUp(g.ow, grain) / g.ow);
}

export function suitsPlanes(g: ConvGeometry): boolean {
  const small = g.c * g.hp * g.wp * 4 <= LARGEST_PLANES && g.n * g.groups >= 8;
  return g.sh === 1 && g.sw === 1 && g.dw === 1 && small;
}

/** Whether output channels fill the general path's panels of 8 so badly that planes win. */
function forwardByPlanes(g: ConvGeometry): boolean {
  return suitsPlanes(g) && g.ow >= 4 && planeWaste(g, 4) * 1.1 < roundUp(g.o, 8) / g.o;
}

/** The input of one image and group, padded. Planes are `rows` rows of `width`. */
export interface Frame {
  readonly padded: boolean;
  readonly width: number;
  readonly rows: number;
}

export function frameOf(g: ConvGeometry): Frame {
  const padded = isPadded(g);
  return padded ? { padded, width: g.wp, rows: g.hp } : { padded, width: g.w, rows: g.h };
}

/** Address of the framed input. */
export function framed(
  exports: KernelExports,
  g: ConvGeometry,
  frame: Frame,
  x: number,
  place: number,
): number {
  if (!frame.padded) return x;
  exports.padPlanes(x, g.h * g.w * 4, g.c, g.h, g.w, -g.ph, frame.rows, g.pw, 1, frame.width, place);
  return place;
}

/** Plans conv2d; a work item is one image's group. */
function planForwardByPlanes(g: ConvGeometry, hasBias: boolean, activation: number): KernelPlan {
  const frame = frameOf(g);
  const vectors = g.oh * Math.ceil(g.ow / 4);
  const all = roundUp(vectors, 4);
  const own = new ScratchLayout();
  const place = {
    planes: own.take(frame.padded ? g.c * frame.rows * frame.width * 4 : 0),
    inputs: own.take(all * 4),
    outputs: own.take(all * 4),
    segments: own.take(g.c * g.kh * 8),
  };
  const items = g.n * g.groups;
  const deal = dealItems(items);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const planes = { g, frame, all, vectors, place, hasBias, activation };
    stages.push({
      units: deal.units,
      run(exports, addresses, begin, end) {
        preparePlanes(exports, planes, addresses.threadScratch);
        const last = Math.min(items, end * deal.size);
        for (let item = begin * deal.size; item < last; item++)
          runPlanesItem(exports, planes, addresses, item);
      },
    });
  }
  const activates = activation === 0 ? {} : { activates: g.o * g.oh * g.ow };
  return { stages, ...activates, scratchBytes: 0, threadScratchBytes: own.bytes };
}

interface Planes {
  readonly g: ConvGeometry;
  readonly frame: Frame;
  /** Vectors of a plane, and the same in whole groups. */
  readonly vectors: number;
  readonly all: number;
  readonly place: {
    readonly planes: number;
    readonly inputs: number;
    readonly outputs: number;
    readonly segments: number;
  };
  readonly hasBias: boolean;
  readonly activation: number;
}

function preparePlanes(exports: KernelExports, { g, frame, all, vectors, place }: Planes, at: number): void {
  exports.vectorTable(at + place.inputs, g.oh, g.ow, frame.width * 4, all - vectors);
  exports.vectorTable(at + place.outputs, g.oh, g.ow, g.ow * 4, all - vectors);
  const rowSkip = (g.dh * frame.width - g.kw) * 4;
  const planeSkip = (frame.rows - (g.kh - 1) * g.dh) * frame.width * 4 - g.kw * 4;
  exports.segmentTable(at + place.segments, g.c, g.kh, g.kw, rowSkip, planeSkip);
}

function runPlanesItem(
  exports: KernelExports,
  { g, frame, all, place, hasBias, activation }: Planes,
  addresses: KernelAddresses,
  item: number,
): void {
  const at = addresses.threadScratch;
  const group = item % g.groups;
  const x = framed(exports, g, frame, addresses.inputs[0] + item * g.c * g.h * g.w * 4, at + place.planes);
  const planeBytes = g.oh * g.ow * 4;
  const y = addresses.outputs[0] + item * g.o * planeBytes;
  const kernelBytes = g.c * g.kh * g.kw * 4;
  for (let o = 0; o < g.o; o += 2) {
    const other = Math.min(o + 1, g.o - 1);
    const channel = group * g.o;
    const weights = addresses.inputs[1] + channel * kernelBytes;
    const bias = hasBias ? addresses.inputs[2] + channel * 4 : 0;
    exports.planeTiles(
      all / 4,
      at + place.inputs,
      x,
      at + place.segments,
      g.c * g.kh,
      weights + o * kernelBytes,
      weights + other * kernelBytes,
      at + place.outputs,
      y + o * planeBytes,
      y + other * planeBytes,
      hasBias ? bias + o * 4 : 0,
      hasBias ? bias + other * 4 : 0,
    );
  }
  if (activation !== 0) exports.biasActivation(y, 0, 1, g.o * g.oh * g.ow, 0, activation);
}
