/** How often a network fails to get going, which NiN does at the chapter's learning rate. */

import type { MetricsPoint } from "../../records/run_record.ts";
import { formatMetric } from "../../report/number_text.ts";
import { markdownTable } from "../markdown_table.ts";
import { precisionOf, type TrainedRun } from "../series_run.ts";
import type { PytorchRecord } from "./reproduction_pytorch.ts";

/** ln 10 = 2.303 is the loss of a network that gives every class the same probability. */
export function isStuck(loss: number | null): boolean {
  return loss === null || !(loss < 2.29);
}

/** Mean loss between the last two points; the points themselves are means since the epoch began. */
export function lastLoss(points: readonly MetricsPoint[]): number {
  const [before, last] = points.slice(-2);
  if (last === undefined) return before?.trainLoss ?? Number.NaN;
  const [n, m] = [before.epoch % 1 || 1, last.epoch % 1 || 1];
  return m > n ? (last.trainLoss * m - before.trainLoss * n) / (m - n) : last.trainLoss;
}

interface Start {
  readonly seed: number;
  readonly steps: number | null;
  /** Null if it is not a number. */
  readonly loss: number | null;
}

/** The rate of failed starts compared with PyTorch's; empty if there are no starts. */
export function startsSection(starts: readonly TrainedRun[], records: readonly PytorchRecord[]): string {
  const done = starts.filter((run) => run.failure !== null || (run.metrics?.epochs ?? 0) >= 1);
  const kindOf = (run: TrainedRun) => `${run.config.model} in ${precisionOf(run)}`;
  return [...new Set(done.map(kindOf))]
    .map((kind) => {
      const ours = done.filter((run) => kindOf(run) === kind).map(ownStart);
      const theirs = baselineStarts(
        records.filter((record) => `${record.net} in ${record.precision}` === kind),
      );
      const beside = theirs.length === 0 ? "" : ` (PyTorch's: ${failedOf(theirs)})`;
      const table = markdownTable(
        ["", "seed", "steps", "mean loss of the last fifth", ""],
        [...ours.map((start) => row("Convoyant", start)), ...theirs.map((start) => row("PyTorch", start))],
      );
      return `## Starts of ${kind}\n\nStill at 2.30, or NaN: ${failedOf(ours)} starts${beside}.\n\n${table}`;
    })
    .join("\n\n");
}

function ownStart({ config, failure, points }: TrainedRun): Start {
  return {
    seed: config.seed,
    steps: config.limitBatches,
    loss: failure === null ? lastLoss(points) : null,
  };
}

function baselineStarts(records: readonly PytorchRecord[]): Start[] {
  return records
    .flatMap(({ seed, steps, lastLoss: loss = null }) => (steps === undefined ? [] : [{ seed, steps, loss }]))
    .sort((a, b) => a.seed - b.seed);
}

function failedOf(starts: readonly Start[]): string {
  return `${starts.filter(({ loss }) => isStuck(loss)).length} of ${starts.length}`;
}

function row(whose: string, { seed, steps, loss }: Start): string[] {
  return [whose, `${seed}`, `${steps}`, lossText(loss), isStuck(loss) ? "failed" : "learns"];
}

function lossText(loss: number | null): string {
  return loss === null ? "NaN" : formatMetric(loss);
}
