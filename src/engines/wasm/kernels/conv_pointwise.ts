/**
 * conv2d with a 1x1 kernel, stride 1 and no padding, and its gradient by the input, as GEMMs on the images as they lie:
 * the rows of a result are its planes, so nothing but the input is packed, and nothing is transposed but the weight for
 * the gradient.
 *
 * Wins over the general paths if a plane has pixels for several panels; on smaller ones those put the pixels of several
 * images together.
 *
 * A work item is a block of pixels of one image and group.
 */
import type { KernelAddresses, KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { type ConvGeometry, dealItems } from "../../cpu/shapes/conv_geometry.ts";
import { TILE_COLUMNS, TILE_ROWS, type TilePlaces } from "./matmul.ts";

/** Pixels of a plane from which it wins. */
export const FEWEST_PIXELS = 32;
/** Bytes of packed pixels that should stay in the second cache. */
const BLOCK_BYTES = 128 * 1024;
/** Work items to aim at. */
const ITEMS = 32;
/** Channels that are multiplied at a time: a panel of them and some rows of the weight fit the first cache. */
const LARGEST_DEPTH = 384;
/** Tiles whose rows of the weight stay in the first cache. */
const CHUNK_BYTES = 16 * 1024;

/** C = A B for each image and group: A [m, k] the weight, B [k, pixels] and C [m, pixels] images. */
interface Pointwise {
  readonly n: number;
  readonly groups: number;
  readonly m: number;
  readonly k: number;
  readonly pixels: number;
  /** Panels of pixels in a block, and blocks. */
  readonly panels: number;
  readonly blocks: number;
  readonly depth: number;
  readonly activation: number;
  readonly place: TilePlaces;
}

/** Plans conv2d; `activation` is the binary's code. */
export function planPointwise(g: ConvGeometry, hasBias: boolean, activation: number): KernelPlan {
  const { product, own } = productOf(g, g.o, g.c, activation);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const stage = computeStage(product, (addresses) => ({
      weight: addresses.inputs[1],
      images: addresses.inputs[0],
      bias: hasBias ? addresses.inputs[2] : 0,
    }));
    stages.push(stage);
  }
  return { stages, scratchBytes: 0, threadScratchBytes: own.bytes };
}

/** Plans conv2dInputGradient: inputs dy and the weight. */
export function planPointwiseInputGradient(g: ConvGeometry): KernelPlan {
  const { product, own } = productOf(g, g.c, g.o, 0);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const turn: KernelStage = {
      units: g.groups,
      run(exports, { inputs, scratch }, begin, end) {
        for (let group = begin; group < end; group++) {
          const skipped = group * g.o * g.c * 4;
          exports.transpose(inputs[1] + skipped, g.c * 4, scratch + skipped, g.o * 4, g.o, g.c);
        }
      },
    };
    const stage = computeStage(product, ({ inputs, scratch }) => ({
      weight: scratch,
      images: inputs[0],
      bias: 0,
    }));
    stages.push(turn, stage);
  }
  const scratchBytes = g.groups * g.o * g.c * 4;
  return { stages, scratchBytes, threadScratchBytes: own.bytes };
}

function productOf(g: ConvGeometry, m: number, k: number, activation: number) {
  const pixels = g.oh * g.ow;
  const allPanels = Math.ceil(pixels / TILE_COLUMNS);
  const depth = Math.ceil(k / Math.ceil(k / LARGEST_DEPTH) / 4) * 4;
  const fitting = Math.max(4, Math.floor(BLOCK_BYTES / (Math.min(depth, k) * 32)));
  const wanted = Math.ceil(allPanels / Math.ceil(ITEMS / (g.n * g.groups)));
  const { units: blocks, size: panels } = split(
    allPanels,
    Math.ceil(allPanels / Math.min(fitting, Math.max(4, wanted))),
  );
  const own = new ScratchLayout();
  const rows = m + TILE_ROWS;
  const product: Pointwise = {
    ...{ n: g.n, groups: g.groups, m, k, pixels, panels, blocks, depth, activation },
    place: {
      b: own.take(panels * depth * 32),
      aRows: own.take(rows * 4),
      cRows: own.take(rows * 4),
      stripRows: own.take(rows * 4),
      strip: own.take(rows * 32),
      segment: own.take(8),
      mask: own.take(32),
      unused: own.take((panels + 1) * 32),
    },
  };
  return { product, own };
}

interface Operands {
  readonly weight: number;
  readonly images: number;
  /** 0: none. */
  readonly bias: number;
}

function computeStage(product: Pointwise, operands: (addresses: KernelAddresses) => Operands): KernelStage {
  const items = product.n * product.groups * product.blocks;
  const deal = dealItems(items);
  return {
    units: deal.units,
    run(exports, addresses, begin, end) {
      const own = addresses.threadScratch;
      exports.maskLanes(own + product.place.mask, TILE_COLUMNS);
      const given = operands(addresses);
      const last = Math.min(items, end * deal.size);
      for (let item = begin * deal.size; item < last; item++) {
        runItem(exports, product, item, given, addresses.outputs[0], own);
      }
    },
  };
}

function runItem(
  exports: KernelExports,
  product: Pointwise,
  item: number,
  { weight, images, bias }: Operands,
  output: number,
  own: number,
): void {
  const { m, k, pixels, place, groups } = product;
  const block = item % product.blocks;
  const image = Math.floor(item / product.blocks);
  const group = image % groups;
  const first = block * product.panels * TILE_COLUMNS;
  const end = Math.min(pixels, first + product.panels * TILE_COLUMNS);
  const panels = Math.ceil((end - first) / TILE_COLUMNS);
  const tail = (end - first) % TILE_COLUMNS;
  const a = weight + group * m * k * 4;
  const c = output + (image * m * pixels + first) * 4;
  const tileCount = Math.ceil(m / TILE_ROWS);
  const filling = tileCount * TILE_ROWS - m;
  exports.gridTable(own + place.aRows, 1, m, 0, k * 4, 0, filling, (m - 1) * k * 4);
  exports.gridTable(own + place.cRows, 1, m, 0, pixels * 4, 0, filling, own + place.unused - c);
  if (tail !== 0) exports.gridTable(own + place.stripRows, 1, m + filling, 0, 32, 0, 0, 0);
  for (let from = 0; from < k; from += product.depth) {
    const depth = Math.min(product.depth, k - from);
    const x = images + image * k * pixels * 4;
    exports.packB(x, pixels * 4, 0, first, end, from, depth, own + place.b, depth * 32);
    exports.segmentTable(own + place.segment, 1, 1, depth, 0, 0);
    exports.product(
      ...[tileCount, Math.max(4, Math.floor(CHUNK_BYTES / (depth * TILE_ROWS * 4)))],
      ...[own + place.aRows, a + from * 4, own + place.segment, 1],
      ...[own + place.b, depth * 32, panels, own + place.cRows, c],
      ...[tail === 0 ? 0 : own + place.stripRows, own + place.strip, from === 0 ? 0 : own + place.mask],
    );
  }
  if (tail !== 0) exports.copyStrip(own + place.strip, m, tail, c + (panels - 1) * 32, pixels * 4);
  if (bias !== 0 || product.activation !== 0) {
    const rowBias = bias === 0 ? 0 : bias + group * m * 4;
    exports.rowBiasActivation(c, pixels * 4, m, end - first, rowBias, product.activation);
  }
}
