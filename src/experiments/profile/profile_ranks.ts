/** A training on ranks, profiled: the runs of each, its transfers, and where its time goes. */

import type { MpiClient } from "../../distributed/mpi/mpi_client.ts";
import { gatherValues } from "../../distributed/training/gather_values.ts";
import type { World } from "../../distributed/world.ts";
import { ProfileRecorder, type RecordedRun } from "./profile_recorder.ts";
import { profileOfRank, type RankTimes, timesOfRank, traceOfRanks } from "./rank_trace.ts";

/** What all ranks together did. */
export interface RanksProfile {
  /** Of rank 0. */
  readonly runs: readonly RecordedRun[];
  /** One trace of all. */
  readonly trace: string;
  readonly times: readonly RankTimes[];
}

/**
 * Profiles what the ranks of a world do; every rank calls it.
 *
 * @returns what `body` returns and, on rank 0, the profile of all; elsewhere null.
 */
export async function profileRanks<T>(
  { client, rank, worldSize }: Pick<World, "rank" | "worldSize"> & { readonly client: MpiClient },
  body: () => Promise<T>,
): Promise<{ readonly result: T; readonly profile: RanksProfile | null }> {
  // All leave the barrier at nearly the same moment: from there each counts by its own clock.
  await client.collective({ kind: "barrier" });
  const zero = performance.now();
  client.recordTransfers();
  const recorder = new ProfileRecorder();
  recorder.start();
  const result = await body().finally(() => recorder.stop());
  const own = profileOfRank(rank, recorder.runs, await client.transfers(), zero);
  const all = await gatherValues(client, rank, worldSize, own);
  const profile = { runs: recorder.runs, trace: traceOfRanks(all), times: all.map(timesOfRank) };
  return { result, profile: rank === 0 ? profile : null };
}
