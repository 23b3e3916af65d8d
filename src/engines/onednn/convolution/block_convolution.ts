/** An algorithm of the library on the blocks of an image (`convolution_blocks.ts`). */
import type { KernelStage } from "../../cpu/kernel.ts";
import { aligned } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { DnnlScope } from "../library/dnnl.ts";
import { ELEMENT_BYTES } from "../library/dnnl_constants.ts";
import { copier, elementOf, type OnednnStep, type SliceKernel, type Variant } from "../onednn_step.ts";
import { type Algorithm, imageBytes, pitchOf } from "./convolution_algorithms.ts";
import { type Block, blockKey } from "./convolution_blocks.ts";
import { chooseWeights, describeSlice, kernelFrom, type WeightLayout } from "./convolution_kernel.ts";

/** What a block needs at a run: bytes from the addresses of the image, the result and the weights to its own. */
interface BlockWork {
  readonly kernel: SliceKernel;
  readonly weights: WeightLayout;
  readonly from: number;
  readonly to: number;
  readonly bias: number;
  /** Of its weights as they are stored, and as the kernel reads them. */
  readonly stored: number;
  readonly packed: number;
}

export function blockVariant(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  blocks: readonly Block[],
  algorithm: Algorithm,
): Variant | null {
  const works = worksOf(scope, step, blocks, algorithm);
  if (works === null) return null;
  const { base, inputs } = step;
  const element = elementOf(inputs[0].dtype);
  const [fromBytes, toBytes] = [imageBytes(g, "source", element), imageBytes(g, "result", element)];
  const [{ weights }] = works;
  const hasBias = inputs.length > 2;
  const runBlock = (work: BlockWork, x: number, weight: number, y: number, bias: number) => {
    const at = weight + (weights.packed ? work.packed : work.stored);
    if (hasBias) work.kernel.run(x + work.from, at, y + work.to, bias + work.bias);
    else work.kernel.run(x + work.from, at, y + work.to);
  };
  const compute: KernelStage = {
    units: g.n * works.length,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const weight = base + (weights.packed ? scratch : from[1]);
      for (let unit = begin; unit < end; unit++) {
        const image = Math.floor(unit / works.length);
        const [x, y] = [base + from[0] + image * fromBytes, base + to[0] + image * toBytes];
        runBlock(works[unit % works.length], x, weight, y, hasBias ? base + from[2] : 0);
      }
    },
  };
  const biasBytes = hasBias ? [g.o * g.groups * 4] : [];
  const kernel: SliceKernel = {
    bytes: [fromBytes, step.scratchBytes, toBytes, ...biasBytes],
    run(x, weight, y, bias = 0) {
      for (const work of works) runBlock(work, x, weight, y, bias);
    },
  };
  const stages = [...packStage(scope, step, works), compute];
  return { kernel, plan: { stages, scratchBytes: 0, threadScratchBytes: 0 } };
}

/** Kernels and places of the blocks; null if the library has none for one of them, or the weights no room. */
function worksOf(
  scope: DnnlScope,
  step: OnednnStep,
  blocks: readonly Block[],
  algorithm: Algorithm,
): readonly BlockWork[] | null {
  const { inputs } = step;
  const pixel = ELEMENT_BYTES[elementOf(inputs[0].dtype)];
  const weightElement = ELEMENT_BYTES[elementOf(inputs[1].dtype)];
  const biasElement = inputs.length > 2 ? ELEMENT_BYTES[elementOf(inputs[2].dtype)] : 0;
  const made = new Map<string, { readonly kernel: SliceKernel; readonly weights: WeightLayout }>();
  const works: BlockWork[] = [];
  let packed = 0;
  let shared: WeightLayout | undefined;
  for (const block of blocks) {
    const { g, fromRow, toRow, channel } = block;
    let found = made.get(blockKey(block));
    if (found === undefined) {
      const describe = (layout: number) => describeSlice(scope, step, g, 1, algorithm, layout);
      // Rows of one image share the weights; blocks of channels have their own.
      const weights: WeightLayout | null =
        toRow > 0 && shared !== undefined
          ? shared
          : chooseWeights(scope, step, g, algorithm, (layout) => describe(layout)?.description ?? null);
      const described = weights && describe(weights.layout);
      if (weights === null || described === null) return null;
      shared ??= weights;
      if (weights.packed !== shared.packed) return null;
      found = { kernel: kernelFrom(scope, step, g, 1, described, weights.layout), weights };
      made.set(blockKey(block), found);
    }
    const bytes = aligned(scope.bytesOf(found.weights.layout));
    const first = toRow === 0;
    works.push({
      ...found,
      from: fromRow * g.w * g.c * g.groups * pixel,
      to: (toRow * g.ow * pitchOf(g) + channel) * pixel,
      bias: channel * biasElement,
      stored: channel * g.c * g.kh * g.kw * weightElement,
      packed: first ? packed : 0,
    });
    if (first) packed += bytes;
  }
  return packed <= step.scratchBytes ? works : null;
}

/** Brings the weights into their layout: those of each block of channels, or the whole for blocks of rows. */
function packStage(scope: DnnlScope, { base }: OnednnStep, works: readonly BlockWork[]): KernelStage[] {
  if (!works[0].weights.packed) return [];
  const copies = works
    .filter((work, i) => i === 0 || work.packed > 0)
    .map(({ weights: { plain, layout }, stored, packed }) => {
      const copy = copier(scope, plain, layout);
      return (from: number, to: number) => copy(from + stored, to + packed);
    });
  return [
    {
      units: copies.length,
      packs: true,
      run(_exports, { inputs, scratch }, begin, end) {
        for (let i = begin; i < end; i++) copies[i](base + inputs[1], base + scratch);
      },
    },
  ];
}
