/** Rank 0's weights, optimiser and place in the training, on every rank: nothing but rank 0 needs the run's folder. */
import type { Module } from "../../nn/index.ts";
import { getRngState, type RngState, setRngState } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { OptimizerLike } from "../../train/loop/fit_options.ts";
import type { TrainingState } from "../../train/runs/checkpoint.ts";
import type { MpiClient } from "../mpi/mpi_client.ts";
import { valueOfRank0 } from "./gather_values.ts";
import { type PlainTensor, plainTensor, tensorOf } from "./plain_tensor.ts";

/** A tensor in a state. */
interface Packed {
  readonly tensor: PlainTensor;
}

interface Snapshot {
  readonly state: TrainingState | null;
  readonly random: RngState;
  readonly weights: unknown;
  readonly optimizer: unknown;
}

/**
 * @param state - what rank 0 goes on from.
 * @param check - is told of it on the other ranks.
 */
export async function broadcastState(
  client: MpiClient,
  rank: number,
  net: Module,
  optimizer: OptimizerLike,
  state: TrainingState | null,
  check: (state: TrainingState) => void,
): Promise<TrainingState | null> {
  const own: Snapshot | null =
    rank === 0
      ? {
          state,
          random: getRngState(),
          weights: await pack(net.stateDict()),
          optimizer: await pack(optimizer.stateDict()),
        }
      : null;
  const snapshot = await valueOfRank0(client, rank, own);
  if (rank === 0) return state;
  if (snapshot.state !== null) check(snapshot.state);
  net.loadStateDict(unpack(snapshot.weights) as Record<string, Tensor>);
  optimizer.loadStateDict(unpack(snapshot.optimizer));
  setRngState(snapshot.random);
  return snapshot.state;
}

async function pack(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) {
    const plain = await plainTensor(value);
    // A later step must not change it.
    return { tensor: { ...plain, data: plain.data.slice() } } satisfies Packed;
  }
  if (Array.isArray(value)) return Promise.all(value.map(pack));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, one]) => [name, await pack(one)] as const)),
  );
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const { tensor } = value as Partial<Packed>;
  if (tensor !== undefined) return tensorOf(tensor);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpack(one)]));
}
