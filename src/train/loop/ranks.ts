/**
 * What a training asks of the ranks that it is shared by. They are joined by `convoyant/distributed`, which puts itself in
 * here, so that a training that runs alone carries nothing of it.
 */
import type { Module } from "../../nn/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { EvaluateOptions, TestMetrics } from "../metrics/evaluate.ts";
import type { RunningTotals } from "../metrics/running_totals.ts";
import type { TrainingState } from "../runs/checkpoint.ts";
import type {
  FitOptions,
  Loader,
  LoaderPlace,
  LossFunction,
  MetricFunctions,
  OptimizerLike,
  RunStore,
} from "./fit_options.ts";
import type { Precision } from "./precision.ts";

/** One step of a training on a batch, of which this rank has a part. */
export interface SharedStep {
  precision: Precision;
  /** Examples in a slice at most, if it was found out. */
  readonly found: number | null;
  load(found: number | null): void;
  run(x: Tensor, y: Tensor, step: number): Promise<void>;
}

/** The ranks that share a training. */
export interface TrainingRanks {
  /** Number of this process among them; rank 0 keeps the run and shows it. */
  readonly rank: number;
  /** Compares what the ranks are about to train. @throws DistributedError that names the first that differs. */
  begin(net: Module, options: FitOptions, loader: Loader): Promise<void>;
  /** The signal, as the ranks agree upon it. */
  readonly signal: FitOptions["signal"];
  /** This rank's part of every batch; all ranks have equally many. */
  share(loader: Loader, signal: FitOptions["signal"]): Loader;
  /** Examples that all ranks together have of a batch of which this rank got `x`. */
  examplesOf(x: Tensor): number;
  step(net: Module, options: FitOptions, totals: RunningTotals): SharedStep;
  /** Rank 0's state, weights and optimiser, on every rank; rank 0's own run is asked. */
  resume(
    net: Module,
    optimizer: OptimizerLike,
    run: RunStore | null,
    check: (state: TrainingState) => void,
  ): Promise<TrainingState | null>;
  test(
    net: Module,
    loader: Loader,
    options: EvaluateOptions & { readonly loss?: LossFunction; readonly metrics?: MetricFunctions },
  ): Promise<TestMetrics>;
  /** What `compute` makes of the shards of each batch, by the ranks that have them: on every rank, in order. */
  overShards<T>(
    loader: Loader,
    place: LoaderPlace,
    signal: FitOptions["signal"],
    compute: (x: Tensor, y: Tensor) => Promise<T>,
  ): AsyncIterable<readonly T[]>;
  /**
   * Work that ranks divide: each does its part of `count` things, as many as any other rank or fewer at the end, and puts what it
   * makes of them into the array that all have in the end.
   *
   * @param bytes - of what is made of one.
   * @param body - does the things `from` to `to`; false if it was interrupted.
   * @returns what all ranks have made, one behind the other; null if a rank was interrupted.
   */
  divide(
    count: number,
    bytes: number,
    body: (from: number, to: number, into: Uint8Array) => Promise<boolean>,
  ): Promise<Uint8Array | null>;
  /** Ranks on this machine. */
  readonly localSize: number;
  /** Tells the other ranks why this one ends. */
  leave(error: unknown): void;
}

let joined: TrainingRanks | null = null;

/** The ranks that share every training from here on; null for none. */
export function shareTrainings(ranks: TrainingRanks | null): void {
  joined = ranks;
}

/** The ranks that share trainings; null if there are none. */
export function trainingRanks(): TrainingRanks | null {
  return joined;
}
