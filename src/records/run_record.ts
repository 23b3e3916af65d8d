import { parseJson } from "../base/json_text.ts";

/**
 * What a run writes down while it trains: `metrics.jsonl`, one JSON object a line, a line every fifth of an epoch as
 * the book's Animator draws them.
 */
export interface MetricsPoint {
  /** Epochs done, with their fraction: 0.2, 0.4, ..., 10. */
  epoch: number;
  /** Mean loss over the examples of the current epoch so far. */
  trainLoss: number;
  /** Accuracy over the examples of the current epoch so far. */
  trainAccuracy: number;
  /** Only at the end of an epoch, if a test set is given. */
  testLoss?: number;
  testAccuracy?: number;
  /** Optimiser steps done since the start of training. */
  step?: number;
  /** Learning rate of the first parameter group. */
  lr?: number;
  /** Training steps only: a batch already fetched and resized. */
  examplesPerSecond?: number;
  /** Seconds of training so far, those before a resume included. */
  seconds?: number;
  /** Whatever else the training counted, by name (`top5`, ...). */
  extra?: Record<string, number>;
}

/** The metrics a run ends with, as the book prints them: running means over the last epoch, last test accuracy. */
export interface FinalMetrics {
  epochs: number;
  trainLoss: number;
  trainAccuracy: number;
  testLoss?: number;
  testAccuracy?: number;
  examplesPerSecond?: number;
  seconds?: number;
}

/**
 * One line of `metrics.jsonl`, with its line end. JSON has no NaN: a value that is not finite becomes null.
 *
 * @example
 * ```ts
 * import { metricsLine } from "convoyant/report";
 * metricsLine({ epoch: 1, trainLoss: 0.5, trainAccuracy: 0.8 }).trim(); // "{\"epoch\":1,\"trainLoss\":0.5,\"trainAccuracy\":0.8}"
 * ```
 */
export function metricsLine(point: MetricsPoint): string {
  return `${JSON.stringify(point)}\n`;
}

/**
 * Reads `metrics.jsonl`. A process killed in the middle of a write leaves a last line without its end: that line is
 * left out, and `length` says how many characters are complete, for a writer that carries on there.
 *
 * @throws {SyntaxError} for a broken line that is not the last one.
 *
 * @example
 * ```ts
 * import { metricsLine, parseMetrics } from "convoyant/report";
 * const text = metricsLine({ epoch: 1, trainLoss: 0.5, trainAccuracy: 0.8 });
 * parseMetrics(`${text}{"epoch": 2, "tr`).points.length; // 1
 * ```
 */
export function parseMetrics(text: string): { points: MetricsPoint[]; length: number } {
  const points: MetricsPoint[] = [];
  let length = 0;
  let lineNumber = 0;
  while (length < text.length) {
    const end = text.indexOf("\n", length);
    if (end < 0) break;
    lineNumber++;
    const line = text.slice(length, end).trim();
    if (line !== "") {
      const point = parseLine(line);
      if (point === undefined) {
        if (text.indexOf("\n", end + 1) < 0 && end + 1 >= text.length) break;
        throw new SyntaxError(
          `metrics.jsonl: line ${lineNumber} is not a metrics point: ${line.slice(0, 80)}`,
        );
      }
      points.push(point);
    }
    length = end + 1;
  }
  return { points, length };
}

/**
 * The metrics at the last point of a run; undefined if no point was written.
 *
 * @example
 * ```ts
 * import { finalMetrics } from "convoyant/report";
 * const points = [
 *   { epoch: 1, trainLoss: 0.9, trainAccuracy: 0.7, testAccuracy: 0.72 },
 *   { epoch: 2, trainLoss: 0.6, trainAccuracy: 0.8, testAccuracy: 0.79 },
 * ];
 * finalMetrics(points)?.trainLoss; // 0.6
 * ```
 */
export function finalMetrics(points: readonly MetricsPoint[]): FinalMetrics | undefined {
  const last = points.at(-1);
  if (last === undefined) return undefined;
  const tested = points.findLast((point) => point.testAccuracy !== undefined);
  const { trainLoss, trainAccuracy, examplesPerSecond, seconds } = last;
  return {
    epochs: last.epoch,
    trainLoss,
    trainAccuracy,
    ...(tested?.testLoss !== undefined && { testLoss: tested.testLoss }),
    ...(tested?.testAccuracy !== undefined && { testAccuracy: tested.testAccuracy }),
    ...(examplesPerSecond !== undefined && { examplesPerSecond }),
    ...(seconds !== undefined && { seconds }),
  };
}

function parseLine(line: string): MetricsPoint | undefined {
  let value: unknown;
  try {
    value = parseJson(line, {}, (_key, inner) => (inner === null ? Number.NaN : inner));
  } catch {
    return undefined;
  }
  return isMetricsPoint(value) ? value : undefined;
}

/** What a point may have besides what it must have. */
const OPTIONAL = ["testLoss", "testAccuracy", "step", "lr", "examplesPerSecond", "seconds"] as const;

/**
 * Whether something out of a file is a point: metrics may be NaN, but are numbers.
 *
 * @example
 * ```ts
 * import { isMetricsPoint } from "convoyant/report";
 * isMetricsPoint({ epoch: 1, trainLoss: 0.5, trainAccuracy: 0.8 }); // true
 * isMetricsPoint({ epoch: "1" }); // false
 * ```
 */
export function isMetricsPoint(value: unknown): value is MetricsPoint {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, trainLoss, trainAccuracy, extra = {} } = value as Partial<MetricsPoint>;
  const optional = OPTIONAL.map((name) => (value as Partial<MetricsPoint>)[name] ?? 0);
  return (
    Number.isFinite(epoch) &&
    typeof extra === "object" &&
    extra !== null &&
    [trainLoss, trainAccuracy, ...optional, ...Object.values(extra)].every((n) => typeof n === "number")
  );
}
