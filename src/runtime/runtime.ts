/** The session of the process, and the engine that its programs run on. */
import type { EngineInfo } from "../engines/contract/engine.ts";
import {
  createDefaultEngine,
  createEngine,
  type EngineOptions,
  fastestEngine,
  loadEngine,
} from "../engines/select.ts";
import { EngineConnection, type ProfiledRun } from "./engine_connection.ts";
import { reportAtEnd } from "./failures.ts";
import { attachAutotuning } from "./kept_algorithms.ts";
import { Session } from "./session.ts";

/** What `useEngine` was told last; nothing if the fastest engine is to be taken. */
let wanted: { name: string; options: EngineOptions } | null = null;

/** The last change of engine: they are made one after the other. */
let changing: Promise<unknown> = Promise.resolve();

const theSession = new Session((statistics) => {
  const engine = wanted === null ? createDefaultEngine() : createEngine(wanted.name, wanted.options);
  const connection = new EngineConnection(engine, statistics);
  attachAutotuning(connection);
  return connection;
});
theSession.failures.onFirst = () => reportAtEnd(theSession.failures);

/** The session of the process, with an engine: the fastest if none was asked for. */
export function defaultSession(): Session {
  void theSession.connection;
  return theSession;
}

/** The same if it has an engine. */
export function runningSession(): Session | null {
  return theSession.running === null ? null : theSession;
}

function inTurn<T>(change: () => Promise<T>): Promise<T> {
  const changed = changing.then(change);
  changing = changed.catch(() => {});
  return changed;
}

/**
 * Runs everything from here on with another engine. Weights and other state move along, and so does what has been
 * recorded and not run; runs that are under way end on the engine before. Without this call, the fastest engine is
 * used that works on the machine: oneDNN if its library is installed, else wasm.
 *
 * @param name - `"onednn"`, `"wasm"` or `"reference"`.
 * @param options - `threads`: how many threads the engine may use; `memoryLimit`: bytes that it may take at most;
 *   `reproducible`: choose oneDNN's algorithms by a fixed rule, not by measuring them once on each machine;
 *   `portable`: have the wasm engine compute the same bits in every run-time.
 * @throws ArgumentError for an unknown engine, EngineError for one that cannot start here; then the engine before is
 * used as before.
 * @example
 * ```ts
 * await useEngine("wasm", { threads: 1 });
 * ```
 */
export function useEngine(name: string, options: EngineOptions = {}): Promise<void> {
  return inTurn(async () => {
    await loadEngine(name);
    const next = new EngineConnection(createEngine(name, options), theSession.statistics);
    await next.started();
    const before = theSession.exchange(next);
    attachAutotuning(next);
    wanted = { name, options };
    await before?.close();
  });
}

/**
 * Ends the engine's workers, when the runs under way are over. Weights and other state are kept; the next operation
 * that needs an engine starts it again.
 *
 * @throws the error of a run that failed, if nothing that depends on it was read.
 * @example
 * ```ts
 * await stopEngine();
 * ```
 */
export function stopEngine(): Promise<void> {
  return inTurn(async () => {
    await theSession.exchange(null)?.close();
    const errors = theSession.failures.takeUnreported();
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} runs failed, and their results have not been read`);
  });
}

/** What the engine in use reports; null before it has started. */
export function startedEngine(): EngineInfo | null {
  return theSession.running?.capabilities ?? null;
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
  const information = startedEngine();
  return information === null
    ? engineName()
    : `${information.name} (${information.threads} ${information.threads === 1 ? "thread" : "threads"}, ${information.detail})`;
}

/** The engine in use and what of it decides on the last bits: `engineInfo` without the number of threads. */
export function engineBinary(): string {
  const information = startedEngine();
  return information === null ? engineName() : `${information.name} (${information.detail})`;
}

/**
 * Whether the engine in use multiplies bfloat16 numbers faster than float32 ones on this processor. Elsewhere
 * `autocast` works too, but has nothing to give but memory.
 *
 * @throws EngineError if the engine cannot start.
 * @example
 * ```ts
 * await useEngine("wasm");
 * await isBf16Supported(); // false
 * ```
 */
export async function isBf16Supported(): Promise<boolean> {
  return (await theSession.connection.started()).bfloat16;
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
  return theSession.running?.engine.name ?? wanted?.name ?? fastestEngine();
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
  const of = defaultSession();
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
