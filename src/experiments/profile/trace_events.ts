/** Events of the Trace Event Format, which Chrome's viewers and Firefox's read. */

/** A row of the trace. */
export interface TraceRow {
  readonly pid: number;
  readonly tid: number;
}

/** What a process or a row is called. */
export function nameEvent(name: "process_name" | "thread_name", { pid, tid }: TraceRow, to: string) {
  return { name, ph: "M", pid, tid, args: { name: to } };
}

/** Something that took time. @param at - milliseconds from the trace's start. */
export function completeEvent(
  { pid, tid }: TraceRow,
  { name, cat }: { readonly name: string; readonly cat: string },
  at: number,
  milliseconds: number,
  args: object,
) {
  // In microseconds, with three digits behind the point.
  const [ts, dur] = [at, milliseconds].map((value) => Math.round(value * 1e6) / 1e3);
  return { name, cat, ph: "X", pid, tid, ts, dur, args };
}

/** The text of a trace file. */
export function traceText(traceEvents: readonly object[]): string {
  return JSON.stringify({ traceEvents, displayTimeUnit: "ms" });
}
