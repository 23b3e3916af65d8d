/** How often a network fails to get going, which NiN does at the chapter's learning rate. */
import { formatFigure } from "../report/number_text.ts";
import type { MetricsPoint } from "../report/run_record.ts";
import { markdownTable } from "./markdown_table.ts";
import type { PytorchRecord } from "./reproduction_pytorch.ts";
import { precisionOf, type TrainedRun } from "./run_series.ts";

/** ln 10 = 2.303 is the loss of a network that gives every class the same chance. */
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

/** The rate of failed starts beside PyTorch's; empty where there are no starts. */
export function startsSection(starts: readonly TrainedRun[], records: readonly PytorchRecord[]): string {
  const done = starts.filter((run) => run.failure !== null || (run.figures?.epochs ?? 0) >= 1);
  const kindOf = (run: TrainedRun) => `${run.config.model} in ${precisionOf(run)}`;
  return [...new Set(done.map(kindOf))]
    .map((kind) => {
      const own = done.filter((run) => kindOf(run) === kind);
      const theirs = records.filter(
        (record) => `${record.net} in ${record.precision}` === kind && record.steps !== undefined,
      );
      const rows = own.map((run) => {
        const loss = run.failure === null ? lastLoss(run.points) : null;
        return [
          "Convoyant",
          `${run.config.seed}`,
          `${run.config.limitBatches}`,
          lossText(loss),
          isStuck(loss) ? "failed" : "learns",
        ];
      });
      const peers = theirs.map((record) => {
        const loss = record.lastLoss ?? null;
        return [
          "PyTorch",
          `${record.seed}`,
          `${record.steps}`,
          lossText(loss),
          isStuck(loss) ? "failed" : "learns",
        ];
      });
      const failed = (table: string[][]) =>
        `${table.filter((row) => row.at(-1) === "failed").length} of ${table.length}`;
      const beside = peers.length === 0 ? "" : ` (PyTorch's: ${failed(peers)})`;
      const table = markdownTable(
        ["", "seed", "steps", "mean loss of the last fifth", ""],
        [...rows, ...peers],
      );
      return `## Starts of ${kind}\n\nStill at 2.30, or NaN: ${failed(rows)} starts${beside}.\n\n${table}`;
    })
    .join("\n\n");
}

function lossText(loss: number | null): string {
  return loss === null ? "NaN" : formatFigure(loss);
}
