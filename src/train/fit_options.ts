/** What `fit` takes and gives. */
import type { Module } from "../nn/index.ts";
import type { ClassName } from "../report/class_names.ts";
import type { MetricsPoint } from "../report/run_record.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ClassificationMetrics } from "./classification_metrics.ts";
import type { EarlyStoppingOptions } from "./early_stopping.ts";

/** A source of batches: a `DataLoader`, or anything that can do what is used of one. */
export interface Loader {
  /** Batches in an epoch. */
  readonly length: number;
  /** The batches of one epoch from a place in it; the order depends on the epoch alone. */
  iterate(options: { epoch: number; fromBatch?: number }): AsyncIterable<readonly [Tensor, Tensor]>;
}

export interface OptimizerLike {
  zeroGrad(): void;
  step(): unknown;
  stateDict(): unknown;
  loadStateDict(state: any): void;
  readonly paramGroups: readonly { readonly lr: number }[];
  keepGradients?: boolean;
}

export interface SchedulerLike {
  step(metric?: any): void;
  stateDict(): unknown;
  loadStateDict(state: any): void;
}

export interface StepEvent {
  /** Counted from 0. */
  readonly epoch: number;
  /** Steps done in this epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly examplesPerSecond?: number;
}

/** An epoch is over. */
export interface EpochEvent {
  readonly epoch: number;
  readonly point: MetricsPoint;
  /** The test set's figures, where one was given. */
  readonly test: ClassificationMetrics | null;
}

export interface Callbacks {
  onStep?(event: StepEvent): void;
  /** A point of the curves, every fifth of an epoch. */
  onPoint?(point: MetricsPoint): void;
  onEpoch?(event: EpochEvent): void | Promise<void>;
  onPhase?(name: string): void;
  onCheckpoint?(event: { readonly path: string; readonly epoch: number; readonly batch: number }): void;
}

export interface FitOptions {
  readonly trainLoader: Loader;
  readonly testLoader?: Loader | null;
  readonly optimizer: OptimizerLike;
  readonly epochs: number;
  /** Mean loss of a batch; cross-entropy by default. */
  readonly loss?: (output: Tensor, target: Tensor) => Tensor;
  readonly scheduler?: SchedulerLike | null;
  /** Whether the scheduler steps after each epoch (default) or after each optimiser step. */
  readonly schedulerStep?: "epoch" | "step";
  readonly earlyStopping?: EarlyStoppingOptions | null;
  /** Clips the gradients' total norm before each step. */
  readonly clipGradNorm?: number | null;
  /** Points of the curves per epoch. */
  readonly pointsPerEpoch?: number;
  /** Which figure decides `best.safetensors`. */
  readonly monitor?: "testAccuracy" | "testLoss" | "trainAccuracy" | "trainLoss";
  /**
   * Folder to keep the run in: settings, metrics, weights, checkpoint, curves and report. Without one nothing
   * is written. Node only.
   */
  readonly out?: string | null;
  /** Goes on with the run in `out`. */
  readonly resume?: boolean;
  /** What the report calls the network; the name of its class by default. */
  readonly name?: string;
  readonly classNames?: readonly ClassName[];
  /** Noted in `config.json` and shown in the report. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Where to keep the run instead of a folder. */
  readonly run?: RunStore | null;
  /** Seconds between checkpoints within an epoch; one is written at each epoch's end anyway. */
  readonly checkpointSeconds?: number;
  /** Ends the training after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal | null;
  readonly callbacks?: readonly Callbacks[];
}

/** Where a training keeps what it must not lose; `train/run_store.ts` keeps it in a folder. */
export interface RunStore {
  /** What the last checkpoint holds, or null at the start. */
  resume(net: Module, optimizer: OptimizerLike): Promise<import("./checkpoint.ts").TrainingState | null>;
  point(point: MetricsPoint): void;
  checkpoint(net: Module, optimizer: OptimizerLike, state: import("./checkpoint.ts").TrainingState): Promise<string>;
  weights(which: "best" | "last", net: Module): Promise<void>;
}

export interface FitResult {
  readonly points: readonly MetricsPoint[];
  /** The last test figures, where a test set was given. */
  readonly test: ClassificationMetrics | null;
  /** Training steps only: a batch already fetched. */
  readonly examplesPerSecond: number;
  readonly seconds: number;
  readonly step: number;
  readonly outcome: "finished" | "interrupted" | "stopped early";
  readonly best: { readonly epoch: number; readonly value: number } | null;
}
