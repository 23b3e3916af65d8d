/**
 * When things run: takes pending values, compiles what they need into one program, and sends it to the
 * engine. One executor serves the process; `useEngine` exchanges its engine.
 */
import { bytesOf, type TypedArray, viewArray } from "../base/dtype.ts";
import { AutogradError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import { compileGraph } from "../compiler/compile.ts";
import type {
  CompiledProgram,
  Engine,
  EngineBuffer,
  EngineMemory,
  Program,
  StepTiming,
} from "../engines/contract/engine.ts";
import { type Capture, capture, collectNodes } from "../graph/capture.ts";
import type { StateBuffer, Value } from "../graph/node.ts";
import { atTopLevel } from "../graph/scope.ts";
import { Arrival } from "./arrival.ts";
import { CarriedValues, endTapes } from "./carried_values.ts";
import { GradientBook, type GradientLeaf } from "./gradient_book.ts";
import { dependents, HeldValues, isPending, smallReceived } from "./held_values.ts";
import { HomeBuffer, homeOf, passesOn, type StateOwner, storageOf } from "./home_buffer.ts";

/** Programs that are remembered; loops whose shapes never repeat would otherwise collect them. */
const MOST_PROGRAMS = 256;

/** An in-place change that the next run makes. */
interface Commit {
  readonly owner: StateOwner;
  readonly value: Value;
  /** What the owner had before, and has again where the run cannot be made. */
  readonly before: Value;
}

/** A run that is about to be sent. */
interface PlannedRun {
  readonly outputs: readonly Value[];
  readonly commits: readonly Commit[];
  readonly captured: Capture;
  readonly cached: CachedProgram;
}

interface CachedProgram {
  readonly compiled: CompiledProgram;
}

/** What building and looking up programs has cost: for the benchmark. */
export interface ExecutorStatistics {
  programs: number;
  runs: number;
  captureMilliseconds: number;
  compileMilliseconds: number;
}

export interface ProfiledRun {
  /** What ran. */
  readonly program: Program;
  /** The time of each step. */
  readonly timings: readonly StepTiming[];
}

export class Executor {
  readonly engine: Engine;
  readonly statistics: ExecutorStatistics = {
    programs: 0,
    runs: 0,
    captureMilliseconds: 0,
    compileMilliseconds: 0,
  };
  /** Told of every run with the time of each step, while it is set. */
  profiler: ((run: ProfiledRun) => void) | null = null;
  /** The last program that was run, for printing. */
  lastProgram: Program | null = null;
  private readonly cache = new Map<string, CachedProgram>();
  private readonly commits = new Map<StateOwner, Commit>();
  private readonly homeless = new Map<StateOwner, Value>();
  private readonly held = new HeldValues();
  private readonly carried = new CarriedValues();
  /** Gradients that users may read. */
  readonly gradients = new GradientBook();
  private queue: Promise<void> | null = null;
  private failure: unknown = null;
  private readonly homes = new Set<WeakRef<HomeBuffer>>();
  private readonly finalizer: FinalizationRegistry<EngineBuffer>;

  constructor(engine: Engine) {
    this.engine = engine;
    this.finalizer = new FinalizationRegistry((buffer) => engine.free(buffer));
  }

  /** Remembers a value that the user's own code made, in case it must be kept when weights change. */
  note(value: Value): void {
    if (value.settled || !atTopLevel()) return;
    this.held.note(value);
  }

  /**
   * Remembers a value that a module keeps for its next call, so that it can be computed then, and does not grow a
   * graph from call to call.
   *
   * @param call - number of the network's call that leaves it behind.
   */
  carry(value: Value, call: number): void {
    if (!value.settled && !this.carried.note(value, call)) this.held.note(value);
  }

  /** Makes `value` the owner's new contents at the next run (an in-place change). */
  commit(owner: StateOwner, value: Value): void {
    if (passesOn(owner, value)) return;
    const before = this.commits.get(owner)?.before ?? owner.value;
    owner.value = value;
    this.commits.set(owner, { owner, value, before });
  }

  /** Whether in-place changes wait for the next run. */
  get hasPendingCommits(): boolean {
    return this.commits.size > 0;
  }

  isCommitPending(owner: StateOwner): boolean {
    return this.commits.has(storageOf(owner));
  }

  /** Puts another value object for the same contents in the owner's place. */
  replaceSettled(owner: StateOwner, value: Value): void {
    owner.value = value;
    if (owner.home !== null) (owner.home as HomeBuffer).holds = new WeakRef(value);
  }

  /**
   * Asks that an owner's value live in a buffer of its own from the next run on, so that weights are copied to
   * the engine once and the first step's program is also the second's.
   */
  wantHome(given: StateOwner, owner = storageOf(given)): void {
    if (homeOf(owner) !== null) return;
    // Where a change is pending, it is the value before it that can be moved.
    if (!this.homeless.has(owner) || !this.commits.has(owner)) this.homeless.set(owner, owner.value);
  }

  /**
   * Compiles and sends off everything that `requested` needs, together with all pending in-place changes.
   * Returns at once; a value's data arrives later.
   *
   * @param spent - leaves whose use is over: what the user's own code computed from them is read back as well.
   * @throws OutOfMemoryError where the run does not fit the engine's memory. Then nothing has run, and every tensor
   * that was to be changed has its old contents.
   */
  submit(requested: readonly Value[], spent: readonly GradientLeaf[] = []): void {
    this.throwFailure();
    const started = performance.now();
    let planned: PlannedRun | null;
    try {
      planned = this.plan(requested, spent);
    } catch (error) {
      this.takeBack();
      throw error;
    }
    if (planned === null) return;
    const { outputs, commits, captured, cached } = planned;
    endTapes(this.carried.pending(), doomedBy(commits, spent));
    this.commits.clear();
    this.lastProgram = cached.compiled.program;
    const arrivals = outputs.map((value) => new Arrival(value));
    const unwritten = this.settleCommits(commits);
    const failed = (error: unknown) => {
      this.failure ??= error;
      for (const arrival of arrivals) arrival.fail(error);
      for (const commit of unwritten) loseContents(commit);
    };
    this.dispatch(cached, captured.inputs, captured.states as HomeBuffer[], arrivals, failed);
    this.statistics.captureMilliseconds += performance.now() - started;
    this.statistics.runs++;
  }

  /**
   * Computes the gradients that `backward` left with leaves, into a buffer for each leaf. A next `backward` adds to
   * them, and a step of the optimiser uses them, without computing again what came before.
   *
   * @param requested - what else is wanted of the same run.
   * @throws OutOfMemoryError as `submit`.
   */
  keepGradients(requested: readonly Value[] = []): void {
    const leaves = this.gradients.waitingLeaves();
    for (const { cell, grad } of leaves) {
      this.wantHome(cell);
      if (grad !== null) this.commit(grad.cell, grad.cell.value);
    }
    if (leaves.length > 0) this.submit(requested, leaves);
  }

  private plan(requested: readonly Value[], spent: readonly GradientLeaf[]): PlannedRun | null {
    for (const [owner, value] of this.homeless) {
      this.giveHome(owner, value);
      this.homeless.delete(owner);
    }
    const commits = [...this.commits.values()];
    for (const { owner, value } of commits)
      this.makeHomeFor(owner, numel(value.shape) * bytesOf(value.dtype));
    const outputs = this.outputsOf(requested, commits, spent);
    if (outputs.length === 0 && commits.length === 0) return null;
    const targets = commits.map(({ owner, value }) => ({ from: value, to: owner.home as StateBuffer }));
    const captured = capture(outputs, targets, onLost);
    return { outputs, commits, captured, cached: this.lookUp(captured.key, captured.build) };
  }

  /** Takes the in-place changes back that were to be made by a run that cannot be. */
  private takeBack(): void {
    for (const { owner, value, before } of this.commits.values()) {
      if (owner.value === value) owner.value = before;
      // Nothing was written there.
      if (!owner.value.settled) owner.home = null;
    }
    this.commits.clear();
    for (const value of this.carried.release()) this.held.note(value);
  }

  /** The value's elements. Do not change them. */
  async fetch(value: Value): Promise<TypedArray> {
    if (!value.settled) this.submit([value]);
    while (value.data === null) {
      if (value.arriving !== null) await this.arrival(value.arriving);
      else if (value.state !== null) {
        const data = await this.readState(value);
        // What failed may be the run that was to leave the value there.
        this.throwFailure();
        return data;
      } else onLost(value);
    }
    return value.data;
  }

  private async arrival(arriving: Promise<void>): Promise<void> {
    try {
      await arriving;
    } catch (error) {
      // Reported here, so not once more at the next call.
      if (this.failure === error) this.failure = null;
      throw error;
    }
  }

  /** Resolves when everything submitted so far has run; rejects where one of it failed. */
  async finish(): Promise<void> {
    await this.backpressure(0);
  }

  /** Puts a value that may be changed in place into a buffer of its own. */
  giveHome(owner: StateOwner, value: Value = owner.value): void {
    if (homeOf(owner) !== null) return;
    const home = this.makeHome(numel(value.shape) * bytesOf(value.dtype));
    owner.home = home;
    if (value.data !== null) {
      this.engine.write(home.buffer, value.data);
      value.data = null;
      value.state = home;
      home.holds = new WeakRef(value);
    } else if (value === owner.value && !value.settled && !this.commits.has(owner)) {
      // Not computed yet (a weight made by randn): the next run leaves it there.
      this.commit(owner, value);
    }
  }

  /** Threads of the engine; 0 before it has started. */
  threads = 0;

  memory(): EngineMemory {
    return this.engine.memory();
  }

  /** Brings every state buffer's contents back to the caller's memory and stops the engine. */
  async close(): Promise<void> {
    if (this.commits.size > 0 || this.carried.pending().length > 0) this.submit([]);
    for (const ref of this.homes) {
      const home = ref.deref();
      if (home === undefined) continue;
      home.closed = true;
      const value = home.holds?.deref();
      if (value !== undefined && value.state !== null) {
        value.data = await this.readState(value);
        value.state = null;
      }
    }
    await this.engine.stop();
  }

  private makeHome(bytes: number): HomeBuffer {
    const buffer = this.engine.allocate(Math.max(bytes, 1));
    const home = new HomeBuffer(buffer);
    this.finalizer.register(home, buffer);
    this.homes.add(new WeakRef(home));
    if (this.homes.size % 1024 === 0) for (const ref of this.homes) if (!ref.deref()) this.homes.delete(ref);
    return home;
  }

  private async readState(value: Value): Promise<TypedArray> {
    const { buffer } = value.state as HomeBuffer;
    // A read takes its place behind the runs that have not been sent yet.
    const reading =
      this.queue === null ? this.engine.read(buffer) : this.queue.then(() => this.engine.read(buffer));
    if (this.queue !== null) this.chain(reading.then(noop, noop));
    const bytes = await reading;
    return viewArray(value.dtype, bytes, 0, numel(value.shape));
  }

  private makeHomeFor(owner: StateOwner, bytes: number): void {
    if (homeOf(owner) === null) owner.home = this.gradients.homeFor(owner, bytes, () => this.makeHome(bytes));
  }

  /** What must be read back: what was asked for, and what the user made of contents about to be overwritten. */
  private outputsOf(
    requested: readonly Value[],
    commits: readonly Commit[],
    spent: readonly GradientLeaf[],
  ): Value[] {
    const carried = this.carried.pending();
    const outputs = new Set<Value>(carried);
    for (const value of requested) if (!value.settled) outputs.add(value);
    if (commits.length === 0) {
      // What is on the way is likely to be asked for next (the logits after the loss), and costs nothing.
      for (const value of smallReceived(collectNodes([...outputs], onLost))) outputs.add(value);
      return [...outputs];
    }
    const doomed = doomedBy(commits, spent);
    const canBeKept = (value: Value | undefined): value is Value => isPending(value) && value.lost === null;
    const held = [...this.held.pending(), ...this.gradients.values()].filter(canBeKept);
    const mustBeKept = dependents(held, doomed);
    for (const value of mustBeKept) outputs.add(value);
    const mayWait = (value: Value | undefined) => canBeKept(value) && !mustBeKept.has(value);
    this.held.keepOnly(mayWait);
    this.gradients.keepOnly(mayWait);
    for (const { owner } of commits) outputs.delete(owner.value);
    return [...outputs];
  }

  private lookUp(key: string, build: () => Parameters<typeof compileGraph>[0]): CachedProgram {
    const found = this.cache.get(key);
    if (found !== undefined) {
      // Back to the end of the map: what is forgotten is what has not been used for longest.
      this.cache.delete(key);
      this.cache.set(key, found);
      return found;
    }
    const started = performance.now();
    const program = compileGraph(build(), this.engine.capabilities);
    const cached = { compiled: this.engine.compile(program) };
    this.cache.set(key, cached);
    if (this.cache.size > MOST_PROGRAMS) this.forgetOldest();
    this.statistics.programs++;
    this.statistics.compileMilliseconds += performance.now() - started;
    return cached;
  }

  /** Compiles every program anew at its next use: the engine's capabilities have changed. */
  forgetPrograms(): void {
    for (const { compiled } of this.cache.values()) this.engine.release(compiled);
    this.cache.clear();
  }

  private forgetOldest(): void {
    const [key, oldest] = this.cache.entries().next().value as [string, CachedProgram];
    this.cache.delete(key);
    this.engine.release(oldest.compiled);
  }

  /** @returns the changes that are the first to write into their owner's buffer. */
  private settleCommits(commits: readonly Commit[]): Commit[] {
    const unwritten: Commit[] = [];
    for (const commit of commits) {
      const { owner, value } = commit;
      const home = owner.home as HomeBuffer;
      if (home.holds === null) unwritten.push(commit);
      const before = home.holds?.deref();
      if (before !== undefined && before !== value) {
        before.state = null;
        before.lost = "it was overwritten by an in-place change (optimizer.step(), add_, ...)";
      }
      value.state = home;
      if (!value.requiresGrad || value.gradientOwner !== null) value.node = null;
      home.holds = new WeakRef(value);
    }
    return unwritten;
  }

  private dispatch(
    cached: CachedProgram,
    inputs: readonly Value[],
    states: readonly HomeBuffer[],
    arrivals: readonly Arrival[],
    failed: (error: unknown) => void,
  ): void {
    const profile = this.profiler;
    // Those that are here now are taken now: they may have moved to a state buffer when a late run is sent.
    const arrays = inputs.map((v) => v.data);
    const send = () => {
      const bindings = {
        inputs: inputs.map((v, i) => arrays[i] ?? (v.data as TypedArray)),
        states: states.map((s) => s.buffer),
      };
      return this.engine.run(cached.compiled, bindings, { profile: profile !== null });
    };
    const waiting = inputs.filter((v) => v.data === null).map((v) => v.arriving);
    const previous = this.queue;
    const sent =
      waiting.length === 0 && previous === null
        ? send()
        : (previous ?? Promise.resolve()).then(() => Promise.all(waiting)).then(send);
    const done = sent.then((result) => {
      result.outputs.forEach((data, i) => arrivals[i].arrive(data));
      profile?.({ program: cached.compiled.program, timings: result.timings ?? [] });
    }, failed);
    // Later runs wait for this one only where it could not be sent at once: the engine keeps the order.
    if (waiting.length > 0 || previous !== null) this.chain(sent.then(noop, noop));
    this.track(done);
  }

  private inFlight = 0;
  private idle: (() => void)[] = [];

  private chain(sent: Promise<void>): void {
    this.queue = sent;
    sent.then(() => {
      if (this.queue === sent) this.queue = null;
    });
  }

  private track(done: Promise<void>): void {
    this.inFlight++;
    done.then(() => {
      this.inFlight--;
      const waiting = this.idle;
      this.idle = [];
      for (const resume of waiting) resume();
    });
  }

  /** Resolves when at most `most` runs are under way: what keeps a training loop from running ahead. */
  async backpressure(most = 2): Promise<void> {
    while (this.inFlight > most) await new Promise<void>((resume) => this.idle.push(resume));
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failure === null) return;
    const error = this.failure;
    this.failure = null;
    throw error;
  }
}

function noop(): void {}

/** The buffers whose contents the run overwrites, or that nobody will compute with any more. */
function doomedBy(commits: readonly Commit[], spent: readonly GradientLeaf[]): Set<StateBuffer> {
  const doomed = new Set<StateBuffer>(commits.map(({ owner }) => owner.home as StateBuffer));
  for (const { cell } of spent) if (cell.home !== null) doomed.add(cell.home);
  return doomed;
}

/** Says of a change's value that it is gone: nothing was ever written to the buffer that should hold it. */
function loseContents({ owner, value }: Commit): void {
  const home = value.state as HomeBuffer | null;
  if (home === null) return;
  value.state = null;
  value.lost = "the run that was to compute it failed";
  home.holds = null;
  if (owner.home === home) owner.home = null;
}

function onLost(value: Value): never {
  const made =
    value.node === null
      ? "this tensor"
      : `the result of ${value.node.op.name}${value.node.label ? ` (${value.node.label})` : ""}`;
  throw new AutogradError(
    `${made} can no longer be computed: ${value.lost ?? "what it was made from is gone"}. ` +
      "Read it, or return it from forward(), before that happens",
  );
}
