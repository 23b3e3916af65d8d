/** Whether a loss is a mean over the examples of a batch, as running a batch in slices takes it to be. */
import { ArgumentError } from "../../base/errors.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { cat } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LossFunction } from "./fit_options.ts";
import { partOf } from "./micro_batches.ts";

/** How far the loss of a slice may be from the mean of its halves', relative to the largest of them. */
const TOLERANCE = 1e-3;

/** Losses of a slice and of its parts, with the parts' shares of the examples. */
export interface LossSample {
  readonly examples: number;
  /** The slice's, then those of two parts. */
  readonly losses: readonly [Tensor, Tensor, Tensor];
  /** The first part's share. */
  readonly share: number;
}

/** Records the losses that `requireMean` compares. A slice of one example is compared with two copies of it. */
export function sampleLosses(loss: LossFunction, output: Tensor, target: Tensor): LossSample {
  return noGrad(() => {
    const [o, y] = [output.detach(), target];
    const examples = y.size(0);
    if (examples === 1) {
      const one = loss(o, y);
      return { examples: 2, losses: [loss(cat([o, o], 0), cat([y, y], 0)), one, one], share: 0.5 };
    }
    const half = Math.floor(examples / 2);
    const of = (from: number, to: number) => loss(partOf(o, from, to), partOf(y, from, to));
    return { examples, losses: [loss(o, y), of(0, half), of(half, examples)], share: half / examples };
  });
}

/** @throws ArgumentError if the slice's loss is not the mean of its parts', weighed by their examples. */
export async function requireMean({ examples, losses, share }: LossSample): Promise<void> {
  const [all, first, second] = await Promise.all(losses.map((loss) => loss.item()));
  const expected = share * first + (1 - share) * second;
  const size = Math.max(...[all, first, second].map(Math.abs));
  // Training itself says if a loss is not a number.
  if (!Number.isFinite(size) || Math.abs(all - expected) <= TOLERANCE * size) return;
  throw new ArgumentError(
    `fit: a batch is run in slices, for which \`loss\` must be a mean over its examples; on ${examples} examples it gave ` +
      `${all}, on the first and second half ${first} and ${second}. Give it reduction "mean" without class weights, ` +
      "or use a batch that fits the memory whole",
  );
}
