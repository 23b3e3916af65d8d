/**
 * The gradient of a convolution by its weight by Winograd's algorithm: with transformed images V and transformed gradients
 * Z of the result, a plane of the sums is V^T Z over all tiles of a slice, and the planes are gathered into windows
 * [k, k, C, O]: the partial sum of the slice.
 */
import type { KernelExports, KernelStage } from "../../cpu/kernel.ts";
import { aligned } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import {
  forwardConvolution,
  planeBytes,
  tilesOf,
  type WinogradConvolution,
} from "../../cpu/shapes/winograd_tiles.ts";
import type { DnnlScope } from "../library/dnnl.ts";
import type { OnednnStep, Slices } from "../onednn_step.ts";
import { winogradBenchmark } from "../tuning/winograd_benchmark.ts";
import { weightDims } from "./convolution_algorithms.ts";
import type { PartialSums } from "./onednn_convolution.ts";
import { analyseImages, type Chunk, chunkSizes } from "./winograd_convolution.ts";
import { type PlaneGemms, planeGemms } from "./winograd_gemms.ts";
import { type SumPlaces, sumPlaces, type ThreadPlaces } from "./winograd_shapes.ts";

/**
 * The algorithm, with the layout of its partial sums; null if it has no room or the library no product.
 *
 * @param slices - of the algorithms that it is compared with.
 * @param large - its own.
 */
export function winogradPartials(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  large: Slices,
): PartialSums | null {
  const { o, c, kh } = g;
  const layout = scope.descriptor([o, c, kh, kh], "float32", [1, o, kh * c * o, c * o]);
  const bytes = aligned(scope.bytesOf(layout));
  if (bytes * large.count > step.scratchBytes) return null;
  const stage = partialsStage(scope, step, g, large, bytes);
  if (stage === null) return null;
  const ownBytes = (n: number) => sumPlaces(forwardConvolution(g), n).bytes;
  const measured = winogradBenchmark(step, large, bytes, ownBytes, (sample, n) => {
    const compute = partialsStage(scope, sample, { ...g, n }, { count: 1, size: n, last: n }, bytes);
    return compute && { before: [], compute };
  });
  const kernel = { ...measured, slices: large.size / slices.size };
  return { kernel, layout, dims: weightDims(g), bytes, count: large.count, stage: () => stage };
}

/** A unit is a block of output channels of a slice; those of a slice that a thread has share its transformed images. */
function partialsStage(
  scope: DnnlScope,
  { base }: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  partialBytes: number,
): KernelStage | null {
  const convolution = forwardConvolution(g);
  const places = sumPlaces(convolution, slices.size);
  const { block, blocks } = places;
  const sums = sumsOf(scope, convolution, slices, places);
  if (sums === null) return null;
  const { c, o, h, w, oh, ow } = convolution;
  return {
    units: slices.count * blocks,
    run(exports, { inputs: from, scratch, threadScratch }, begin, end) {
      for (let unit = begin, next: number; unit < end; unit = next) {
        const i = Math.floor(unit / blocks);
        next = Math.min(end, (i + 1) * blocks, unit + places.atOnce);
        const tiles = tilesOf(convolution, i === slices.count - 1 ? slices.last : slices.size);
        const x = from[0] + i * slices.size * h * w * c * 4;
        const dy = from[1] + i * slices.size * oh * ow * o * 4;
        const output = (u: number) => (u - i * blocks) * block;
        const outputs = (u: number) => Math.min(block, o - output(u));
        const sumsAt = (u: number) => places.sums + (u - unit) * places.sumBytes;
        for (let first = 0; first < tiles; first += places.tiles) {
          const chunk = { first, count: Math.min(places.tiles, tiles - first), scratch: threadScratch };
          analyseImages(exports, convolution, x, chunk, threadScratch + places.images);
          for (let u = unit; u < next; u++) {
            evaluateGradients(exports, convolution, dy + output(u) * 4, outputs(u), chunk, places);
            sums(base + threadScratch, chunk, outputs(u), sumsAt(u));
          }
        }
        for (let u = unit; u < next; u++) {
          const to = scratch + i * partialBytes + output(u) * 4;
          gatherWindows(exports, convolution, threadScratch, sumsAt(u), outputs(u), to);
        }
      }
    },
  };
}

/** Some channels of dy at the tiles of a chunk, transformed. */
function evaluateGradients(
  exports: KernelExports,
  { o, oh, ow, tile, step, tilesDown, tilesAcross }: WinogradConvolution,
  dy: number,
  outputs: number,
  { first, count, scratch }: Chunk,
  { results }: ThreadPlaces,
): void {
  exports.winogradEvaluate(
    ...[tile, dy, oh * ow * o * 4, ow * o * 4, o * 4, outputs * 4, oh, ow, step],
    ...[tilesDown, tilesAcross, first, count],
    ...[scratch + results, outputs * 4, planeBytes(count * outputs), 0, scratch],
  );
}

/** The planes of the sums of some output channels, as windows [k, k, C, O]. */
function gatherWindows(
  exports: KernelExports,
  { c, o, tile, window }: WinogradConvolution,
  scratch: number,
  sums: number,
  outputs: number,
  to: number,
): void {
  // Each input channel is an image of k by k pixels for itself.
  exports.winogradGather(
    ...[tile, scratch + sums, outputs * 4, planeBytes(c * outputs), window, 1, 1, 0, c],
    ...[to, o * 4, window * c * o * 4, c * o * 4, outputs * 4, window, window],
    ...[0, 0, 1, scratch],
  );
}

type Sums = (scratch: number, chunk: Chunk, outputs: number, place: number) => void;

/** Sets the sums to the products of a slice's first chunk, and adds those of the others. */
function sumsOf(
  scope: DnnlScope,
  convolution: WinogradConvolution,
  slices: Slices,
  places: SumPlaces,
): Sums | null {
  const { c, o } = convolution;
  const made = new Map<string, PlaneGemms>();
  const key = (count: number, outputs: number, added: boolean) => `${count} ${outputs} ${added}`;
  for (const count of chunkSizes(
    [slices.size, slices.last].map((images) => tilesOf(convolution, images)),
    places.tiles,
  )) {
    for (const outputs of new Set([places.block, o % places.block || places.block])) {
      for (const added of [false, true]) {
        const products = planeGemms(scope, convolution.planes, [c, count, outputs], {
          transposed: true,
          added,
        });
        if (products === null) return null;
        made.set(key(count, outputs, added), products);
      }
    }
  }
  return (scratch, { first, count }, outputs, place) => {
    const products = made.get(key(count, outputs, first > 0)) as PlaneGemms;
    products(
      { address: scratch + places.images, planeBytes: planeBytes(count * c) },
      { address: scratch + places.results, planeBytes: planeBytes(count * outputs) },
      { address: scratch + place, planeBytes: planeBytes(c * outputs) },
    );
  };
}
