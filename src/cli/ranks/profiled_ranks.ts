/** `--profile FILE` of a training on ranks: one trace of all of them, and what each spends on computing and waiting. */
import { gatherValues } from "../../distributed/training/gather_values.ts";
import { startedWorld } from "../../distributed/world.ts";
import { ProfileRecorder } from "../../experiments/profile/profile_recorder.ts";
import {
  profileOfRank,
  type RankTimes,
  timesOfRank,
  traceOfRanks,
} from "../../experiments/profile/rank_trace.ts";
import { renderTable } from "../../report/terminal/table.ts";
import type { Output } from "../console/output.ts";
import { showProfile } from "../console/profile_output.ts";
import { beginTrace, profiled } from "../console/profiled.ts";

/** Every rank calls it; rank 0 writes and shows. */
export async function profiledOnRanks<T>(
  file: string | undefined,
  output: Output,
  body: () => Promise<T>,
): Promise<T> {
  const world = startedWorld();
  if (file === undefined) return body();
  if (world === null || world.client === null) return profiled(file, output, body);
  const { client, rank, worldSize } = world;
  if (rank === 0) await beginTrace(file);
  // All leave the barrier at nearly the same moment: from there each counts by its own clock.
  await client.collective({ kind: "barrier" });
  const zero = performance.now();
  client.recordTransfers();
  const recorder = new ProfileRecorder();
  recorder.start();
  const result = await body().finally(() => recorder.stop());
  const own = profileOfRank(rank, recorder.runs, await client.transfers(), zero);
  const all = await gatherValues(client, rank, worldSize, own);
  if (rank !== 0) return result;
  await showProfile(recorder.runs, file, output, traceOfRanks(all));
  const times = all.map(timesOfRank);
  output.lines(["", ...tableOf(times, output)]);
  for (const one of times) output.event({ event: "profileRank", ...one });
  return result;
}

function tableOf(times: readonly RankTimes[], output: Output): string[] {
  const titles = ["rank", "computing ms", "waiting ms", "communication ms", "exposed"];
  const columns = titles.map((title) => ({ title, align: "right" as const }));
  const rows = times.map(({ rank, computing, waiting, communication, exposed }) => [
    String(rank),
    ...[computing, waiting, communication].map((value) => value.toFixed(1)),
    `${(100 * exposed).toFixed(1)} %`,
  ]);
  return renderTable(columns, rows, output.style);
}
