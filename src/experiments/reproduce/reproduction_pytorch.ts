/** PyTorch's results on the same machine, as bench/baselines/pytorch_epochs.py writes them. */

import { existsSync } from "node:fs";
import * as v from "valibot";
import { FileError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import { readTextSync } from "../../io/regular_file.ts";
import { formatMetric, formatRate } from "../../report/number_text.ts";
import { markdownTable } from "../markdown_table.ts";
import { precisionOf, type TrainedRun } from "../series_run.ts";
import { machineText } from "./reproduction_machine.ts";

/** A line of the file: metrics at the end of an epoch, or of a start of a few steps. */
export interface PytorchRecord {
  readonly net: string;
  readonly seed: number;
  readonly precision: string;
  readonly torch: string;
  /** Learning rate, if it was not the chapter's. */
  readonly lr?: number;
  /** As `machineText` has it; in the file beside the runs, which are this machine's, there is none. */
  readonly machine?: string;
  /** Epochs done. */
  readonly epoch?: number;
  readonly trainLoss?: number | null;
  readonly trainAccuracy?: number;
  readonly testAccuracy?: number;
  readonly examplesPerSecond?: number;
  /** Steps of a start, and the mean loss over the last fifth of them; null if it is NaN. */
  readonly steps?: number;
  readonly lastLoss?: number | null;
}

/**
 * @returns nothing if there is no file.
 * @throws FileError that names the line which is not a record.
 */
export function readPytorchRecords(path: string): PytorchRecord[] {
  if (!existsSync(path)) return [];
  return readTextSync(path)
    .split("\n")
    .flatMap((line, i) => {
      if (line.trim() === "") return [];
      const place = `${path}: line ${i + 1}`;
      let value: unknown;
      try {
        value = parseJson(line);
      } catch {
        // Refused below, as what parses but is not a record.
      }
      return [pytorchRecord(value, place, line)];
    });
}

const optionalNumber = v.optional(v.number());

const schema = v.object({
  net: v.string(),
  seed: v.number(),
  precision: v.string(),
  torch: v.string(),
  lr: optionalNumber,
  machine: v.optional(v.string()),
  epoch: optionalNumber,
  trainLoss: v.optional(v.nullable(v.number())),
  trainAccuracy: optionalNumber,
  testAccuracy: optionalNumber,
  examplesPerSecond: optionalNumber,
  steps: optionalNumber,
  lastLoss: v.optional(v.nullable(v.number())),
});

/** @throws FileError if the value of a line, from that place, is not a record. */
export function pytorchRecord(value: unknown, place: string, line: string): PytorchRecord {
  const { success, output } = v.safeParse(schema, value);
  if (success) return output;
  throw new FileError(`${place} is not a record of PyTorch's results: ${line.slice(0, 80)}`);
}

/** Our runs compared with PyTorch's of the same precision and machine after as many epochs; empty if there are none. */
export function pytorchSection(runs: readonly TrainedRun[], records: readonly PytorchRecord[]): string {
  const rows = records
    .filter((record) => record.epoch !== undefined)
    .flatMap((record) => {
      const ours = runs.flatMap((run) => {
        const { config, points, failure } = run;
        const same =
          config.model === record.net &&
          precisionOf(run) === record.precision &&
          machineText(run.environment) === record.machine &&
          failure === null;
        const point = same ? points.find(({ epoch }) => epoch === record.epoch) : undefined;
        return point === undefined ? [] : [{ point, seed: config.seed }];
      });
      if (ours.length === 0) return [];
      const own = ours.find(({ seed }) => seed === record.seed) ?? ours[0];
      const text = (value: number | null | undefined) =>
        value === undefined || value === null ? "" : formatMetric(value);
      const rate = (value: number | undefined) => (value === undefined ? "" : formatRate(value));
      return [
        [
          record.net,
          record.precision,
          `${record.epoch}`,
          ...[text(own.point.trainLoss), text(record.trainLoss)],
          ...[text(own.point.trainAccuracy), text(record.trainAccuracy)],
          ...[text(own.point.testAccuracy), text(record.testAccuracy)],
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
  return `## The same epochs in PyTorch, on the same machine\n\n${markdownTable([...titles, "PyTorch's", "examples/s", "PyTorch's", "PyTorch"], rows)}`;
}
