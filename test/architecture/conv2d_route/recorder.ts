/**
 * Inside the traced process, in its main thread and in its workers: notes each function that is entered while the trace
 * is on, with the functions below it on the stack. A line of the record: what was entered, who called it, and all files
 * on the stack.
 */
import { openSync, writeSync } from "node:fs";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

/** One line of the record; `entered` is a function's number, or the name of a kernel in the wasm binary. */
export interface Entry {
  readonly entered: number | string;
  /** The file that called it; null for what the run-time itself calls. */
  readonly caller: string | null;
  /** Files on the stack that were not yet told for it. */
  readonly stack: readonly string[];
}

if (isMainThread) setEnvironmentData("trace", new SharedArrayBuffer(4));
/** One number for all threads: 1 while the trace is on. */
const on = new Int32Array(getEnvironmentData("trace") as SharedArrayBuffer);
const record = process.env.TRACE_RECORD === undefined ? -1 : openSync(process.env.TRACE_RECORD, "a");
/** Whether only the functions that are entered count, not their callers: looking for those takes most of the time. */
const withoutStack = process.env.TRACE_STACK === "none";
/** Below it lie the files that count. */
const base = process.env.TRACE_BASE ?? "";
Error.stackTraceLimit = Number.POSITIVE_INFINITY;

export function trace(wanted: boolean): void {
  on[0] = wanted ? 1 : 0;
}

const told = new Map<number | string, Set<string>>();
let busy = false;

export function enter(entered: number | string): void {
  if (on[0] !== 1 || busy || (withoutStack && told.has(entered))) return;
  busy = true;
  const [caller = null, ...below] = filesOnStack();
  const known = told.get(entered) ?? new Set();
  const news = [caller ?? "", ...below].filter((file) => file !== "" && !known.has(file));
  if (!told.has(entered) || news.length > 0) {
    for (const file of news) known.add(file);
    told.set(entered, known);
    const entry: Entry = { entered, caller, stack: [...new Set(news)] };
    writeSync(record, `${JSON.stringify(entry)}\n`);
  }
  busy = false;
}

/** The files below the function that was entered, its caller's first. */
function filesOnStack(): string[] {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites;
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, enter);
  const sites = holder.stack as NodeJS.CallSite[];
  Error.prepareStackTrace = before;
  const files = sites.slice(1).map((site) => site.getFileName() ?? "");
  return files
    .filter((file) => file.startsWith(base))
    .map((file) => file.slice(base.length).replace(/\.js$/, ".ts"));
}

/** Calls of kernels in a wasm binary are noted under the kernel's name. */
class RecordedInstance {
  readonly exports: WebAssembly.Exports;

  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    const { exports } = new Original(module, imports);
    this.exports = Object.fromEntries(
      Object.entries(exports).map(([name, value]) => [
        name,
        typeof value === "function" ? recordedCall(name, value as (...args: unknown[]) => unknown) : value,
      ]),
    ) as WebAssembly.Exports;
  }
}

function recordedCall(name: string, call: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    enter(name);
    return call(...args);
  };
}

const Original = WebAssembly.Instance;
if (record >= 0) WebAssembly.Instance = RecordedInstance as unknown as typeof WebAssembly.Instance;
