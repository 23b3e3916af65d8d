/** The profiles of several ranks as one trace, with computing, waiting and communication of each, and what they add up to. */
import type { Transfer } from "../../distributed/mpi/mpi_messages.ts";
import type { RecordedRun } from "./profile_recorder.ts";
import { durationOf } from "./trace.ts";
import { completeEvent, nameEvent, traceText } from "./trace_events.ts";

/** Something that took time. */
interface Span {
  readonly name: string;
  /** Milliseconds since the clocks of the ranks were set. */
  readonly from: number;
  readonly milliseconds: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a rank did while it was watched. */
export interface RankProfile {
  readonly rank: number;
  readonly computing: readonly Span[];
  /** Steps in which the engine waits for sums over ranks. */
  readonly waiting: readonly Span[];
  /** Sums over ranks, from the order to the end. */
  readonly communication: readonly Span[];
}

/** Whether a step waits for other ranks. */
export function isWait(op: string): boolean {
  return op === "allReduce" || op === "awaitAllReduce";
}

/**
 * @param transfers - of the whole training; those outside of the noted runs are left out.
 * @param zero - the clock `performance.now()` when the ranks left a barrier together.
 */
export function profileOfRank(
  rank: number,
  runs: readonly RecordedRun[],
  transfers: readonly Transfer[],
  zero: number,
): RankProfile {
  const steps = runs.flatMap((run) => spansOf(run, zero));
  const start = Math.min(...steps.map(({ from }) => from));
  const end = Math.max(...steps.map(({ from, milliseconds }) => from + milliseconds));
  const origin = performance.timeOrigin + zero;
  const communication = transfers
    .map(({ from, to, bytes }) => ({
      ...{ name: "sum over ranks", from: from - origin, milliseconds: to - from, args: { bytes } },
    }))
    .filter(({ from, milliseconds }) => from + milliseconds > start && from < end);
  return {
    rank,
    computing: steps.filter(({ name }) => !isWait(name)),
    waiting: steps.filter(({ name }) => isWait(name)),
    communication,
  };
}

function spansOf(run: RecordedRun, zero: number): Span[] {
  let at = run.endedAt - durationOf(run) - zero;
  return run.timings.map(({ step, milliseconds }) => {
    const { op, label } = run.program.steps[step];
    const span = { name: op, from: at, milliseconds, args: { layer: label } };
    at += milliseconds;
    return span;
  });
}

const ROWS = ["computing", "waiting", "communication"] as const;

/** The text of a trace file: a process for each rank. */
export function traceOfRanks(profiles: readonly RankProfile[]): string {
  const spans = profiles.flatMap((profile) => ROWS.flatMap((row) => profile[row]));
  const start = spans.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY);
  const events = profiles.flatMap((profile) => [
    nameEvent("process_name", { pid: profile.rank, tid: 0 }, `rank ${profile.rank}`),
    ...ROWS.flatMap((cat, tid) => {
      const row = { pid: profile.rank, tid };
      return [
        nameEvent("thread_name", row, cat),
        ...profile[cat].map(({ name, from, milliseconds, args }) =>
          completeEvent(row, { name, cat }, from - start, milliseconds, args),
        ),
      ];
    }),
  ]);
  return traceText(events);
}

/** How a rank has spent its time, in milliseconds. */
export interface RankTimes {
  readonly rank: number;
  readonly computing: number;
  readonly waiting: number;
  readonly communication: number;
  /** The share of the engine's time that is spent waiting for other ranks: communication that is not hidden. */
  readonly exposed: number;
}

export function timesOfRank(profile: RankProfile): RankTimes {
  const [computing, waiting, communication] = ROWS.map((row) =>
    profile[row].reduce((sum, { milliseconds }) => sum + milliseconds, 0),
  );
  const all = computing + waiting;
  return { rank: profile.rank, computing, waiting, communication, exposed: all === 0 ? 0 : waiting / all };
}
