/**
 * Runs as a trace for Chrome's viewers (chrome://tracing, ui.perfetto.dev) and Firefox's (profiler.firefox.com), in the
 * Trace Event Format: complete events, times in microseconds from the first run on.
 */

import type { RecordedRun } from "./profile_recorder.ts";
import { stepCosts } from "./step_costs.ts";
import { completeEvent, nameEvent, traceText } from "./trace_events.ts";

/** Rows of the trace. */
const RUNS = { pid: 1, tid: 1 };
const STEPS = { pid: 1, tid: 2 };

/** The text of a trace file. */
export function traceOf(runs: readonly RecordedRun[]): string {
  const names = [
    nameEvent("process_name", { pid: 1, tid: 0 }, "convoyant"),
    nameEvent("thread_name", RUNS, "runs"),
    nameEvent("thread_name", STEPS, "steps"),
  ];
  const start = Math.min(...runs.map((run) => run.endedAt - durationOf(run)));
  const events = runs.flatMap((run) => eventsOf(run, start));
  return traceText([...names, ...events]);
}

export function durationOf({ timings }: RecordedRun): number {
  return timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

function eventsOf(run: RecordedRun, start: number) {
  const duration = durationOf(run);
  let at = run.endedAt - duration - start;
  const called = (name: string) => ({ name, cat: "convoyant" });
  const whole = completeEvent(RUNS, called(`program of ${run.program.steps.length} steps`), at, duration, {});
  const steps = stepCosts(run.program, run.timings).map((costs) => {
    const { op, layer, milliseconds, bytes, operations, inputs, outputs } = costs;
    const shapes = `${inputs.join(", ")} -> ${outputs.join(", ")}`;
    const one = completeEvent(STEPS, called(op), at, milliseconds, { layer, shapes, bytes, operations });
    at += milliseconds;
    return one;
  });
  return [whole, ...steps];
}
