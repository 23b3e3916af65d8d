/** How losses are summed up. */
import { numel } from "../../../../base/shape.ts";
import type { Value } from "../../../../graph/node.ts";
import { constant } from "../../../../ops/creation.ts";
import { div } from "../../../../ops/elementwise/elementwise.ts";
import { sum } from "../../../../ops/reduction/reduction.ts";
import { inWideNumbers } from "../../../operands.ts";
import { oneOf } from "../arguments.ts";

/** Each loss by itself, their mean, or their sum. */
export type Reduction = "none" | "mean" | "sum";

/** What every loss takes last: PyTorch's deprecated pair, and `reduction`. */
export interface ReductionOptions {
  /** PyTorch's older form of `reduction`: false for the sum. @default null */
  sizeAverage?: boolean | null;
  /** PyTorch's older form of `reduction`: false for each loss by itself. @default null */
  reduce?: boolean | null;
  /** How the losses are summed up. @default "mean" */
  reduction?: Reduction;
}

/** The names of `ReductionOptions`, in PyTorch's order. */
export const REDUCTION_NAMES = ["sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?"] as const;

/** What `poissonNllLoss` takes behind its tensors, and its layer; PyTorch puts `eps` between the deprecated pair. */
export const POISSON_NAMES = [
  "logInput?:boolean",
  "full?:boolean",
  "sizeAverage?:boolean|null",
  "eps?:number",
  "reduce?:boolean|null",
  "reduction?",
] as const;

const REDUCTIONS = ["none", "mean", "sum"] as const;

/** The reduction that is asked for; `sizeAverage` and `reduce` are PyTorch's older way to say it. */
export function reductionOf(
  of: string,
  { sizeAverage = null, reduce = null, reduction = "mean" }: ReductionOptions,
): Reduction {
  if (sizeAverage === null && reduce === null) return oneOf(of, "reduction", reduction, REDUCTIONS);
  if (!(reduce ?? true)) return "none";
  return (sizeAverage ?? true) ? "mean" : "sum";
}

/** Losses summed up over all dimensions. */
export function reduced(losses: Value, reduction: Reduction): Value {
  if (reduction === "none") return losses;
  const total = (x: Value): Value =>
    sum(
      x,
      x.shape.map((_, d) => d),
    );
  if (reduction === "sum") return total(losses);
  return inWideNumbers(losses, (x) => div(total(x), constant(numel(x.shape), x.dtype)));
}
