/**
 * MPICH's launcher kills all ranks of a machine as soon as it sees that one was killed: when the rank's connection to it closes,
 * or when another rank prints something. So each rank has a small process that outlives it: it holds the connection, so that the
 * others can find out and say for themselves which rank was lost, and when they are gone, too, it says so in their place.
 */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { RankPlace } from "./health.ts";

/** Where a rank runs, and which it is. */
export interface PlacedRank {
  readonly rank: number;
  readonly place: RankPlace;
}

/** Why the world ends without a rank that has not said why itself. */
export function lostWithoutWord({ rank, place }: PlacedRank): string {
  return `rank ${rank} (process ${place.pid} on ${place.host}) was lost: its process has ended without a word (killed, or out of memory)`;
}

export class LastWords {
  readonly #speaker: ChildProcess;

  constructor(speaker: ChildProcess) {
    this.#speaker = speaker;
  }

  /** The rank speaks for itself, or ends as it should. */
  leaveUnsaid(): void {
    this.#speaker.stdin?.write("done\n");
  }
}

/**
 * Has a process say that this rank was lost if it ends without a word.
 *
 * @param places - of all ranks.
 * @param seconds - for which the others are waited for at most.
 * @returns null if the launcher is not MPICH's own.
 */
export function prepareLastWords(
  places: readonly RankPlace[],
  rank: number,
  seconds: number,
): LastWords | null {
  const { PMI_FD, MPI_LOCALNRANKS } = process.env;
  // Slurm, too, gives MPICH a connection, but does not count the ranks of a machine so.
  if (PMI_FD === undefined || MPI_LOCALNRANKS === undefined) return null;
  const { spawn } = process.getBuiltinModule("node:child_process");
  const { tmpdir } = process.getBuiltinModule("node:os");
  const place = places[rank];
  const others = places.filter(({ host }, i) => i !== rank && host === place.host);
  // All ranks of a machine are children of one process.
  const first = process.getBuiltinModule("node:path").join(tmpdir(), `convoyant-lost-${process.ppid}`);
  const sentence = `DistributedError: ${lostWithoutWord({ rank, place })}`;
  const words = ["-c", SPEAK, "last-words", String(Math.ceil(LOOKS_A_SECOND * seconds)), first, sentence];
  const speaker = spawn("sh", [...words, ...others.map(({ pid }) => String(pid))], {
    detached: true,
    stdio: ["pipe", "inherit", "inherit", Number(PMI_FD)],
  });
  // Without a shell nothing is said.
  for (const part of [speaker, speaker.stdin]) part?.on("error", () => {});
  speaker.unref();
  (speaker.stdin as Socket | null)?.unref();
  return new LastWords(speaker);
}

const LOOKS_A_SECOND = 5;

/**
 * Of the ranks that are killed the first speaks: the others are so by the launcher, perhaps milliseconds later. So the file that
 * says who was first is made without starting a program. Number 3 is the connection, and stays open.
 */
const SPEAK = `
read -r word && exit
looks=$1 first=$2 sentence=$3
shift 3
exec 4>&2 2>/dev/null
set -C
true >"$first" || exit
exec 2>&4
while [ "$looks" -gt 0 ] && sleep ${1 / LOOKS_A_SECOND}; do
  looks=$((looks - 1))
  running=$#
  for pid in "$@"; do
    if ! kill -0 "$pid" 2>/dev/null || grep -qs '^State:.Z' "/proc/$pid/status"; then running=$((running - 1)); fi
  done
  [ $# -gt 0 ] && [ "$running" -eq 0 ] && break
done
echo "$sentence" >&2
sleep 1
rm -f "$first"
`;
