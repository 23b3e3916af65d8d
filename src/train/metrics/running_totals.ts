/**
 * The book's running means, counted inside the training program: a step adds its loss and its correct predictions
 * to four numbers that stay in the engine, and nothing is read back until someone wants to see them.
 */
import { isFloating, numbersOf, type TypedArray } from "../../base/dtype.ts";
import { sameShape } from "../../base/shape.ts";
import { constantValue } from "../../graph/node.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { argmax, eq, isnan, logicalAnd, lt, mul, sum, where } from "../../tensor/functions/index.ts";
import { fromTypedArray, Tensor } from "../../tensor/tensor.ts";
import type { MetricFunctions } from "../loop/fit_options.ts";
import { areDistributions, hardLabels } from "./soft_labels.ts";

/** Before a metric's name among the sums. */
const METRIC = "metric ";

export interface RunningMetrics {
  /** Mean over the examples so far. */
  readonly loss: number;
  /** NaN if the network is not a classifier. */
  readonly accuracy: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly examples: number;
  /** First step whose loss was not a number; -1 while there is none. */
  readonly firstBadStep: number;
}

export class RunningTotals {
  /** Sum of losses, correct predictions, examples; 64-bit, so that 60,000 small losses add up. */
  private readonly lossSum = float64(0);
  private readonly correct = float64(0);
  private readonly firstBad = float64(-1);
  private readonly metrics: readonly {
    readonly name: string;
    readonly of: MetricFunctions[string];
    readonly sum: Tensor;
  }[];
  private examples = 0;
  private counted = false;

  /** @param metrics - further metrics of a batch, each a mean over its examples. */
  constructor(metrics: MetricFunctions = {}) {
    this.metrics = Object.entries(metrics).map(([name, of]) => ({ name, of, sum: float64(0) }));
  }

  /**
   * Adds a step, or a slice of its batch. Call inside `noGrad`, before it is submitted; then `count` what was sent:
   * a run that is refused leaves the sums as they are.
   */
  add(loss: Tensor, output: Tensor, target: Tensor, step: number): void {
    this.addSums(this.sumsOf(loss, output, target), step);
  }

  /** What a part of a batch adds to each total: its loss, its correct predictions, its metrics. */
  sumsOf(loss: Tensor, output: Tensor, target: Tensor): Tensor[] {
    const count = scalar(target.size(0));
    const means = this.metrics.map(({ of }) => mul(of(output.detach(), target).to("float64"), count));
    this.counted = isClassification(output, target);
    const right = this.counted ? sum(eq(argmax(output.detach(), 1), hardLabels(target))) : scalar(0);
    return [mul(loss.detach().to("float64"), count), right.to("float64"), ...means];
  }

  /**
   * Adds what `sumsOf` has given, of one part or of several together.
   *
   * @param step - its number, or that as a 64-bit float.
   */
  addSums([loss, right, ...means]: readonly Tensor[], step: number | Tensor): void {
    this.lossSum.add_(loss);
    if (this.counted) this.correct.add_(right);
    for (const [i, { sum: total }] of this.metrics.entries()) total.add_(means[i]);
    const bad = logicalAnd(isnan(loss.sub(loss)), lt(this.firstBad, scalar(0)));
    this.firstBad.assign(where(bad, typeof step === "number" ? scalar(step) : step, this.firstBad).value);
  }

  /** Totals that a step adds to. */
  get width(): number {
    return 2 + this.metrics.length;
  }

  /** Whether there are metrics besides loss and accuracy. */
  get hasOwnMetrics(): boolean {
    return this.metrics.length > 0;
  }

  /** Adds to the number of examples. */
  count(examples: number): void {
    this.examples += examples;
  }

  /** The means so far. Waits for the steps under way. */
  async read(): Promise<RunningMetrics> {
    const { lossSum, correct, firstBad, examples, counted: _counted, ...metrics } = await this.save();
    const mean = (total: number) => total / examples;
    return {
      loss: mean(lossSum),
      accuracy: this.counted ? mean(correct) : Number.NaN,
      metrics: Object.fromEntries(this.metrics.map(({ name }) => [name, mean(metrics[METRIC + name])])),
      examples,
      firstBadStep: firstBad,
    };
  }

  /** Starts a new epoch. */
  reset(): void {
    this.load({ lossSum: 0, correct: 0, firstBad: -1, examples: 0 });
  }

  /** What `load` takes: the sums, not the means. */
  async save(): Promise<Record<string, number>> {
    const tensors = this.tensors();
    const numbers = await Promise.all(tensors.map(([, tensor]) => tensor.item()));
    const sums = Object.fromEntries(tensors.map(([name], i) => [name, Number(numbers[i])]));
    return { ...sums, examples: this.examples, counted: Number(this.counted) };
  }

  load(saved: Record<string, number>): void {
    for (const [name, tensor] of this.tensors()) tensor.assign(scalar(saved[name] ?? 0).value);
    this.examples = saved.examples;
    // Steps that are not recorded do not find it out again.
    if (saved.counted !== undefined) this.counted = saved.counted === 1;
    defaultSession().submit([]);
  }

  private tensors(): [string, Tensor][] {
    const { lossSum, correct, firstBad } = this;
    return [
      ...Object.entries({ lossSum, correct, firstBad }),
      ...this.metrics.map(({ name, sum }): [string, Tensor] => [METRIC + name, sum]),
    ];
  }
}

/**
 * Whether the outputs are logits [N, classes] and the targets class labels [N]: integers, or floats (what a data set of
 * plain numbers gives) of which each is one of the classes. Or the targets are rows of probabilities [N, classes].
 */
export function isClassification(output: Tensor, target: Tensor): boolean {
  if (output.ndim !== 2) return false;
  const { dtype, data } = target.value;
  if (sameShape(output.shape, target.shape))
    return isFloating(dtype) && data !== null && areDistributions(numbersOf(dtype, data), output.shape[1]);
  if (target.ndim !== 1) return false;
  if (!isFloating(dtype)) return true;
  return data !== null && output.shape[1] > 1 && areLabels(numbersOf(dtype, data), output.shape[1]);
}

function areLabels(numbers: ArrayLike<number>, classes: number): boolean {
  for (let i = 0; i < numbers.length; i++)
    if (!(Number.isInteger(numbers[i]) && numbers[i] >= 0 && numbers[i] < classes)) return false;
  return true;
}

/** A number that is another at each step: an input of the program. */
function scalar(value: number): Tensor {
  return new Tensor(constantValue(Float64Array.of(value) as TypedArray, [], "float64"));
}

function float64(value: number): Tensor {
  return fromTypedArray(Float64Array.of(value), [], "float64");
}
