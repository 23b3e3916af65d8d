/**
 * The book's running means, counted inside the training program: a step adds its loss and its right answers
 * to four numbers that stay in the engine, and nothing is read back until someone wants to see them.
 */
import type { TypedArray } from "../base/dtype.ts";
import { argmax, eq, isnan, logicalAnd, lt, mul, sum, where } from "../tensor/functions/index.ts";
import { executor } from "../tensor/runtime.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { constantValue } from "../graph/node.ts";

export interface RunningFigures {
  /** Mean over the examples so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly examples: number;
  /** First step whose loss was not a number; -1 while there is none. */
  readonly firstBadStep: number;
}

export class RunningTotals {
  /** Sum of losses, right answers, examples; 64-bit, so that 60,000 small losses add up. */
  private readonly lossSum = float64(0);
  private readonly correct = float64(0);
  private readonly firstBad = float64(-1);
  private examples = 0;

  /** Adds a step. Call inside `noGrad`, before the step is submitted. */
  add(loss: Tensor, output: Tensor, target: Tensor, step: number): void {
    const count = target.size(0);
    this.examples += count;
    const wide = loss.detach().to("float64");
    this.lossSum.add_(mul(wide, scalar(count)));
    if (isClassification(output, target)) {
      const right = sum(eq(argmax(output.detach(), 1), target));
      this.correct.add_(right.to("float64"));
    }
    const bad = logicalAnd(isnan(wide.sub(wide)), lt(this.firstBad, scalar(0)));
    this.firstBad.assign(where(bad, scalar(step), this.firstBad).value);
  }

  /** The means so far. Waits for the steps under way. */
  async read(): Promise<RunningFigures> {
    const [loss, correct, bad] = await Promise.all([this.lossSum.item(), this.correct.item(), this.firstBad.item()]);
    return { loss: loss / this.examples, accuracy: correct / this.examples, examples: this.examples, firstBadStep: bad };
  }

  /** Starts a new epoch. */
  reset(): void {
    this.load({ lossSum: 0, correct: 0, firstBad: -1, examples: 0 });
  }

  async save(): Promise<Record<string, number>> {
    const [lossSum, correct, firstBad] = await Promise.all([this.lossSum.item(), this.correct.item(), this.firstBad.item()]);
    return { lossSum, correct, firstBad, examples: this.examples };
  }

  load(saved: Record<string, number>): void {
    for (const name of ["lossSum", "correct", "firstBad"] as const) this[name].assign(scalar(saved[name]).value);
    this.examples = saved.examples;
    executor().submit([]);
  }
}

/** Whether the outputs are logits [N, classes] and the targets class numbers [N]. */
function isClassification(output: Tensor, target: Tensor): boolean {
  return output.ndim === 2 && target.ndim === 1 && target.dtype !== "float32" && target.dtype !== "float64";
}

/** A number that is another at each step: an input of the program. */
function scalar(value: number): Tensor {
  return new Tensor(constantValue(Float64Array.of(value) as TypedArray, [], "float64"));
}

function float64(value: number): Tensor {
  return fromTypedArray(Float64Array.of(value), [], "float64");
}
