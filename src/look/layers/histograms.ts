/** How the weights of each layer are spread, and their gradients. */
import { numbersOf } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Module } from "../../nn/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { enableGrad, grad } from "../../tensor/autograd.ts";
import { crossEntropy } from "../../tensor/functions/nn/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scoresOf } from "../class_score.ts";
import { finiteRange } from "../heat_map.ts";
import { inEvaluation } from "../layer_calls.ts";

/** How numbers are spread. */
export interface NumberHistogram {
  /** The ends of the first and of the last interval; all are of one length. */
  readonly low: number;
  readonly high: number;
  /** Numbers in each interval. Those that are not finite are in none. */
  readonly counts: readonly number[];
  readonly mean: number;
  /** Standard deviation. */
  readonly std: number;
}

/** Of one parameter. */
export interface ParameterHistograms {
  /** Its path, such as `0.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly weights: NumberHistogram;
  /** Null if none were asked for, or the loss does not depend on the parameter. */
  readonly gradients: NumberHistogram | null;
}

/** What `histograms` takes beside the network. */
export interface HistogramsOptions {
  /** Intervals. Default 40. */
  readonly bins?: number;
  /** Images [N, C, H, W] and labels [N]: then the gradients of their cross entropy are counted, too. */
  readonly batch?: readonly [images: Tensor, labels: Tensor];
}

/**
 * How the weights of each parameter are spread, and the gradients of a batch's cross entropy by them. The network is in
 * evaluation mode meanwhile, and no parameter's `grad` is touched.
 *
 * @throws ArgumentError for a number of bins that is not an integer above 0; ShapeError for images that the network does
 * not take.
 * @example
 * ```ts
 * import { histograms } from "convoyant/look";
 * const [first] = await histograms(models.lenet(), { batch: [rand(4, 1, 28, 28), randint(0, 10, [4])] });
 * first.name; // "0.weight"
 * first.weights.counts.reduce((a, b) => a + b); // 150
 * ```
 */
export async function histograms(
  net: Module,
  { bins = 40, batch }: HistogramsOptions = {},
): Promise<ParameterHistograms[]> {
  if (!Number.isInteger(bins) || bins < 1)
    throw new ArgumentError(
      `histograms: expected \`bins\` to be an integer of at least 1, got ${shownValue(bins)}`,
    );
  const parameters = net.namedParameters();
  const gradients = batch === undefined ? [] : gradientsOf(net, batch);
  defaultSession().submit(gradients.flatMap((gradient) => gradient?.value ?? []));
  const found: ParameterHistograms[] = [];
  for (const [i, [name, parameter]] of parameters.entries()) {
    const gradient = gradients[i] ?? null;
    found.push({
      name,
      shape: parameter.shape,
      weights: histogram(await numbers(parameter), bins),
      gradients: gradient === null ? null : histogram(await numbers(gradient), bins),
    });
  }
  return found;
}

/** Also of parameters that are frozen. */
function gradientsOf(net: Module, [images, labels]: readonly [Tensor, Tensor]): (Tensor | null)[] {
  const parameters = net.parameters();
  const frozen = parameters.filter((parameter) => !parameter.requiresGrad);
  for (const parameter of frozen) parameter.requiresGrad_(true);
  try {
    return enableGrad(() => {
      const scores = inEvaluation(net, () => scoresOf("histograms", net, images));
      return grad(crossEntropy(scores, labels), parameters, { allowUnused: true });
    });
  } finally {
    for (const parameter of frozen) parameter.requiresGrad_(false);
  }
}

async function numbers(tensor: Tensor): Promise<ArrayLike<number>> {
  return Array.from(numbersOf(tensor.dtype, await defaultSession().fetch(tensor.value)), Number);
}

/** Counts numbers in intervals of one length between the lowest and the highest. */
export function histogram(values: ArrayLike<number>, bins: number): NumberHistogram {
  const [low, high] = finiteRange(values);
  const counts = new Array<number>(bins).fill(0);
  let [count, sum, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    counts[Math.min(bins - 1, Math.floor(share * bins))]++;
    count++;
    sum += value;
  }
  const mean = count === 0 ? 0 : sum / count;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
  return { low, high, counts, mean, std: count === 0 ? 0 : Math.sqrt(squares / count) };
}
