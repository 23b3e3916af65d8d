/**
 * The gradient of conv2d by a 1x1 weight, stride 1 and no padding: the products of all planes of x with all of dy.
 *
 * Of x and dy the one with more channels is read as it lies, its planes the rows of a GEMM; the other is packed. That wins
 * over the general path, which copies both, for all sizes.
 *
 * A GEMM sums over a part of an image's pixels, or over several images if they are small: one segment of a row each. A
 * unit is a slice of the batch and a block of rows; a last stage adds the slices in order.
 */
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul.ts";

/** Units to aim at. */
const UNITS = 32;
/** A partial result up to this size stays in the second cache. */
const PARTIAL_BYTES = 256 * 1024;
/** Pixels that a GEMM sums over at most: a packed panel of them and some rows fit the first cache. */
const LARGEST_DEPTH = 392;
const CHUNK_BYTES = 16 * 1024;

interface Planes {
  readonly n: number;
  readonly groups: number;
  readonly pixels: number;
  /** Whether the rows are planes of x, and not of dy. */
  readonly turned: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly panels: number;
  /** Rows in a block, and blocks. */
  readonly blockRows: number;
  readonly blocks: number;
  /** Images, or pixels of one image, that are summed at a time; such pieces of an image, of a slice, and of all. */
  readonly images: number;
  readonly depth: number;
  readonly perImage: number;
  readonly perSlice: number;
  readonly pieces: number;
  readonly slices: number;
  /** Bytes of a group's partial result, and of a slice's. */
  readonly groupBytes: number;
  readonly sliceBytes: number;
  readonly place: {
    readonly b: number;
    readonly aRows: number;
    readonly cRows: number;
    readonly segments: number;
    readonly mask: number;
  };
}

/** Plans conv2dWeightGradient: x and dy give dw. */
export function planPointwiseWeightGradient(g: ConvGeometry): KernelPlan {
  const { n, groups } = g;
  const pixels = g.oh * g.ow;
  const turned = g.c > g.o;
  const [rows, columns] = turned ? [g.c, g.o] : [g.o, g.c];
  const panels = Math.ceil(columns / TILE_COLUMNS);
  const wanted = Math.ceil((rows * panels * 32) / PARTIAL_BYTES);
  const { units: blocks, size: blockRows } = split(rows, wanted, TILE_ROWS);
  const perImage = Math.ceil(pixels / LARGEST_DEPTH);
  const depth = Math.ceil(pixels / perImage);
  const images = Math.min(n, Math.max(1, Math.floor(LARGEST_DEPTH / pixels)));
  const pieces = perImage * Math.ceil(n / images);
  const { units: slices, size: perSlice } = split(pieces, Math.ceil(UNITS / (blocks * groups)));
  const groupBytes = blocks * blockRows * panels * 32;
  const sliceBytes = groups * groupBytes;
  const own = new ScratchLayout();
  const planes: Planes = {
    ...{ n, groups, pixels, turned, rows, columns, panels, blockRows, blocks },
    ...{ images, depth, perImage, perSlice, pieces, slices, groupBytes, sliceBytes },
    place: {
      b: own.take(panels * images * depth * 32),
      aRows: own.take(blockRows * 4),
      cRows: own.take(blockRows * 4),
      segments: own.take(images * 8),
      mask: own.take(32),
    },
  };
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const sums: KernelStage = {
      units: slices * groups * blocks,
      run(exports, addresses, begin, end) {
        exports.maskLanes(addresses.threadScratch + planes.place.mask, TILE_COLUMNS);
        for (let unit = begin; unit < end; unit++) runUnit(exports, planes, addresses, unit);
      },
    };
    stages.push(sums, reduceStage(planes));
  }
  return { stages, scratchBytes: slices * sliceBytes, threadScratchBytes: own.bytes };
}

function runUnit(
  exports: KernelExports,
  planes: Planes,
  { inputs, scratch, threadScratch: own }: KernelAddresses,
  unit: number,
): void {
  const { n, groups, pixels, rows, columns, panels, images, depth, perImage, place } = planes;
  const block = unit % planes.blocks;
  const group = Math.floor(unit / planes.blocks) % groups;
  const slice = Math.floor(unit / (planes.blocks * groups));
  const firstRow = block * planes.blockRows;
  const count = Math.min(planes.blockRows, rows - firstRow);
  const filling = roundUp(count, TILE_ROWS) - count;
  const [x, dy] = inputs;
  const [a, b] = planes.turned ? [x, dy] : [dy, x];
  const partial = scratch + slice * planes.sliceBytes + group * planes.groupBytes + firstRow * panels * 32;
  exports.gridTable(own + place.aRows, 1, count, 0, pixels * 4, 0, filling, 0);
  exports.gridTable(own + place.cRows, 1, count + filling, 0, panels * 32, 0, 0, 0);
  const chunk = Math.max(1, Math.floor(CHUNK_BYTES / (images * depth * TILE_ROWS * 4)));
  const begin = slice * planes.perSlice;
  const end = Math.min(planes.pieces, begin + planes.perSlice);
  for (let piece = begin; piece < end; piece++) {
    const image = Math.floor(piece / perImage) * images;
    const pixel = (piece % perImage) * depth;
    const [together, length] = [Math.min(images, n - image), Math.min(depth, pixels - pixel)];
    for (let i = 0; i < together; i++) {
      const from = b + ((image + i) * groups + group) * columns * pixels * 4;
      const to = own + place.b + i * length * 32;
      exports.packB(from, pixels * 4, 1, 0, columns, pixel, length, to, together * length * 32);
    }
    const skip = (groups * rows * pixels - length) * 4;
    exports.segmentTable(own + place.segments, together, 1, length, 0, skip);
    exports.product(
      ...[(count + filling) / TILE_ROWS, chunk, own + place.aRows],
      ...[a + (((image * groups + group) * rows + firstRow) * pixels + pixel) * 4],
      ...[own + place.segments, together, own + place.b, together * length * 32, panels],
      ...[own + place.cRows, partial, 0, 0, piece > begin ? own + place.mask : 0],
    );
  }
}

/** Adds the slices, in order, and brings the rows into the weight's order. */
function reduceStage(planes: Planes): KernelStage {
  const { groups, turned, rows, columns, panels, slices, groupBytes, sliceBytes } = planes;
  const parts = split(rows, Math.min(16, Math.floor((slices * sliceBytes) / 65_536)) / groups, TILE_ROWS);
  return {
    units: groups * parts.units,
    run(exports, { scratch, outputs }, begin, end) {
      for (let unit = begin; unit < end; unit++) {
        const first = (unit % parts.units) * parts.size;
        const group = Math.floor(unit / parts.units);
        const count = Math.min(parts.size, rows - first);
        const at = scratch + group * groupBytes + first * panels * 32;
        if (slices > 1) exports.sumSlices(at, sliceBytes, slices, count * panels * TILE_COLUMNS);
        const dw = outputs[0] + group * rows * columns * 4;
        if (turned) exports.transpose(at, panels * 32, dw + first * 4, rows * 4, count, columns);
        else exports.copyRuns(dw + first * columns * 4, columns * 4, at, panels * 32, count, columns * 4);
      }
    },
  };
}
