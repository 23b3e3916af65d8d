/** What `fit` takes and gives. */
import type { AbortSignalLike } from "../../base/web_types.ts";
import type { MixSpec } from "../../data/transforms/mix_batch.ts";
import type { Module } from "../../nn/index.ts";
import type { ClassName } from "../../records/class_names.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import type { Generator } from "../../tensor/random_state.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ClassificationMetrics } from "../metrics/classification_metrics.ts";
import type { TrainingState } from "../runs/checkpoint.ts";
import type { EarlyStoppingOptions } from "./early_stopping.ts";
import type { Monitor } from "./monitor.ts";
import type { Precision } from "./precision.ts";

/** A source of batches that can start anywhere: a `DataLoader`, or anything that can do what is used of one. */
export interface Loader {
  /** Batches in an epoch; null if that is not known beforehand. */
  readonly length: number | null;
  /** The batches of one epoch from a place in it; the order depends on the epoch and on `seed` alone. */
  iterate(options: LoaderPlace): AsyncIterable<readonly [Tensor, Tensor]>;
  /** Examples in a batch. */
  readonly batchSize?: number | null;
  /** Examples in an epoch, for a loader that can begin at any of them; with it `batchAt` is needed. */
  readonly examples?: number | null;
  /** The batch of this epoch that begins at an example, counted so that the last one is `length - 1`. */
  batchAt?(example: number): number | null;
  /** The seed of the next epoch, for a loader whose order is random and that has no seed of its own. */
  drawSeed?(): number | null;
  /** Whether each epoch has another order. */
  readonly shuffle?: boolean;
  /** Of the order of all epochs. */
  readonly seed?: number | null;
  /** How batches are mixed. */
  readonly mixes?: readonly MixSpec[];
  /** Where `drawSeed` draws from; null or nothing is the generator of `manualSeed`. */
  readonly generator?: Generator | null;
  /** A name of the order of the epoch that was begun last: a run that goes on within an epoch must find the same. */
  readonly order?: string | null;
  /** Whether it can be walked only once. */
  readonly once?: boolean;
  /** Whether it can make a part of each batch without the rest. */
  readonly givesParts?: boolean;
}

/** Where a loader is to begin. */
export interface LoaderPlace {
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Batches to leave out. */
  readonly fromBatch?: number;
  /** Examples to leave out: for a loader that reports its `examples`, in place of `fromBatch`. */
  readonly fromExample?: number;
  /** What `drawSeed` gave for this epoch. */
  readonly seed?: number | null;
  /** Which examples of a batch are wanted, from its size; all by default. Only for a loader that `givesParts`. */
  readonly part?: (examples: number) => readonly [from: number, to: number];
}

/**
 * Where batches come from: a `DataLoader`, an array of `[input, target]` pairs, or any iterable of them, also
 * an asynchronous one. It is walked once an epoch: a generator is refused when there are several.
 */
export type BatchSource =
  | Loader
  | Iterable<readonly [Tensor, Tensor]>
  | AsyncIterable<readonly [Tensor, Tensor]>;

/** Mean loss of a batch. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/** Further metrics of a batch by name: each a scalar, the mean over the batch's examples. */
export type MetricFunctions = Readonly<Record<string, (output: Tensor, target: Tensor) => Tensor>>;

/** What a metric is called on the test set: `top5` is `testTop5` there. */
export function onTestSet(metric: string): string {
  return `test${metric.charAt(0).toUpperCase()}${metric.slice(1)}`;
}

/** What `fit` needs of an optimiser: those of `optim` have it. */
export interface OptimizerLike {
  zeroGrad(): void;
  step(): unknown;
  stateDict(): unknown;
  loadStateDict(state: any): void;
  readonly paramGroups: readonly { readonly lr: number }[];
  keepGradients?: boolean;
}

/** What `fit` needs of a learning rate scheduler. */
export interface SchedulerLike {
  step(metric?: any): void;
  stateDict(): unknown;
  loadStateDict(state: any): void;
}

/** Training begins, or goes on. */
export interface StartEvent {
  /** Epochs done. */
  readonly epoch: number;
  /** Epochs asked for. */
  readonly epochs: number;
  /** Steps done in the epoch under way. */
  readonly batch: number;
  /** The curves so far. */
  readonly points: readonly MetricsPoint[];
  /** Null if it is not known beforehand. */
  readonly stepsPerEpoch: number | null;
}

/** A step was sent to the engine. */
export interface StepEvent {
  /** Counted from 0. */
  readonly epoch: number;
  /** Steps done in this epoch. */
  readonly step: number;
  /** Null if it is not known beforehand. */
  readonly stepsPerEpoch: number | null;
  /** Of the training steps so far. */
  readonly examplesPerSecond: number;
}

/** An epoch is over. */
export interface EpochEvent {
  /** Epochs done. */
  readonly epoch: number;
  /** The epoch's point of the curves. */
  readonly point: MetricsPoint;
  /** The test set's metrics, if one was given and the network is a classifier. */
  readonly test: ClassificationMetrics | null;
}

/** A checkpoint was written. */
export interface CheckpointEvent {
  /** The file. */
  readonly path: string;
  /** Epochs that are done. */
  readonly epoch: number;
  /** Batches of the epoch under way that are done. */
  readonly batch: number;
}

/** Functions that are called as things happen. A promise that one returns is waited for. */
export interface Callbacks {
  /** Before the first step. */
  onStart?(event: StartEvent): unknown;
  /** After each step. */
  onStep?(event: StepEvent): unknown;
  /** A point of the curves, every fifth of an epoch. */
  onPoint?(point: MetricsPoint): unknown;
  /** After each epoch and its test; the training waits for the promise. */
  onEpoch?(event: EpochEvent): unknown;
  /** Something besides training goes on: "testing", "saving". */
  onPhase?(name: string): unknown;
  /** Something that is not as it was asked for, in a sentence: no fast bf16 here, batches in slices. */
  onNote?(text: string): unknown;
  /** After a checkpoint was written. */
  onCheckpoint?(event: CheckpointEvent): unknown;
  /** After the training. */
  onEnd?(result: FitResult): unknown;
}

/** Names of the functions of `Callbacks`. */
export const CALLBACK_NAMES = [
  "onStart",
  "onStep",
  "onPoint",
  "onEpoch",
  "onPhase",
  "onNote",
  "onCheckpoint",
  "onEnd",
] as const;

export interface FitOptions {
  /** Batches of images and labels to train on. */
  readonly trainLoader: BatchSource;
  /** Batches to test on after each epoch; no test by default. */
  readonly testLoader?: BatchSource | null;
  /** Changes the weights after each batch. */
  readonly optimizer: OptimizerLike;
  /** How often to go through the training set. */
  readonly epochs: number;
  /**
   * Mean loss of a batch; cross-entropy by default. Of a network with auxiliary classifiers (torchvision's GoogLeNet)
   * 0.3 of each one's loss is added in training.
   */
  readonly loss?: LossFunction;
  /**
   * `"bf16"`: forward passes and losses run inside `autocast`, in training and on the test set; weights, the
   * optimiser's state, losses, metrics and batch-norm statistics stay 32-bit floats. If the engine has no fast
   * bf16, `onNote` is called and f32 is computed. Default `"f32"`.
   */
  readonly precision?: Precision;
  /**
   * Examples that go through the network at once at most. A larger batch is run in equal slices whose gradients are
   * added up, for one step of the optimiser. `"auto"` (default): as many as the engine's memory has room for, found
   * by halving; `onNote` is called.
   *
   * The result is the whole batch's, to rounding, if `loss` is a mean over the examples: checked on the first
   * slice if it is not the default. Dropout draws again for each slice. Batch normalisation takes its statistics
   * slice by slice and moves its running ones with each ("ghost batch norm"), which `"auto"` refuses: give a number.
   */
  readonly microBatch?: "auto" | number;
  /** Changes the learning rate, which stays as it is by default; a `ReduceLROnPlateau` is given the metric of `monitor`. */
  readonly scheduler?: SchedulerLike | null;
  /** Whether the scheduler steps after each epoch (default) or after each optimiser step. */
  readonly schedulerStep?: "epoch" | "step";
  /** When to stop before the last epoch; never by default. */
  readonly earlyStopping?: EarlyStoppingOptions | null;
  /** Clips the gradients' total norm before each step; by default it is left as it is. */
  readonly clipGradNorm?: number | null;
  /**
   * Further metrics, none by default, counted inside the training program and on the test set: in a point's `extra` under the
   * name, and under `test` and the name.
   */
  readonly metrics?: MetricFunctions;
  /** Points of the curves per epoch. @default 5 */
  readonly pointsPerEpoch?: number;
  /**
   * The metric that judges an epoch, for everything that does: `best.safetensors` and `best`, `earlyStopping`, and a
   * `ReduceLROnPlateau`. By default the test accuracy, for a network that is not a classifier the test loss, without a test
   * set the training loss; with a `ReduceLROnPlateau` the loss or the accuracy, as its `mode` says.
   */
  readonly monitor?: Monitor;
  /**
   * Folder to keep the run in: settings, metrics, weights, checkpoint, curves and report. Without one nothing
   * is written. Node only.
   */
  readonly out?: string | null;
  /** Goes on with the run in `out`. @default false */
  readonly resume?: boolean;
  /** What the report calls the network; the name of its class by default. */
  readonly name?: string;
  /** What the classes are called in the report; their numbers by default. */
  readonly classNames?: readonly ClassName[];
  /** Noted in `config.json` and shown in the report; nothing by default. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Where to keep the run instead of a folder; nowhere by default. */
  readonly run?: RunStore | null;
  /**
   * Seconds between checkpoints within an epoch (30 by default, and more if writing one takes long); one is written at
   * each epoch's end anyway. 0: after every step.
   */
  readonly checkpointSeconds?: number;
  /** Ends the training after the step under way, with a checkpoint; nothing does by default. */
  readonly signal?: AbortSignalLike | null;
  /**
   * Shows the training as it runs, on standard error: see `progressDisplay`. By default on a terminal, and not in a pipe
   * or a page; true shows it there too (in a page on the console), false never.
   */
  readonly progress?: boolean;
  /** Called as things happen, in order; none by default. */
  readonly callbacks?: Callbacks | readonly Callbacks[];
}

/** If a training keeps what it must not lose; `train/run_store.ts` keeps it in a folder. */
export interface RunStore {
  /**
   * What the last checkpoint holds, or null at the start. `check` is called with it before anything is loaded, and
   * throws when the training cannot go on from there.
   */
  resume(
    net: Module,
    optimizer: OptimizerLike,
    check?: (state: TrainingState) => void,
  ): Promise<TrainingState | null>;
  /** Keeps a point of the curves. */
  point(point: MetricsPoint): void;
  /** Keeps everything needed to go on; gives the file's path. */
  checkpoint(net: Module, optimizer: OptimizerLike, state: TrainingState): Promise<string>;
  /** Keeps the weights. */
  weights(which: "best" | "last", net: Module): Promise<void>;
}

export interface FitResult {
  /** The curves. */
  readonly points: readonly MetricsPoint[];
  /** The last test metrics, if a test set was given and the network is a classifier. */
  readonly test: ClassificationMetrics | null;
  /** Training steps only: a batch already fetched. */
  readonly examplesPerSecond: number;
  /** Of training in all, those before a resume included. */
  readonly seconds: number;
  /** Optimiser steps done. */
  readonly step: number;
  /** How it ended. */
  readonly outcome: "finished" | "interrupted" | "stopped early";
  /** The epoch with the best metric, counted from 1, and the metric. */
  readonly best: { readonly epoch: number; readonly value: number } | null;
  /** Which metric that is; null when no epoch has ended. */
  readonly monitor: Monitor | null;
  /** What it was computed in: `"f32"` also if bf16 was asked for and the engine has none. */
  readonly precision: Precision;
}
