/**
 * The session of the process, and the engine that its programs run on. In this order: what users call; one engine in use,
 * with its programs, its buffers and the runs that are under way on it.
 */

import type { TypedArray } from "../base/dtype.ts";
import { unknownName } from "../base/errors.ts";

import {
  compileGraph,
  type FrozenPasses,
  OPTIONAL_PASSES,
  type PassName,
  type WithoutPasses,
} from "../compiler/compile.ts";
import type {
  CompiledProgram,
  Engine,
  EngineBuffer,
  EngineCapabilities,
  EngineInfo,
  Program,
  ProgramTarget,
  StepTiming,
} from "../engines/contract/engine.ts";
import {
  createDefaultEngine,
  createEngine,
  type EngineOptions,
  fastestEngine,
  loadEngine,
} from "../engines/select.ts";
import type { Capture } from "../graph/node.ts";
import { reportAtEnd } from "./failures.ts";
import { DeviceBuffer, type Run } from "./run.ts";
import { Session } from "./session.ts";
import type { SessionStatistics } from "./session_statistics.ts";

/** What `useEngine` was told last; nothing if the fastest engine is to be taken. */
let wanted: { name: string; options: EngineOptions } | null = null;

/** Called with each engine that is created. */
let onEngine: ((connection: EngineConnection) => void) | null = null;

/** Has `follow` called with each engine from here on; returns the one in use. */
export function followEngines(follow: (connection: EngineConnection) => void): EngineConnection | null {
  onEngine = follow;
  return theSession.running;
}

/** The last change of engine: they are made one after the other. */
let changing: Promise<unknown> = Promise.resolve();

const theSession = new Session((statistics) => {
  const engine = wanted === null ? createDefaultEngine() : createEngine(wanted.name, wanted.options);
  const connection = new EngineConnection(engine, statistics, passesWithout(wanted?.options ?? {}));
  onEngine?.(connection);
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
 *   `portable`: have the wasm engine compute the same bits in every run-time;
 *   `exactConvolutions`: leave out algorithms for convolutions that round more than plain sums do;
 *   `withoutPasses`: passes of the compiler that are left out, to see what each does.
 * @throws ArgumentError for an unknown engine or pass, EngineError for one that cannot start here; then the engine before is
 * used as before.
 * @example
 * ```ts
 * await useEngine("wasm", { threads: 1 });
 * ```
 */
export function useEngine(name: string, options: EngineOptions = {}): Promise<void> {
  return inTurn(async () => {
    const without = passesWithout(options);
    await loadEngine(name);
    const next = new EngineConnection(createEngine(name, options), theSession.statistics, without);
    await next.started();
    const before = theSession.exchange(next);
    onEngine?.(next);
    wanted = { name, options };
    await before?.close();
  });
}

/** @throws ArgumentError for a name that no pass has. */
function passesWithout({ withoutPasses = [] }: EngineOptions): WithoutPasses {
  for (const name of withoutPasses) {
    if (!(OPTIONAL_PASSES as readonly string[]).includes(name))
      throw unknownName("useEngine: unknown pass", name, OPTIONAL_PASSES, " in withoutPasses");
  }
  return new Set(withoutPasses as readonly PassName[]);
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

// One engine in use.

export interface ProfiledRun {
  /** What ran. */
  readonly program: Program;
  /** The time of each step. */
  readonly timings: readonly StepTiming[];
}

/** What the session reports of its runs. */
export interface RunListener {
  /** A run failed; `later` are those that were sent after it, in order. */
  failed(run: Run, later: Iterable<Run>, error: unknown): void;
}

const FIRST_SWEEP = 1024;

/** Programs that are remembered; loops whose shapes never repeat would otherwise collect them. */
const MOST_PROGRAMS = 256;

export class EngineConnection {
  readonly engine: Engine;
  readonly programs: ProgramCache;
  /** What the engine can do; null before it has started. */
  capabilities: EngineCapabilities | null = null;
  /** The last program that was run, for printing. */
  lastProgram: Program | null = null;
  /** Bytes of inputs that runs under way hold. */
  bytesUnderWay = 0;
  readonly #starting: Promise<EngineCapabilities>;
  /**
   * In the order in which they were sent. Not a set: V8 makes the table of one again every few runs, and a table that has become
   * old keeps the next one alive, and so the graphs of runs that are long over, until all of the heap is collected.
   */
  readonly #underWay: Run[] = [];
  readonly #buffers = new Set<WeakRef<DeviceBuffer>>();
  #sweepAt = FIRST_SWEEP;
  readonly #finalizer: FinalizationRegistry<EngineBuffer>;
  /** The last of the runs and reads that could not be sent at once; later ones queue up behind it. */
  #queue: Promise<void> | null = null;
  #idle: (() => void)[] = [];

  constructor(engine: Engine, statistics: SessionStatistics, without: WithoutPasses = new Set()) {
    this.engine = engine;
    this.programs = new ProgramCache(engine, statistics, without);
    this.#finalizer = new FinalizationRegistry((buffer) => engine.free(buffer));
    this.#starting = engine.start().then((capabilities) => {
      this.capabilities = capabilities;
      return capabilities;
    });
    // If it cannot start, its first run says why.
    this.#starting.catch(noop);
  }

  /** @throws EngineError if the engine cannot start. */
  started(): Promise<EngineCapabilities> {
    return this.#starting;
  }

  get runsUnderWay(): number {
    return this.#underWay.length;
  }

  /** @throws OutOfMemoryError if there is no room for it. */
  makeDeviceBuffer(bytes: number, zeroed = true): DeviceBuffer {
    const buffer = this.engine.allocate(Math.max(bytes, 1), zeroed);
    const deviceBuffer = new DeviceBuffer(buffer);
    this.#finalizer.register(deviceBuffer, buffer, deviceBuffer);
    this.#buffers.add(new WeakRef(deviceBuffer));
    if (this.#buffers.size >= this.#sweepAt) {
      for (const ref of this.#buffers) if (ref.deref() === undefined) this.#buffers.delete(ref);
      this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#buffers.size);
    }
    return deviceBuffer;
  }

  /** Gives a buffer back at once that nothing was written to. */
  freeDeviceBuffer(deviceBuffer: DeviceBuffer): void {
    this.#finalizer.unregister(deviceBuffer);
    for (const ref of this.#buffers) if (ref.deref() === deviceBuffer) this.#buffers.delete(ref);
    this.engine.free(deviceBuffer.buffer);
  }

  /** A buffer's bytes, after the runs that were sent before. */
  readonly read = async (buffer: EngineBuffer): Promise<ArrayBuffer> => {
    const [waiting, engine] = [this.#queue, this.engine];
    const reading = waiting === null ? engine.read(buffer) : waiting.then(() => engine.read(buffer));
    if (waiting !== null) this.#chain(reading.then(noop, noop));
    return reading;
  };

  /**
   * The program of what was captured. Nothing is compiled before the engine has started: only then is it known for what;
   * the runs that are sent until then wait for it.
   *
   * @param frozen - see `compileGraph`.
   * @throws OutOfMemoryError if it does not fit the engine's memory; so does what is returned.
   */
  prepare(captured: Capture, frozen: FrozenPasses | null = null): () => CompiledProgram {
    const { capabilities } = this;
    if (capabilities !== null) {
      const compiled = this.programs.lookUp(captured, capabilities, frozen);
      return () => compiled;
    }
    // Built now: once commits are applied, their values no longer lead to the nodes.
    const graph = captured.build();
    const built = { ...captured, build: () => graph };
    return () => this.programs.lookUp(built, this.capabilities as EngineCapabilities, frozen);
  }

  /** Sends a run; it takes effect after those sent before. */
  send(
    program: () => CompiledProgram,
    run: Run,
    listener: RunListener,
    profiler: ((run: ProfiledRun) => void) | null,
  ): void {
    // Those that are here now are taken now: they may have moved to a state buffer when a late run is sent.
    const arrays = run.inputs.map((value) => value.data);
    const send = () => {
      if (run.over) throw new Error("the run depends on one that failed");
      const inputs = run.inputs.map((value, i) => arrays[i] ?? (value.data as TypedArray));
      const states = run.buffers ?? run.states.map(({ buffer }) => buffer);
      const compiled = program();
      this.lastProgram = compiled.program;
      const bindings = { inputs, states, packed: run.packed };
      return this.engine.run(compiled, bindings, { profile: profiler !== null });
    };
    const waiting = run.inputs.filter(({ data }) => data === null).map(({ readback }) => readback);
    const previous = this.#queue ?? (this.capabilities === null ? this.#starting : null);
    const atOnce = waiting.length === 0 && previous === null;
    const sent = atOnce
      ? send()
      : Promise.resolve(previous)
          .then(() => Promise.all(waiting))
          .then(send);
    this.#underWay.push(run);
    this.bytesUnderWay += run.bytes;
    const done = sent.then(
      (result) => {
        if (run.over) return;
        run.over = true;
        result.outputs.forEach((data, i) => run.readbacks[i].complete(data));
        profiler?.({ program: program().program, timings: result.timings ?? [] });
      },
      (error) => {
        if (!run.over) listener.failed(run, this.#sentAfter(run), error);
      },
    );
    // Later runs wait for this one only if it could not be sent at once: the engine keeps the order.
    if (!atOnce) this.#chain(sent.then(noop, noop));
    done.then(() => this.#ended(run));
  }

  *#sentAfter(run: Run): Iterable<Run> {
    for (let i = this.#underWay.indexOf(run) + 1; i < this.#underWay.length; i++) yield this.#underWay[i];
  }

  #ended(run: Run): void {
    this.#underWay.splice(this.#underWay.indexOf(run), 1);
    this.bytesUnderWay -= run.bytes;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resume of waiting) resume();
  }

  /** Resolves when at most `most` runs are under way. */
  async caughtUp(most: number): Promise<void> {
    // What cannot be compiled is known when the engine has started: callers that wait hear of it.
    if (this.capabilities === null) await this.#queue;
    while (this.#underWay.length > most) await new Promise<void>((resume) => this.#idle.push(resume));
  }

  /** Asks for all that the buffers hold: from here on it is on its way, and another engine can be used. */
  leave(): void {
    for (const ref of this.#buffers) {
      const deviceBuffer = ref.deref();
      if (deviceBuffer !== undefined && deviceBuffer.holds !== null) deviceBuffer.leave(this.#readAgain);
    }
  }

  /** Reads also what a failed run has left as it was. */
  readonly #readAgain = (buffer: EngineBuffer): Promise<ArrayBuffer> =>
    this.read(buffer).catch(() => this.read(buffer));

  /** Ends the engine when all runs are over and all that was asked for is here. */
  async close(): Promise<void> {
    await this.caughtUp(0);
    await Promise.allSettled([...this.#buffers].map((ref) => ref.deref()?.leaving));
    await this.engine.stop();
  }

  #chain(sent: Promise<void>): void {
    this.#queue = sent;
    sent.then(() => {
      if (this.#queue === sent) this.#queue = null;
    });
  }
}

/** The programs of one engine, by the structure of what they compute. */
export class ProgramCache {
  readonly #engine: Engine;
  readonly #statistics: SessionStatistics;
  readonly #without: WithoutPasses;
  readonly #programs = new Map<string, CompiledProgram>();

  constructor(engine: Engine, statistics: SessionStatistics, without: WithoutPasses) {
    this.#engine = engine;
    this.#statistics = statistics;
    this.#without = without;
  }

  /** @throws OutOfMemoryError if the program does not fit the engine's memory. */
  lookUp(
    { key, build }: Capture,
    target: ProgramTarget,
    frozen: FrozenPasses | null = null,
  ): CompiledProgram {
    const found = this.#programs.get(key);
    if (found !== undefined) {
      // Back to the end of the map: what is forgotten is what has not been used for longest.
      this.#programs.delete(key);
      this.#programs.set(key, found);
      return found;
    }
    const started = performance.now();
    const compiled = this.#engine.compile(compileGraph(build(), target, frozen, this.#without));
    this.#programs.set(key, compiled);
    if (this.#programs.size > MOST_PROGRAMS) this.#forgetOldest();
    this.#statistics.programs++;
    this.#statistics.compileMilliseconds += performance.now() - started;
    return compiled;
  }

  /** Compiles every program again at its next use: the engine would now compute them otherwise. */
  forget(): void {
    for (const compiled of this.#programs.values()) this.#engine.release(compiled);
    this.#programs.clear();
  }

  #forgetOldest(): void {
    const [key, oldest] = this.#programs.entries().next().value as [string, CompiledProgram];
    this.#programs.delete(key);
    this.#engine.release(oldest);
  }
}

function noop(): void {}
