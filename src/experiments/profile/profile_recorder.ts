/** Notes the runs of the default session for a while: what ran, when, and how long each of its steps took. */
import type { Program, StepTiming } from "../../engines/contract/engine.ts";
import { defaultSession, type ProfiledRun } from "../../runtime/runtime.ts";

/** A run that was noted. */
export interface RecordedRun extends ProfiledRun {
  /** Of the clock `performance.now()`, in milliseconds. */
  readonly endedAt: number;
}

/** The first runs of a program compile kernels and choose among them; they are noted only if there are no others. */
const UNSETTLED = 3;
/** As many are noted: a trace of a large network's steps is some megabytes. */
const MOST_RUNS = 24;

/**
 * Notes runs from `start` on, without the first three of each program that runs more often, until it has enough or `stop` is called. Each step of
 * a run that is noted waits for all threads, which costs a few per cent.
 */
export class ProfileRecorder {
  readonly runs: RecordedRun[] = [];
  /** How often each program ran, and its last run before it settled. */
  readonly #seen = new Map<Program, { times: number; last: RecordedRun | null }>();
  #stopped = false;

  start(): void {
    defaultSession().profiler = (run) => this.#take(run);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    defaultSession().profiler = null;
    for (const { last } of this.#seen.values()) if (last !== null) this.runs.push(last);
    this.runs.sort((a, b) => a.endedAt - b.endedAt);
  }

  #take(run: ProfiledRun): void {
    if (this.#stopped) return;
    const recorded = { ...run, endedAt: performance.now() };
    const times = (this.#seen.get(run.program)?.times ?? 0) + 1;
    const settled = times > UNSETTLED;
    this.#seen.set(run.program, { times, last: settled ? null : recorded });
    if (settled) this.runs.push(recorded);
    if (this.runs.length >= MOST_RUNS) this.stop();
  }
}

/** A program and the mean time of its steps over the runs that were noted. */
export interface ProfiledProgram {
  readonly program: Program;
  readonly runs: number;
  readonly timings: readonly StepTiming[];
}

/** The programs that ran, those that took most of the time first. */
export function programsOf(runs: readonly RecordedRun[]): ProfiledProgram[] {
  const byProgram = new Map<Program, RecordedRun[]>();
  for (const run of runs) byProgram.set(run.program, [...(byProgram.get(run.program) ?? []), run]);
  const total = ({ runs, timings }: ProfiledProgram) =>
    runs * timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...byProgram]
    .map(([program, own]) => ({ program, runs: own.length, timings: meanTimings(own) }))
    .sort((a, b) => total(b) - total(a));
}

function meanTimings(runs: readonly RecordedRun[]): StepTiming[] {
  return runs[0].timings.map(({ step }, i) => ({
    step,
    milliseconds: runs.reduce((sum, { timings }) => sum + timings[i].milliseconds, 0) / runs.length,
  }));
}
