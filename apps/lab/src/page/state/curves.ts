/** Loss and accuracy over the epochs, as columns for the chart: long trainings are thinned, so that memory stays flat. */
import { signal } from "@preact/signals";
import type { StepPoint, TestPoint } from "../../worker/protocol.ts";

/** More points than a chart has pixels; beyond it, neighbours are averaged. */
const MOST_POINTS = 3000;

interface Columns {
  epoch: number[];
  /** For each network. */
  loss: number[][];
  accuracy: number[][];
}

export interface TestColumns {
  epoch: number[];
  accuracy: number[][];
  loss: number[][];
}

const empty = (): Columns => ({ epoch: [], loss: [[], []], accuracy: [[], []] });

let columns = empty();
let tests: TestColumns = empty();
/** How many steps one point of the columns stands for, and the steps that are not a point yet. */
let stepsPerPoint = 1;
let waiting: StepPoint[] = [];

/** Counts whenever the columns change; the chart reads them at its next frame. */
export const curvesVersion = signal(0);

export const curves = (): { readonly steps: Columns; readonly tests: TestColumns } => ({
  steps: columns,
  tests,
});

export function clearCurves(): void {
  columns = empty();
  tests = empty();
  stepsPerPoint = 1;
  waiting = [];
  curvesVersion.value++;
}

export function addPoints(points: readonly StepPoint[]): void {
  for (const point of points) {
    waiting.push(point);
    if (waiting.length >= stepsPerPoint) flush();
  }
  if (columns.epoch.length >= MOST_POINTS) thin();
  curvesVersion.value++;
}

export function addTest(point: TestPoint): void {
  tests.epoch.push(point.epoch);
  for (const [i, network] of point.networks.entries()) {
    tests.accuracy[i].push(network.accuracy);
    tests.loss[i].push(network.loss);
  }
  curvesVersion.value++;
}

/** After going back to a checkpoint: what came later did not happen. */
export function cutCurves(epoch: number): void {
  waiting = [];
  cut(columns, epoch);
  cut(tests, epoch);
  curvesVersion.value++;
}

function cut(list: Columns, epoch: number): void {
  const keep = list.epoch.findIndex((at) => at > epoch + 1e-9);
  if (keep < 0) return;
  list.epoch.length = keep;
  for (const one of [...list.loss, ...list.accuracy]) one.length = Math.min(one.length, keep);
}

function flush(): void {
  const last = waiting[waiting.length - 1];
  columns.epoch.push(last.epoch);
  for (let i = 0; i < last.loss.length; i++) {
    columns.loss[i].push(mean(waiting.map((point) => point.loss[i])));
    columns.accuracy[i].push(mean(waiting.map((point) => point.accuracy[i])));
  }
  waiting = [];
}

function thin(): void {
  stepsPerPoint *= 2;
  const every = (list: number[]) => list.filter((_, i) => i % 2 === 1);
  const pairs = (list: number[]) =>
    every(list.map((value, i) => (i % 2 === 1 ? (list[i - 1] + value) / 2 : value)));
  columns = {
    epoch: every(columns.epoch),
    loss: columns.loss.map(pairs),
    accuracy: columns.accuracy.map(pairs),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
