/**
 * Runs as a trace for Chrome's viewers (chrome://tracing, ui.perfetto.dev) and Firefox's (profiler.firefox.com), in the
 * Trace Event Format: complete events, times in microseconds from the first run on.
 */

import type { RecordedRun } from "./profile_recorder.ts";
import { stepCosts } from "./step_costs.ts";

/** Rows of the trace. */
const RUNS = 1;
const STEPS = 2;

/** The text of a trace file. */
export function traceOf(runs: readonly RecordedRun[]): string {
  const names = [
    named("process_name", 0, "convoyant"),
    named("thread_name", RUNS, "runs"),
    named("thread_name", STEPS, "steps"),
  ];
  const start = Math.min(...runs.map((run) => run.endedAt - durationOf(run)));
  const events = runs.flatMap((run) => eventsOf(run, start));
  return JSON.stringify({ traceEvents: [...names, ...events], displayTimeUnit: "ms" });
}

export function durationOf({ timings }: RecordedRun): number {
  return timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

function named(name: string, tid: number, to: string) {
  return { name, ph: "M", pid: 1, tid, args: { name: to } };
}

function eventsOf(run: RecordedRun, start: number) {
  const duration = durationOf(run);
  let at = run.endedAt - duration - start;
  const whole = event(RUNS, `program of ${run.program.steps.length} steps`, at, duration, {});
  const steps = stepCosts(run.program, run.timings).map((costs) => {
    const { op, layer, milliseconds, bytes, operations, inputs, outputs } = costs;
    const shapes = `${inputs.join(", ")} -> ${outputs.join(", ")}`;
    const one = event(STEPS, op, at, milliseconds, { layer, shapes, bytes, operations });
    at += milliseconds;
    return one;
  });
  return [whole, ...steps];
}

function event(tid: number, name: string, at: number, milliseconds: number, args: object) {
  const [ts, dur] = [at, milliseconds].map((value) => Math.round(value * 1e6) / 1e3);
  return { name, cat: "convoyant", ph: "X", pid: 1, tid, ts, dur, args };
}
