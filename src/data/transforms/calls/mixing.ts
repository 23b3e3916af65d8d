/** The calls that mix the images and labels of a batch. */
import { requireRange } from "../../../base/params/argument_kinds.ts";
import { type ArgumentsOf, parameterTable } from "../../../base/params/arguments.ts";
import { printItself } from "../../../base/printed_form.ts";
import { drawSeed } from "../../../tensor/random_state.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { toArray, toTensor } from "../../to_tensors.ts";
import { type MixContext, type MixSpec, mixBatch } from "../mix_batch.ts";
import { integerWithin, probabilityOf } from "./checks.ts";

/** What `MixUp` and `CutMix` take. */
export interface MixSettings {
  /** Of Beta(alpha, alpha), by which the share is drawn: small ones leave images nearly as they are. @default 1 */
  alpha?: number;
  /** Number of classes; null if labels are rows of probabilities already. @default null */
  numClasses?: number | null;
  /** Probability that a batch is mixed; of one that is not, only the labels become rows of probabilities. @default 1 */
  p?: number;
}

/**
 * Mixes a batch: gives images, and labels [N, classes] in float32, as `crossEntropy` takes them. Without a context the
 * share follows `manualSeed`.
 */
export interface BatchMix {
  (images: Tensor, labels: Tensor, context?: Partial<MixContext>): Promise<[Tensor, Tensor]>;
  /** What it does, as plain data. */
  readonly spec: MixSpec;
  /** As in PyTorch's printed form. */
  toString(): string;
}

function mixTable(kind: MixSpec["kind"]) {
  return parameterTable<MixSettings>(kind)(
    ["alpha?", "numClasses?", "p?"],
    (alpha = 1, numClasses = null, p = 1): MixSpec => {
      requireRange(kind, "alpha", alpha, (x) => Number.isFinite(x) && x > 0, "a number above 0");
      return {
        kind,
        alpha,
        numClasses: numClasses === null ? null : integerWithin(numClasses, kind, "numClasses", 1),
        p: probabilityOf(p, kind),
      };
    },
  );
}

const MIX_UP = mixTable("MixUp");
const CUT_MIX = mixTable("CutMix");

function mixer(spec: MixSpec): BatchMix {
  const call = async (images: Tensor, labels: Tensor, given: Partial<MixContext> = {}) => {
    const { seed = drawSeed(null), epoch = 0, batch = 0 } = given;
    const parts = await Promise.all([toArray(images), toArray(labels)]);
    const mixed = mixBatch(parts, { mixes: [spec], context: { seed, epoch, batch } });
    return mixed.map(toTensor) as [Tensor, Tensor];
  };
  printItself(call, () => `${spec.kind}(alpha=${spec.alpha}, numClasses=${spec.numClasses}, p=${spec.p})`);
  return Object.assign(call, { spec });
}

/**
 * A weighted mean of each image and the one before it in the batch, and of their labels: lambda x + (1 - lambda) x',
 * lambda by Beta(alpha, alpha), one for the batch. Shuffle the batches; a loader does it with `mix`.
 *
 * Source: H. Zhang et al., "mixup: beyond empirical risk minimization", 2018.
 *
 * @throws ArgumentError for bad settings, and for class numbers without `numClasses`.
 * @example
 * ```ts
 * const mix = data.transforms.MixUp({ alpha: 0.2, numClasses: 10 });
 * const [images, labels] = await mix(rand(4, 3, 8, 8), tensor([1, 2, 3, 4]));
 * labels.shape; // [4, 10]
 * ```
 */
export function MixUp(...args: ArgumentsOf<typeof MIX_UP>): BatchMix {
  return mixer(MIX_UP.bind(args));
}

/**
 * Each image with a rectangle of the one before it in the batch; labels are mixed by area. The rectangle is one for the
 * batch, of 1 - lambda of the image, lambda by Beta(alpha, alpha). Shuffle the batches.
 *
 * Source: S. Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable features", 2019.
 *
 * @throws ArgumentError for bad settings, and for class numbers without `numClasses`.
 * @example
 * ```ts
 * const mix = data.transforms.CutMix({ numClasses: 10 });
 * const [images, labels] = await mix(rand(4, 3, 8, 8), tensor([1, 2, 3, 4]));
 * images.shape; // [4, 3, 8, 8]
 * ```
 */
export function CutMix(...args: ArgumentsOf<typeof CUT_MIX>): BatchMix {
  return mixer(CUT_MIX.bind(args));
}
