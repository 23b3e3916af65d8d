/** The engine that programs run on, and the executor that feeds it. */
import type { EngineInfo } from "../engines/contract/engine.ts";
import {
  createDefaultEngine,
  createEngine,
  type EngineOptions,
  fastestEngine,
  loadEngine,
} from "../engines/select.ts";
import { Executor, type ProfiledRun } from "./executor.ts";
import { attachChoices } from "./kept_choices.ts";

let current: Executor | null = null;
let information: EngineInfo | null = null;
/** What the engine in use says of itself once it has started. */
let starting: Promise<EngineInfo> | null = null;
/** What `useEngine` was told last; nothing where the fastest engine is to be taken. */
let wanted: { name: string; options: EngineOptions } | null = null;

/** The executor of the process; started on first use, with the fastest engine where none was asked for. */
export function executor(): Executor {
  if (current === null) {
    const engine = wanted === null ? createDefaultEngine() : createEngine(wanted.name, wanted.options);
    // Where it cannot start, the first run says why.
    begin(new Executor(engine)).catch(() => {});
  }
  return current as unknown as Executor;
}

/** Puts an executor in the place of the current one and starts its engine. */
function begin(next: Executor): Promise<EngineInfo> {
  current = next;
  information = null;
  attachChoices(next);
  const { name } = next.engine;
  starting = next.engine.start().then((info) => {
    // It has become another engine, for which programs are shaped otherwise.
    if (info.name !== name) next.forgetPrograms();
    if (current === next) information = info;
    next.threads = info.threads;
    return info;
  });
  return starting;
}

/** The executor where one has been started. */
export function runningExecutor(): Executor | null {
  return current;
}

/**
 * Runs everything from here on with another engine. Weights and other state move along. Without this call, the
 * fastest engine is used that works on the machine: oneDNN where its library is installed, else wasm.
 *
 * @param name - `"onednn"`, `"wasm"` or `"reference"`.
 * @param options - `threads`: how many threads the engine may use; `memoryLimit`: bytes that it may take at most;
 *   `reproducible`: choose oneDNN's algorithms by a fixed rule, not by measuring them once on each machine.
 * @throws ArgumentError for an unknown engine, EngineError for one that cannot start here.
 * @example
 * ```ts
 * await useEngine("wasm", { threads: 1 });
 * ```
 */
export async function useEngine(name: string, options: EngineOptions = {}): Promise<void> {
  await loadEngine(name);
  const engine = createEngine(name, options);
  if (current !== null) await current.close();
  const next = new Executor(engine);
  try {
    await begin(next);
    wanted = { name, options };
  } catch (error) {
    // What was used before is started anew by the next operation.
    if (current === next) current = null;
    throw error;
  }
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

/** What the engine in use says of itself; null before it has started. */
export function startedEngine(): EngineInfo | null {
  return information;
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
  return current?.engine.name ?? wanted?.name ?? fastestEngine();
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
