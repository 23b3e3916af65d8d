/**
 * Convolutions with stride 1 and few output channels, pixels in vectors: no channel is padded, no kernel
 * packed. The first layer of LeNet (1 channel to 6) and depthwise convolutions, if the general paths
 * waste lanes on missing channels.
 *
 * Input planes are read in place if there is no padding, else copied into a frame of zeros.
 */
import type { KernelAddresses, KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { type ConvGeometry, dealItems } from "../../cpu/shapes/conv_geometry.ts";

/** Padded planes of one image and group above this size are left to the general paths. */
const LARGEST_PLANES = 1024 * 1024;
/** Units of the weight's gradient to aim at. */
const UNITS = 32;

/** How much more than the useful work the plane kernels do. */
function waste(g: ConvGeometry, grain: number): number {
  return (roundUp(g.o, 2) / g.o) * (roundUp(g.ow, grain) / g.ow);
}

function suits(g: ConvGeometry): boolean {
  const small = g.c * g.hp * g.wp * 4 <= LARGEST_PLANES && g.n * g.groups >= 8;
  return g.sh === 1 && g.sw === 1 && g.dw === 1 && small;
}

/** Whether output channels fill the general path's panels of 8 so badly that planes win. */
export function forwardByPlanes(g: ConvGeometry): boolean {
  return suits(g) && g.ow >= 4 && waste(g, 4) * 1.1 < roundUp(g.o, 8) / g.o;
}

/** The same for the weight's gradient, which needs whole vectors of pixels. */
export function weightGradientByPlanes(g: ConvGeometry): boolean {
  const taps = g.c * g.kh * g.kw;
  const tapWaste = roundUp(taps, 4) / taps;
  return suits(g) && g.ow % 4 === 0 && waste(g, 4) * tapWaste * 1.1 < (tapWaste * roundUp(g.o, 8)) / g.o;
}

/** The input of one image and group, padded. Planes are `rows` rows of `width`. */
interface Frame {
  readonly padded: boolean;
  readonly width: number;
  readonly rows: number;
}

function frameOf(g: ConvGeometry): Frame {
  const padded = g.ph > 0 || g.pw > 0;
  return padded ? { padded, width: g.wp, rows: g.hp } : { padded, width: g.w, rows: g.h };
}

/** Address of the framed input. */
function framed(exports: KernelExports, g: ConvGeometry, frame: Frame, x: number, place: number): number {
  if (!frame.padded) return x;
  exports.padPlanes(x, g.h * g.w * 4, g.c, g.h, g.w, -g.ph, frame.rows, g.pw, 1, frame.width, place);
  return place;
}

/** Plans conv2d; a work item is one image's group. */
export function planForwardByPlanes(g: ConvGeometry, hasBias: boolean, activation: number): KernelPlan {
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

  function prepare(exports: KernelExports, at: number): void {
    exports.vectorTable(at + place.inputs, g.oh, g.ow, frame.width * 4, all - vectors);
    exports.vectorTable(at + place.outputs, g.oh, g.ow, g.ow * 4, all - vectors);
    const rowSkip = (g.dh * frame.width - g.kw) * 4;
    const planeSkip = (frame.rows - (g.kh - 1) * g.dh) * frame.width * 4 - g.kw * 4;
    exports.segmentTable(at + place.segments, g.c, g.kh, g.kw, rowSkip, planeSkip);
  }

  function runItem(exports: KernelExports, addresses: KernelAddresses, item: number): void {
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

  return {
    stages: [
      {
        units: deal.units,
        run(exports, addresses, begin, end) {
          prepare(exports, addresses.threadScratch);
          const last = Math.min(items, end * deal.size);
          for (let item = begin * deal.size; item < last; item++) runItem(exports, addresses, item);
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: own.bytes,
  };
}

/** Plans conv2dWeightGradient; a unit is a slice of the batch of one group. */
export function planWeightGradientByPlanes(g: ConvGeometry): KernelPlan {
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
