/** Trainings that the ranks of a world share: what `train.fit` asks of them. */
import { ArgumentError, DistributedError } from "../../base/errors.ts";
import type { Engine } from "../../engines/contract/engine.ts";
import type { Module } from "../../nn/index.ts";
import { shareAlgorithms } from "../../runtime/kept_algorithms.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type {
  FitOptions,
  Loader,
  LoaderPlace,
  OptimizerLike,
  RunStore,
} from "../../train/loop/fit_options.ts";
import { type SharedStep, shareTrainings, type TrainingRanks } from "../../train/loop/ranks.ts";
import type { TestMetrics } from "../../train/metrics/evaluate.ts";
import type { RunningTotals } from "../../train/metrics/running_totals.ts";
import type { TrainingState } from "../../train/runs/checkpoint.ts";
import type { MpiClient } from "../mpi/mpi_client.ts";
import { isPowerOfTwo } from "../mpi/reduction.ts";
import { type SharedArray, sharedArray } from "../shared_elements.ts";
import { type ConnectedWorld, whenWorldChanges } from "../world.ts";
import { broadcastState } from "./broadcast_state.ts";
import { type Described, describe, firstDifference } from "./described_training.ts";
import { gatherValues } from "./gather_values.ts";
import { ShardedStep } from "./sharded_step.ts";
import { overShards, sharedTest, type TestOptions } from "./sharded_test.ts";
import type { ShardCut } from "./shards.ts";
import { SharedAlgorithms } from "./shared_algorithms.ts";
import { Agreement, partOfBatch, SharedLoader } from "./shared_loader.ts";

class SharedTraining implements TrainingRanks {
  readonly #world: ConnectedWorld;
  readonly #agreement: Agreement;
  readonly #algorithms: SharedAlgorithms;
  /** The engine that leaves its orders in the world's channel. */
  #engine: Engine | null = null;

  constructor(world: ConnectedWorld) {
    this.#world = world;
    this.#agreement = new Agreement(world.client);
    this.#algorithms = new SharedAlgorithms(world.client, world.rank);
  }

  get rank(): number {
    return this.#world.rank;
  }

  get localSize(): number {
    return this.#world.localSize;
  }

  get signal(): FitOptions["signal"] {
    return this.#agreement.signal as FitOptions["signal"];
  }

  get #cut(): ShardCut {
    const { rank, worldSize, shards, reduce } = this.#world;
    return { rank, worldSize, shards: reduce === "fast" ? worldSize : shards };
  }

  async begin(net: Module, options: FitOptions, loader: Loader): Promise<void> {
    const { worldSize, shards, reduce, compress, client } = this.#world;
    if (reduce === "tree" && (!isPowerOfTwo(worldSize) || worldSize > shards)) {
      throw new DistributedError(
        `${worldSize} ranks cannot share ${shards} shards evenly, and sums would depend on the number of ranks: start 1, ` +
          `2, 4, ... or ${shards} ranks, or give up equal bits with init({ reduce: "fast" }) (--reduce fast)`,
      );
    }
    if (compress !== null && !isPowerOfTwo(worldSize)) {
      throw new DistributedError(
        `gradients that cross as ${compress} are added in a binary tree of ranks: start 1, 2, 4, ... ranks, not ${worldSize}, ` +
          "or do without init({ compress }) (--compress)",
      );
    }
    this.#agreement.signal.aborted = false;
    await this.#join();
    if (client !== null)
      await this.#compare(client, describe(net, options, loader, { ...this.#cut, reduce, compress }));
  }

  /** Ranks that train something else would end with weights that are no one's. */
  async #compare(client: MpiClient, own: Described): Promise<void> {
    const { rank, worldSize } = this.#world;
    const all = await gatherValues(client, rank, worldSize, own);
    for (const [other, described] of all.entries()) {
      const difference = firstDifference(described, all[0]);
      if (difference !== null) throw new DistributedError(`rank ${other} has another ${difference}`);
    }
  }

  share(loader: Loader, signal: FitOptions["signal"]): Loader {
    this.#agreement.listen(signal);
    return new SharedLoader(loader, this.#cut, this.#agreement);
  }

  examplesOf(x: Tensor): number {
    return partOfBatch(x).examples;
  }

  step(net: Module, options: FitOptions, totals: RunningTotals): SharedStep {
    const { reduce: summation, compress } = this.#world;
    return new ShardedStep(
      net,
      options,
      totals,
      this.#cut,
      { summation, compress },
      {
        join: () => this.#join(),
        agree: (work, compile) => this.#algorithms.agree(work, compile),
      },
    );
  }

  async resume(
    net: Module,
    optimizer: OptimizerLike,
    run: RunStore | null,
    check: (state: TrainingState) => void,
  ): Promise<TrainingState | null> {
    const { client, rank } = this.#world;
    const state = rank === 0 ? ((await run?.resume(net, optimizer, check)) ?? null) : null;
    return client === null ? state : broadcastState(client, rank, net, optimizer, state, check);
  }

  test(net: Module, loader: Loader, options: TestOptions): Promise<TestMetrics> {
    const gather = <V>(own: V) => this.#gather(own);
    return sharedTest(net, this.share(loader, options.signal), options, this.#cut, gather);
  }

  overShards<T>(
    loader: Loader,
    place: LoaderPlace,
    signal: FitOptions["signal"],
    compute: (x: Tensor, y: Tensor) => Promise<T>,
  ): AsyncIterable<readonly T[]> {
    const gather = <V>(own: V) => this.#gather(own);
    return overShards(this.share(loader, signal), place, this.#cut, compute, gather);
  }

  async divide(
    count: number,
    bytes: number,
    body: (from: number, to: number, into: Uint8Array) => Promise<boolean>,
  ): Promise<Uint8Array | null> {
    const { client, rank, worldSize } = this.#world;
    const each = Math.ceil(count / worldSize);
    const all = sharedArray("uint8", each * worldSize * bytes) as Uint8Array & SharedArray;
    const [from, to] = [rank, rank + 1].map((place) => Math.min(count, place * each));
    const done = await body(from, to, all.subarray(from * bytes, to * bytes));
    const interrupted = (await this.#gather(!done)).includes(true);
    if (interrupted) return null;
    const elements = { buffer: all.buffer, count: each * bytes, type: "uint8" } as const;
    await client?.collective({ kind: "allGather", elements });
    return all.subarray(0, count * bytes);
  }

  async #gather<T>(own: T): Promise<T[]> {
    const { client, rank, worldSize } = this.#world;
    return client === null ? [own] : gatherValues(client, rank, worldSize, own);
  }

  leave(error: unknown): void {
    const { client, rank } = this.#world;
    if (error instanceof DistributedError && client?.failure != null) return;
    client?.leave(`rank ${rank} has ended by an error: ${(error as Error).message}`);
  }

  /** Has the engine in use leave its orders in the world's channel. */
  async #join(): Promise<void> {
    const { client } = this.#world;
    client?.requireSound();
    const { connection } = defaultSession();
    if (client === null || this.#engine === connection.engine) return;
    await connection.started();
    const { engine } = connection;
    if (engine.joinRanks === undefined)
      throw new ArgumentError(
        `the ${engine.name} engine cannot share a training with other ranks; use wasm or onednn`,
      );
    client.useMemory(engine.joinRanks(client.channel.buffer) as SharedArrayBuffer);
    this.#engine = engine;
  }
}

/** Has trainings shared by the ranks of a world as soon as there is one. */
export function shareTrainingsOfWorld(): void {
  whenWorldChanges((world) => {
    if (world === null) shareAlgorithms(null);
    shareTrainings(world === null ? null : new SharedTraining(world));
  });
}
