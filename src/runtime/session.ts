/**
 * When things run: takes pending values, compiles what they need into one program, and sends it to the engine. A session
 * owns its connection to an engine (with the programs and the runs under way) and all that is pending: changes of state,
 * values that must be kept, gradients, failures. One serves the process (`defaultSession`); `useEngine` exchanges its
 * engine. A value belongs to the session that computes it.
 */
import { type TypedArray, viewArray } from "../base/dtype.ts";
import { AutogradError, EngineError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import type { CompiledProgram, Engine, EngineMemory, Program } from "../engines/contract/engine.ts";
import {
  atTopLevel,
  type Capture,
  captureNodes,
  collectNodes,
  type RunFailure,
  type StateBuffer,
  type Value,
} from "../graph/node.ts";
import { Failures, failureBehind } from "./failures.ts";
import { type GradientLeaf, LeafGradients } from "./leaf_gradients.ts";
import {
  CarriedValues,
  dependents,
  endTapes,
  HeldValues,
  isPending,
  type Part,
  partsOf,
  smallReceived,
} from "./pending.ts";
import {
  applyCommits,
  bytesOfValue,
  bytesOfValues,
  type Commit,
  type DeviceBuffer,
  deviceBufferOf,
  fail,
  followMove,
  PendingReadback,
  PendingUploads,
  passesOn,
  type Run,
  type StateOwner,
  storageOf,
  writeContents,
} from "./run.ts";
import { tooFarAhead } from "./running_ahead.ts";
import type { EngineConnection, ProfiledRun } from "./runtime.ts";
import type { SessionStatistics } from "./session_statistics.ts";

/** What is asked for besides values. */
export interface SubmitOptions {
  /** Leaves whose use is over: what the user's own code computed from them is read back as well. */
  readonly spent?: readonly GradientLeaf[];
  /** Whose changes are asked for; other changes are sent along, but fail by themselves. */
  readonly owners?: readonly StateOwner[];
}

/** What was sent. */
export interface SentRun {
  readonly captured: Capture;
  /** Whose contents it changes, and where these lie. */
  readonly owners: readonly StateOwner[];
  readonly places: readonly DeviceBuffer[];
  /** Whether something is read back. */
  readonly reads: boolean;
}

/** A part that is about to be sent. */
interface PlannedRun {
  readonly part: Part;
  readonly captured: Capture;
  readonly program: () => CompiledProgram;
}

export class Session {
  readonly statistics: SessionStatistics = {
    programs: 0,
    runs: 0,
    captureMilliseconds: 0,
    compileMilliseconds: 0,
  };
  /** Told of every run with the time of each step, while it is set. */
  profiler: ((run: ProfiledRun) => void) | null = null;
  /** Runs that failed and have not been reported yet. */
  readonly failures = new Failures();
  /** Gradients that users may read. */
  readonly gradients = new LeafGradients();
  /** Where runs are noted that are sent; null if they are not. */
  private sent: SentRun[] | null = null;
  private readonly begin: (statistics: SessionStatistics) => EngineConnection;
  private current: EngineConnection | null = null;
  private readonly commits = new Map<StateOwner, Commit>();
  private readonly pendingUploads = new PendingUploads({
    has: (owner) => this.commits.has(owner),
    commit: (owner, value) => this.commit(owner, value),
  });
  private readonly held = new HeldValues();
  private readonly carried = new CarriedValues();

  /** @param begin - starts the engine that is used as long as none was exchanged for it. */
  constructor(begin: (statistics: SessionStatistics) => EngineConnection) {
    this.begin = begin;
  }

  /** The engine in use; started if there is none. */
  get connection(): EngineConnection {
    this.current ??= this.begin(this.statistics);
    return this.current;
  }

  /** The engine in use, if there is one. */
  get running(): EngineConnection | null {
    return this.current;
  }

  /** The last program that was run, for printing. */
  get lastProgram(): Program | null {
    return this.current?.lastProgram ?? null;
  }

  get engine(): Engine {
    return this.connection.engine;
  }

  /** Threads of the engine; 0 before it has started. */
  get threads(): number {
    return this.current?.capabilities?.threads ?? 0;
  }

  memory(): EngineMemory {
    return this.engine.memory();
  }

  /**
   * Uses another engine from here on, or none until the next operation. State is read back from the one before, which
   * the caller closes: runs that it was sent still take effect, in order.
   */
  exchange(next: EngineConnection | null): EngineConnection | null {
    const before = this.current;
    before?.leave();
    this.current = next;
    return before;
  }

  /** Remembers a value that the user's own code made, in case it must be kept when weights change. */
  note(value: Value): void {
    if (!value.isMaterialised && atTopLevel()) this.held.note(value);
  }

  /**
   * Remembers a value that a module keeps for its next call, so that it can be computed then, and does not grow a
   * graph from call to call.
   *
   * @param call - number of the network's call that leaves it behind.
   */
  carry(value: Value, call: number): void {
    if (!value.isMaterialised && !this.carried.note(value, call)) this.held.note(value);
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
  replaceMaterialised(owner: StateOwner, value: Value): void {
    owner.value = value;
    const deviceBuffer = deviceBufferOf(owner);
    if (deviceBuffer !== null) deviceBuffer.holds = new WeakRef(value);
  }

  /**
   * Asks for a device buffer for an owner's value from the next run on, so that weights are copied to
   * the engine once and the first step's program is also the second's.
   */
  requestDeviceBuffer(given: StateOwner, owner = storageOf(given)): void {
    if (deviceBufferOf(owner) !== null) return;
    this.pendingUploads.add(owner);
  }

  /**
   * Compiles and sends off everything that `requested` needs, together with all pending in-place changes.
   * Returns at once; a value's data arrives later.
   *
   * @throws OutOfMemoryError if what is asked for does not fit the engine's memory, the error of an earlier run if it
   * depends on that. Then nothing of it has run, and every tensor that was to be changed has its old contents.
   */
  submit(requested: readonly Value[], { spent = [], owners = [] }: SubmitOptions = {}): void {
    const started = performance.now();
    const contents = this.pendingUploads.begin(() => this.connection);
    let planned: readonly PlannedRun[];
    try {
      planned = this.planned(requested, spent, owners);
    } finally {
      // The workers make the programs ready meanwhile.
      for (const each of contents) writeContents(this.engine, each);
    }
    for (const run of planned) this.send(run);
    this.statistics.captureMilliseconds += performance.now() - started;
  }

  private planned(
    requested: readonly Value[],
    spent: readonly GradientLeaf[],
    owners: readonly StateOwner[],
  ): PlannedRun[] {
    const commits = [...this.commits.values()];
    const wanted = this.sent === null ? owners.map(storageOf) : commits.map(({ owner }) => owner);
    const own = { values: new Set(requested), owners: new Set(wanted) };
    for (const { owner, value } of commits)
      if (deviceBufferOf(owner) === null)
        owner.deviceBuffer = this.gradients.keptBuffer(owner, bytesOfValue(value));
    const overwritten = overwrittenBy(commits, spent);
    const outputs = this.outputsOf(requested, commits, overwritten);
    const planned: PlannedRun[] = [];
    for (const part of partsOf(outputs, commits, own)) {
      try {
        if (part.own) this.requireRoom(own.owners);
        planned.push(this.plan(part));
      } catch (error) {
        // A user of what others were to change is told.
        this.rollBack(part.commits, part.own ? null : this.failures.of(error));
        if (part.own) throw error;
        for (const { owner } of part.commits) this.gradients.forget(owner);
      }
    }
    endTapes(this.carried.pending(), overwritten);
    return planned;
  }

  /**
   * Computes the gradients that `backward` left with leaves, into a buffer for each leaf. A next `backward` adds to
   * them, and a step of the optimiser uses them, without computing again what came before.
   *
   * @param requested - what else is wanted of the same run.
   * @throws OutOfMemoryError as `submit`, for what the last `backward` left.
   */
  keepGradients(requested: readonly Value[] = []): void {
    const spent = this.gradients.waitingLeaves();
    let last: StateOwner[] = [];
    for (const { cell, grad } of spent) {
      this.requestDeviceBuffer(cell);
      if (grad === null) continue;
      this.commit(grad.cell, grad.cell.value);
      last = [grad.cell];
    }
    if (spent.length > 0) this.submit(requested, { spent, owners: last });
  }

  /** The value's elements. Do not change them. */
  async fetch(value: Value): Promise<TypedArray> {
    this.requireSound(value);
    if (!value.isMaterialised) this.submit([value]);
    while (value.data === null) {
      if (value.state !== null) followMove(value);
      if (value.readback !== null) await this.awaitReadback(value, value.readback);
      else if (value.state === null) throw lostError(value);
      else {
        const data = await this.readState(value, value.state);
        if (data !== null) return data;
      }
    }
    return value.data;
  }

  /** Throws the error of the failed run on which a value depends. */
  private requireSound(value: Value): void {
    const failure = value.failure === null ? null : failureBehind(value);
    if (failure !== null) throw this.failures.report(failure);
  }

  private async awaitReadback(value: Value, readback: Promise<void>): Promise<void> {
    try {
      await readback;
    } catch (error) {
      this.requireSound(value);
      throw this.failures.report(this.failures.of(error));
    }
  }

  /** What lies in a state buffer; null if the value is no longer there. */
  private async readState(value: Value, state: StateBuffer): Promise<TypedArray | null> {
    let bytes: ArrayBuffer;
    try {
      bytes = await this.connection.read(state.buffer);
    } catch (error) {
      this.requireSound(value);
      if (value.state === state && !state.leaving) throw error;
      return null;
    }
    this.requireSound(value);
    return viewArray(value.dtype, bytes, 0, numel(value.shape));
  }

  /** Resolves when everything submitted so far has run or failed. */
  async finish(): Promise<void> {
    await this.backpressure(0);
  }

  /** Resolves when at most `most` runs are under way: what keeps a training loop from running ahead. */
  async backpressure(most = 2): Promise<void> {
    await this.current?.caughtUp(most);
  }

  /** `backpressure` for callers that change these owners; rejects if a run failed that was to change one of them. */
  async caughtUp(owners: readonly StateOwner[]): Promise<void> {
    await this.backpressure();
    for (const owner of owners) this.requireSound(storageOf(owner).value);
  }

  /** A loop that never lets go of the thread hears of it before the memory is full. */
  private requireRoom(owners: ReadonlySet<StateOwner>): void {
    const { runsUnderWay, bytesUnderWay } = this.connection;
    const problem = owners.size === 0 ? null : tooFarAhead(runsUnderWay, bytesUnderWay);
    if (problem !== null) throw new EngineError(problem);
  }

  private plan(part: Part): PlannedRun {
    if (part.failure !== null) throw part.own ? this.failures.report(part.failure) : part.failure.error;
    if (part.lost !== null) throw lostError(part.lost);
    for (const { owner, value } of part.commits) {
      if (deviceBufferOf(owner) !== null) continue;
      const deviceBuffer = this.connection.makeDeviceBuffer(bytesOfValue(value));
      owner.deviceBuffer = deviceBuffer;
    }
    const targets = part.commits.map(({ owner, value }) => ({
      from: value,
      to: owner.deviceBuffer as StateBuffer,
    }));
    const captured = captureNodes(part.nodes, part.outputs, targets);
    return { part, captured, program: this.connection.prepare(captured) };
  }

  private send({ part, captured, program }: PlannedRun): void {
    const { outputs, commits } = part;
    for (const { owner } of commits) {
      this.commits.delete(owner);
      this.gradients.keepBuffer(owner, owner.deviceBuffer as DeviceBuffer);
    }
    const run: Run = {
      inputs: captured.inputs,
      states: captured.states as DeviceBuffer[],
      readbacks: outputs.map((value) => new PendingReadback(value)),
      changes: applyCommits(commits),
      bytes: bytesOfValues(captured.inputs),
      over: false,
    };
    this.connection.send(program, run, this, this.profiler);
    this.statistics.runs++;
    this.sent?.push({
      captured,
      owners: commits.map(({ owner }) => owner),
      places: run.changes.map(({ deviceBuffer }) => deviceBuffer),
      reads: outputs.length > 0,
    });
  }

  /** The runs that `body` sends, each with all changes that wait then: they fail together. */
  sentTogether(body: () => void): readonly SentRun[] {
    const [before, sent] = [this.sent, [] as SentRun[]];
    this.sent = sent;
    try {
      body();
    } finally {
      this.sent = before;
    }
    return sent;
  }

  /** Whether the next run is to do more than it is made for: changes, copies to the engine, values that modules keep. */
  get hasWork(): boolean {
    return this.commits.size + this.pendingUploads.size + this.carried.pending().length > 0;
  }

  /** Whether something waits to be computed from these buffers. */
  isNeeded(buffers: ReadonlySet<StateBuffer>): boolean {
    const waiting = [...this.held.pending(), ...this.gradients.values()].filter(isPending);
    return waiting.length > 0 && dependents(waiting, buffers).size > 0;
  }

  /** Called by the session. */
  failed(run: Run, later: Iterable<Run>, error: unknown): void {
    const failure: RunFailure = this.failures.of(error);
    if (run.changes.length > 0) this.failures.keep(failure);
    fail(run, later, failure, this.commits);
  }

  /** Rolls back the in-place changes of a run that cannot be made. */
  private rollBack(commits: readonly Commit[], failure: RunFailure | null): void {
    for (const { owner, value, before } of commits) {
      this.commits.delete(owner);
      this.pendingUploads.delete(owner);
      if (owner.value === value) owner.value = before;
      if (before !== value && failure !== null) {
        before.failure = failure;
        this.failures.keep(failure);
      }
      const deviceBuffer = owner.deviceBuffer as DeviceBuffer | null;
      // Nothing was written there.
      if (owner.value.isMaterialised || deviceBuffer === null) continue;
      owner.deviceBuffer = null;
      if (deviceBuffer.holds === null) this.connection.freeDeviceBuffer(deviceBuffer);
    }
    for (const value of this.carried.release()) this.held.note(value);
  }

  /** What must be read back: what was asked for, and what the user made of contents about to be overwritten. */
  private outputsOf(
    requested: readonly Value[],
    commits: readonly Commit[],
    overwritten: ReadonlySet<StateBuffer>,
  ): Value[] {
    const outputs = new Set<Value>(this.carried.pending());
    for (const value of requested) if (!value.isMaterialised) outputs.add(value);
    // What is on the way is likely to be asked for next (the logits after the loss), and costs nothing.
    if (commits.length === 0) {
      for (const value of smallReceived(collectNodes([...outputs], () => {}))) outputs.add(value);
      return [...outputs];
    }
    const canBeKept = (value: Value | undefined): value is Value => isPending(value) && value.lost === null;
    const held = [...this.held.pending(), ...this.gradients.values()].filter(canBeKept);
    const mustBeKept = dependents(held, overwritten);
    for (const value of mustBeKept) outputs.add(value);
    const mayWait = (value: Value | undefined) => canBeKept(value) && !mustBeKept.has(value);
    this.held.keepOnly(mayWait);
    this.gradients.keepOnly(mayWait);
    for (const { owner } of commits) outputs.delete(owner.value);
    return [...outputs];
  }
}

function lostError(value: Value): AutogradError {
  const made =
    value.node === null
      ? "this tensor"
      : `the result of ${value.node.op.name}${value.node.label ? ` (${value.node.label})` : ""}`;
  return new AutogradError(
    `${made} can no longer be computed: ${value.lost ?? "what it was made from is gone"}. ` +
      "Read it, or return it from forward(), before that happens",
  );
}

/** The buffers whose contents the run overwrites, or that are not computed with any more. */
function overwrittenBy(commits: readonly Commit[], spent: readonly GradientLeaf[]): Set<StateBuffer> {
  const overwritten = new Set<StateBuffer>();
  for (const { owner } of commits) if (owner.deviceBuffer !== null) overwritten.add(owner.deviceBuffer);
  for (const { cell } of spent) if (cell.deviceBuffer !== null) overwritten.add(cell.deviceBuffer);
  return overwritten;
}
