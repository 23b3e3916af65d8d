/** `--profile FILE` of a training on ranks: one trace of all of them, and what each spends on computing and waiting. */
import { startedWorld } from "../../distributed/world.ts";
import { profileRanks } from "../../experiments/profile/profile_ranks.ts";
import type { RankTimes } from "../../experiments/profile/rank_trace.ts";
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
  const { result, profile } = await profileRanks({ client, rank, worldSize }, body);
  if (profile === null) return result;
  const { runs, trace, times } = profile;
  await showProfile(runs, file, output, trace);
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
