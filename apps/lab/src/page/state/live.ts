/** A training of the command line under way, as the server tells it. */
import { batch, signal } from "@preact/signals";
import type { StepPoint, TestPoint } from "../../worker/protocol.ts";
import { addPoints, addTest, clearCurves } from "./curves.ts";

interface LiveStart {
  readonly model: string;
  readonly name: string;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly classes: readonly (string | Record<"en" | "zh", string>)[];
  /** Of a fine-tuning, which trains the head alone first. */
  readonly part: "head" | "whole";
  readonly points: readonly LivePoint[];
}

interface LivePoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly testLoss?: number | null;
  readonly testAccuracy?: number | null;
}

export interface LiveStep {
  readonly epoch: number;
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly imagesPerSecond: number;
}

export interface LiveFilters {
  readonly path: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export type LiveOutcome = "finished" | "interrupted" | "stopped early";

export const liveStart = signal<LiveStart | null>(null);
export const liveStep = signal<LiveStep | null>(null);
export const liveConfusion = signal<readonly (readonly number[])[] | null>(null);
export const liveFilters = signal<LiveFilters | null>(null);
export const liveLast = signal<LivePoint | null>(null);
/** Test accuracy after the last epoch. */
export const liveTest = signal<number | null>(null);
/** How it ended; null while it runs. */
export const liveEnd = signal<LiveOutcome | null>(null);

/** Listens until the page goes or `stop` is called. The browser connects again by itself; the server then tells all once more. */
export function listenTo(address: string): () => void {
  const source = new EventSource(new URL(address, document.baseURI));
  const on = <T>(name: string, take: (value: T) => void) =>
    source.addEventListener(name, (event) =>
      batch(() => take(JSON.parse((event as MessageEvent<string>).data))),
    );
  on<LiveStart>("start", (start) => {
    liveStart.value = start;
    liveEnd.value = null;
    liveTest.value = null;
    liveLast.value = null;
    liveConfusion.value = null;
    clearCurves();
    for (const point of start.points) takePoint(point, start.stepsPerEpoch);
  });
  on<LiveStep>("step", (step) => {
    liveStep.value = step;
  });
  on<LivePoint>("point", (point) => takePoint(point, liveStart.peek()?.stepsPerEpoch ?? 1));
  on<{ readonly confusion: readonly (readonly number[])[] | null }>("epoch", ({ confusion }) => {
    liveConfusion.value = confusion;
  });
  on<LiveFilters>("filters", (filters) => {
    liveFilters.value = filters;
  });
  on<{ readonly outcome: LiveOutcome }>("end", ({ outcome }) => {
    liveEnd.value = outcome;
    source.close();
  });
  return () => source.close();
}

function takePoint(point: LivePoint, stepsPerEpoch: number): void {
  liveLast.value = point;
  const step = Math.round(point.epoch * stepsPerEpoch);
  const taken: StepPoint = {
    step,
    epoch: point.epoch,
    loss: [point.trainLoss],
    accuracy: [point.trainAccuracy],
  };
  addPoints([taken]);
  if (typeof point.testAccuracy !== "number") return;
  liveTest.value = point.testAccuracy;
  const confusion = { width: 0, height: 0, values: new Float32Array() };
  const test: TestPoint = {
    step,
    epoch: point.epoch,
    networks: [{ loss: point.testLoss ?? Number.NaN, accuracy: point.testAccuracy, confusion }],
  };
  addTest(test);
}
