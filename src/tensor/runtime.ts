/** The engine that programs run on, and the executor that feeds it. */
import type { EngineInfo } from "../engines/engine.ts";
import { createEngine, type EngineOptions } from "../engines/select.ts";
import { Executor, type ProfiledRun } from "./executor.ts";

let current: Executor | null = null;
let information: EngineInfo | null = null;
/** What the engine in use says of itself once it has started. */
let starting: Promise<EngineInfo> | null = null;
let wanted: { name: string; options: EngineOptions } = { name: "wasm", options: {} };

/** The executor of the process; started with the default engine on first use. */
export function executor(): Executor {
  if (current === null) {
    const engine = createEngine(wanted.name, wanted.options);
    current = new Executor(engine);
    starting = engine.start();
    // Where it cannot start, the first run says why.
    starting.catch(() => {});
  }
  return current;
}

/** The executor where one has been started. */
export function runningExecutor(): Executor | null {
  return current;
}

/**
 * Runs everything from here on with another engine. Weights and other state move along.
 *
 * @param name - `"wasm"` or `"reference"`.
 * @param options - `threads`: how many threads the engine may use.
 * @throws ArgumentError for an unknown engine, EngineError for one that cannot start here.
 * @example
 * ```ts
 * await useEngine("wasm", { threads: 1 });
 * ```
 */
export async function useEngine(name: string, options: EngineOptions = {}): Promise<void> {
  const engine = createEngine(name, options);
  const before = current;
  if (before !== null) await before.close();
  current = new Executor(engine);
  wanted = { name, options };
  starting = engine.start();
  information = await starting;
  current.threads = information.threads;
}

/**
 * Ends the engine's workers. The next operation that needs one starts it anew.
 *
 * @example
 * ```ts
 * await stopEngine();
 * ```
 */
export async function stopEngine(): Promise<void> {
  const before = current;
  current = null;
  information = null;
  starting = null;
  if (before !== null) await before.close();
}

/**
 * The engine in use, for people: name, threads, binary.
 *
 * @example
 * ```ts
 * await useEngine("reference");
 * engineInfo(); // "reference (1 thread, plain TypeScript loops)"
 * ```
 */
export function engineInfo(): string {
  return information === null
    ? engineName()
    : `${information.name} (${information.threads} ${information.threads === 1 ? "thread" : "threads"}, ${information.detail})`;
}

/**
 * Whether the engine in use multiplies bfloat16 numbers faster than float32 ones on this processor. Elsewhere
 * `autocast` works too, but has nothing to give but memory.
 *
 * @throws EngineError where the engine cannot start.
 * @example
 * ```ts
 * await useEngine("wasm");
 * await isBf16Supported(); // false
 * ```
 */
export async function isBf16Supported(): Promise<boolean> {
  executor();
  return (await (starting as Promise<EngineInfo>)).bfloat16;
}

/**
 * Name of the engine in use.
 *
 * @example
 * ```ts
 * await useEngine("wasm");
 * engineName(); // "wasm"
 * ```
 */
export function engineName(): string {
  return current?.engine.name ?? wanted.name;
}

/**
 * Runs `body` and everything it submits, and tells what ran: each program with its steps, shapes, bytes and
 * the time of each step.
 *
 * @example
 * ```ts
 * const runs = await profile(trainStep);
 * for (const { program, timings } of runs) console.log(printProgram(program, timings));
 * ```
 */
export async function profile(body: () => unknown): Promise<ProfiledRun[]> {
  const runs: ProfiledRun[] = [];
  const of = executor();
  await of.finish();
  of.profiler = (run) => runs.push(run);
  try {
    await body();
    await of.finish();
  } finally {
    of.profiler = null;
  }
  return runs;
}
