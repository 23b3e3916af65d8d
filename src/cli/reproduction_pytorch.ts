/** PyTorch's figures on the same machine, as bench/peers/pytorch_epochs.py writes them. */
import { existsSync, readFileSync } from "node:fs";
import { FileError } from "../base/errors.ts";
import { formatFigure, formatRate } from "../report/number_text.ts";
import { markdownTable } from "./markdown_table.ts";
import { precisionOf, type SeriesRun } from "./run_series.ts";

/** A line of the file: figures at the end of an epoch, or of a start of a few steps. */
export interface PytorchRecord {
  readonly net: string;
  readonly seed: number;
  readonly precision: string;
  readonly torch: string;
  /** Epochs done. */
  readonly epoch?: number;
  readonly trainLoss?: number | null;
  readonly trainAccuracy?: number;
  readonly testAccuracy?: number;
  readonly examplesPerSecond?: number;
  /** Steps of a start, and the mean loss over the last fifth of them; null where it is NaN. */
  readonly steps?: number;
  readonly lastLoss?: number | null;
}

/**
 * @returns nothing where there is no file.
 * @throws FileError that names the line which is no record.
 */
export function readPytorchRecords(path: string): PytorchRecord[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line, i) => {
      if (line.trim() === "") return [];
      try {
        const record = JSON.parse(line) as PytorchRecord;
        if (typeof record.net === "string" && typeof record.seed === "number") return [record];
      } catch {
        // Reported below, together with what parses but is no record.
      }
      throw new FileError(
        `${path}: line ${i + 1} is not a record of PyTorch's figures: ${line.slice(0, 80)}`,
      );
    });
}

/** Our runs beside PyTorch's of the same precision after as many epochs; empty where there are none. */
export function pytorchSection(runs: readonly SeriesRun[], records: readonly PytorchRecord[]): string {
  const rows = records
    .filter((record) => record.epoch !== undefined)
    .flatMap((record) => {
      const ours = runs.flatMap((run) => {
        const { config, points, failure } = run;
        const same = config.model === record.net && precisionOf(run) === record.precision && failure === null;
        const point = same ? points.find(({ epoch }) => epoch === record.epoch) : undefined;
        return point === undefined ? [] : [{ point, seed: config.seed }];
      });
      if (ours.length === 0) return [];
      const own = ours.find(({ seed }) => seed === record.seed) ?? ours[0];
      const figure = (value: number | null | undefined) =>
        value === undefined || value === null ? "" : formatFigure(value);
      const rate = (value: number | undefined) => (value === undefined ? "" : formatRate(value));
      return [
        [
          record.net,
          record.precision,
          `${record.epoch}`,
          ...[figure(own.point.trainLoss), figure(record.trainLoss)],
          ...[figure(own.point.trainAccuracy), figure(record.trainAccuracy)],
          ...[figure(own.point.testAccuracy), figure(record.testAccuracy)],
          ...[rate(own.point.examplesPerSecond), rate(record.examplesPerSecond)],
          record.torch,
        ],
      ];
    });
  if (rows.length === 0) return "";
  const titles = [
    "network",
    "precision",
    "epoch",
    "training loss",
    "PyTorch's",
    "training accuracy",
    "PyTorch's",
    "test accuracy",
  ];
  return `## The same epochs in PyTorch, on this machine\n\n${markdownTable([...titles, "PyTorch's", "examples/s", "PyTorch's", "PyTorch"], rows)}`;
}
