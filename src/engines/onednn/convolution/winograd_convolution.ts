/**
 * A convolution, or its gradient by the input, by Winograd's algorithm: windows and images are transformed, multiplied as
 * 36 or 64 GEMMs, and gathered into the result. The windows once for the batch; the images some tiles at a
 * time, so that what lies between the stages stays in the caches.
 */
import type { KernelExports, KernelStage } from "../../cpu/kernel.ts";
import { split } from "../../cpu/memory/memory_layout.ts";
import { activationCode } from "../../cpu/shapes/activation.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import { planeBytes, tilesOf, type WinogradConvolution } from "../../cpu/shapes/winograd_tiles.ts";
import type { DnnlScope } from "../library/dnnl.ts";
import { type OnednnStep, reorderStage, type Slices, type Variant } from "../onednn_step.ts";
import { winogradBenchmark } from "../tuning/winograd_benchmark.ts";
import { blocksPerImage } from "./convolution_blocks.ts";
import { type PlaneGemms, planeGemms } from "./winograd_gemms.ts";
import {
  threadPlaces,
  tilesAtOnce,
  type WinogradCut,
  windowPlaces,
  winogradConvolution,
  winogradThreadBytes,
} from "./winograd_shapes.ts";

const RELU = activationCode({ activation: "relu" });
/** Parts in which the windows are transformed. */
const WINDOW_UNITS = 16;
/** Tiles of a part of an image, if it has as many. */
const PART_TILES = 48;

/**
 * The algorithm for `conv2d` or `conv2dInputGradient`; null if it has no room or the library no product.
 *
 * @param slices - of the algorithms that it is compared with.
 * @param cut - its own.
 */
export function winogradVariant(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  cut: WinogradCut,
): Variant | null {
  const parts = cut.slices.size === 1 ? partsOf(step, g) : 1;
  const stages = stagesOf(scope, step, g, cut, parts);
  if (stages === null) return null;
  const sampleCut = (n: number): WinogradCut => ({ ...cut, slices: { count: 1, size: n, last: n } });
  const ownBytes = (n: number) => winogradThreadBytes(step.op, g, sampleCut(n));
  const kernel = winogradBenchmark(step, cut.slices, step.scratchBytes, ownBytes, (sample, n) =>
    stagesOf(scope, sample, { ...g, n }, sampleCut(n), parts),
  );
  const plan = { stages: [...stages.before, stages.compute], scratchBytes: 0, threadScratchBytes: 0 };
  return { kernel: { ...kernel, slices: cut.slices.size / slices.size }, plan };
}

/**
 * Into how many parts a slice of one image is cut: each reads all transformed windows, and products of few tiles are slow
 * (ResNet-18, one image, one thread: 26.7 ms with eight parts wherever there are as many rows of tiles, 24.0 ms with two).
 */
function partsOf({ op }: OnednnStep, g: ConvGeometry): number {
  const tiles = tilesOf(winogradConvolution(op, g), 1);
  return Math.min(blocksPerImage(g), Math.max(2, Math.floor(tiles / PART_TILES)));
}

function stagesOf(scope: DnnlScope, step: OnednnStep, g: ConvGeometry, cut: WinogradCut, parts: number) {
  const turned = step.op === "conv2dInputGradient";
  const convolution = winogradConvolution(step.op, g);
  if (windowPlaces(convolution).bytes > step.scratchBytes) return null;
  const compute = computeStage(scope, step, convolution, cut, parts);
  return compute && { before: windowStages(scope, step, convolution, turned), compute };
}

/** The weight [O, C, k, k] as [k, k, C, O], turned around for the gradient, then as planes [C, O]. */
function windowStages(
  scope: DnnlScope,
  { base }: OnednnStep,
  convolution: WinogradConvolution,
  turned: boolean,
): KernelStage[] {
  const { c, o, window } = convolution;
  const places = windowPlaces(convolution);
  const [column, row] = [c * o, window * c * o];
  const dims = turned ? [c, o, window, window] : [o, c, window, window];
  const reordered = scope.descriptor(dims, "float32", turned ? [o, 1, row, column] : [1, o, row, column]);
  const stored = scope.descriptor(dims, "float32");
  const parts = split(c, WINDOW_UNITS);
  const direction = turned ? -1 : 1;
  const first = turned ? window * row - column : 0;
  const copied = reorderStage(scope, stored, reordered, (copy, { inputs, scratch }) =>
    copy(base + inputs[1], base + scratch + places.windows),
  );
  return [
    { ...copied, packs: true },
    {
      units: parts.units,
      packs: true,
      run(exports, { scratch, threadScratch }, begin, end) {
        const from = begin * parts.size;
        const channels = (Math.min(c, end * parts.size) - from) * o;
        exports.winogradEvaluate(
          ...[convolution.tile, scratch + places.windows + (first + from * o) * 4, 0],
          ...[direction * row * 4, direction * column * 4, channels * 4],
          ...[window, window, window, 1, 1, 0, 1],
          ...[scratch + places.planes + from * o * 4, 0, planeBytes(c * o), 1, threadScratch],
        );
      },
    },
  ];
}

/**
 * Transforms the images of each slice, multiplies and gathers, a chunk of tiles at a time. A unit is a block of output
 * channels of a slice, or of a part of it; those that a thread has share the transformed images.
 *
 * @param wanted - into how many parts, of whole rows of tiles, a slice of one image is cut.
 */
function computeStage(
  scope: DnnlScope,
  { base, inputs, attributes }: OnednnStep,
  convolution: WinogradConvolution,
  { slices, block, blocks }: WinogradCut,
  wanted: number,
): KernelStage | null {
  const { c, o, h, w, oh, ow, step, tilesDown, tilesAcross } = convolution;
  const atOnce = tilesAtOnce(convolution, slices.size, block);
  const rows = split(tilesDown * slices.size, wanted);
  const partTiles = rows.size * tilesAcross;
  const tileCounts = [slices.size, slices.last].flatMap((images) => {
    const tiles = tilesOf(convolution, images);
    return [Math.min(tiles, partTiles), tiles - Math.floor((tiles - 1) / partTiles) * partTiles];
  });
  const products = productsOf(scope, convolution, tileCounts, atOnce, block);
  if (products === null) return null;
  const places = threadPlaces({ ...convolution, o: block }, atOnce);
  const planes = windowPlaces(convolution).planes;
  const activation = activationCode(attributes) ?? 0;
  // The others would need their code in the innermost loop.
  const gathered = activation === RELU ? RELU : 0;
  const hasBias = inputs.length > 2;
  const units = slices.count * rows.units * blocks;
  return {
    units,
    run(exports, { inputs: from, outputs: to, scratch, threadScratch }, begin, end) {
      const at = (place: number) => base + threadScratch + place;
      for (let unit = begin, next: number; unit < end; unit = next) {
        const whole = Math.floor(unit / blocks);
        next = Math.min(end, (whole + 1) * blocks);
        const [i, part] = [Math.floor(whole / rows.units), whole % rows.units];
        const isLast = i === slices.count - 1;
        const tiles = tilesOf(convolution, isLast ? slices.last : slices.size);
        const last = Math.min(tiles, (part + 1) * partTiles);
        const x = from[0] + i * slices.size * h * w * c * 4;
        const y = to[0] + i * slices.size * oh * ow * o * 4;
        const channels = Array.from({ length: next - unit }, (_, u) => {
          const channel = (unit + u - whole * blocks) * block;
          return { channel, outputs: Math.min(block, o - channel) };
        });
        for (let first = part * partTiles; first < last; first += atOnce) {
          const count = Math.min(atOnce, last - first);
          const chunk = { first, count, scratch: threadScratch };
          const images = { address: at(places.images), planeBytes: planeBytes(count * c) };
          analyseImages(exports, convolution, x, chunk, threadScratch + places.images);
          for (const { channel, outputs } of channels) {
            const windows = { address: base + scratch + planes + channel * 4, planeBytes: planeBytes(c * o) };
            const results = { address: at(places.results), planeBytes: planeBytes(count * outputs) };
            products(count, outputs)(images, windows, results);
            exports.winogradGather(
              ...[convolution.tile, threadScratch + places.results],
              ...[outputs * 4, results.planeBytes, convolution.step],
              ...[convolution.tilesDown, convolution.tilesAcross, first, count],
              ...[y + channel * 4, oh * ow * o * 4, ow * o * 4, o * 4, outputs * 4, oh, ow],
              ...[hasBias ? from[2] + channel * 4 : 0, gathered, 0, threadScratch],
            );
          }
        }
        if (activation === gathered) continue;
        // Rows of the result: of whole images, or those of one image's part.
        const images = isLast ? slices.last : slices.size;
        const top = rows.units === 1 ? 0 : part * rows.size * step;
        const bottom = rows.units === 1 ? images * oh : Math.min(oh, top + rows.size * step);
        for (const { channel, outputs } of channels) {
          const place = y + (top * ow * o + channel) * 4;
          exports.biasActivation(place, o * 4, (bottom - top) * ow, outputs, 0, activation);
        }
      }
    },
  };
}

/** A run of tiles, and where its transform may keep numbers. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly scratch: number;
}

/** The tiles of a chunk, transformed, at `to`. */
export function analyseImages(
  exports: KernelExports,
  { c, h, w, padY, padX, tile, step, tilesDown, tilesAcross }: WinogradConvolution,
  x: number,
  { first, count, scratch }: Chunk,
  to: number,
): void {
  exports.winogradAnalyse(
    ...[tile, x, c * 4, h, w, padY, padX, step, tilesDown, tilesAcross, first, count],
    ...[to, planeBytes(count * c), scratch],
  );
}

/** Products of a chunk's tiles with the windows of some output channels, for each size of the two that there is. */
function productsOf(
  scope: DnnlScope,
  { planes, c, o }: WinogradConvolution,
  tileCounts: readonly number[],
  atOnce: number,
  block: number,
): ((count: number, outputs: number) => PlaneGemms) | null {
  const made = new Map<number, PlaneGemms>();
  for (const count of chunkSizes(tileCounts, atOnce)) {
    for (const outputs of new Set([block, o % block || block])) {
      const products = planeGemms(scope, planes, [count, c, outputs], { pitch: o });
      if (products === null) return null;
      made.set(count * o + outputs, products);
    }
  }
  return (count, outputs) => made.get(count * o + outputs) as PlaneGemms;
}

/** The numbers of tiles of a chunk, of runs of tiles of these lengths: most are full, the last may not be. */
export function chunkSizes(tileCounts: readonly number[], atOnce: number): Set<number> {
  const sizes = new Set<number>();
  for (const tiles of tileCounts) {
    if (tiles >= atOnce) sizes.add(atOnce);
    if (tiles % atOnce !== 0) sizes.add(tiles % atOnce);
  }
  return sizes;
}
