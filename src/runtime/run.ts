/**
 * What a run reads, writes and leaves. In this order: state in the engine; values on their way there; results on their way
 * back; the run that was sent, and what becomes of all it was to compute and to change if it fails.
 */

import { typedArrayKind } from "../base/builtin_kinds.ts";
import { allocateArray, arrayFrom, bytesOf, type TypedArray, viewArray } from "../base/dtype.ts";
import { OutOfMemoryError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import type { Engine, EngineBuffer, RunBindings } from "../engines/contract/engine.ts";
import { type DeferredFill, deferredFill } from "../graph/deferred_value.ts";
import type { RunFailure, StateBuffer, Value } from "../graph/node.ts";
import type { EngineConnection } from "./runtime.ts";

/** What a value takes in the engine. */
export function bytesOfValue({ shape, dtype }: Value): number {
  return numel(shape) * bytesOf(dtype);
}

/** The same of several. */
export function bytesOfValues(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + bytesOfValue(value), 0);
}

// State in the engine: what owns it, and the device buffer that holds it between runs.

/** What owns state: a tensor's cell (weights, running statistics) or its gradient. */
export interface StateOwner {
  value: Value;
  /** The device buffer that holds the owner's value between runs, once there is one; null for a view. */
  deviceBuffer: StateBuffer | null;
  /** If the memory is another owner's (a view): that owner. */
  readonly storage?: StateOwner;
}

/** The owner of the memory in which an owner's value lies. */
export function storageOf(owner: StateOwner): StateOwner {
  return owner.storage ?? owner;
}

/** Whether an owner is a view, which has now passed its new contents on to the memory's owner. */
export function passesOn(owner: StateOwner, value: Value): boolean {
  if (storageOf(owner) === owner) return false;
  owner.value = value;
  return true;
}

export class DeviceBuffer implements StateBuffer {
  readonly buffer: EngineBuffer;
  /** The value whose contents the buffer holds when all that was sent has run. */
  holds: WeakRef<Value> | null = null;
  /** Set when the engine that has the buffer is left. */
  leaving: Promise<ArrayBuffer> | null = null;

  constructor(buffer: EngineBuffer) {
    this.buffer = buffer;
  }

  /** Takes the contents back with `read`. */
  leave(read: (buffer: EngineBuffer) => Promise<ArrayBuffer>): void {
    this.leaving = read(this.buffer);
    this.leaving.then(
      (bytes) => {
        const value = this.holds?.deref();
        if (value !== undefined && value.state === this) receive(value, bytes);
      },
      () => {},
    );
  }
}

/** The owner's device buffer, if it has one on an engine that is in use. */
export function deviceBufferOf(owner: StateOwner): DeviceBuffer | null {
  const deviceBuffer = owner.deviceBuffer as DeviceBuffer | null;
  if (deviceBuffer !== null && deviceBuffer.leaving !== null) owner.deviceBuffer = null;
  return owner.deviceBuffer as DeviceBuffer | null;
}

/** Notes that a value whose buffer is on an engine that was left is being read back from there. */
export function followMove(value: Value): void {
  const leaving = value.state?.leaving;
  if (!leaving) return;
  value.state = null;
  const readback = leaving.then(
    (bytes) => {
      if (value.failure !== null && value.lost !== null) throw value.failure.error;
      if (value.readback === readback) receive(value, bytes);
    },
    (error) => {
      if (value.readback === readback) value.readback = null;
      value.lost ??= "the engine that held it failed";
      throw error;
    },
  );
  readback.catch(() => {});
  value.readback = readback;
}

function receive(value: Value, bytes: ArrayBuffer): void {
  value.state = null;
  value.readback = null;
  value.data = viewArray(value.dtype, bytes, 0, numel(value.shape));
}

// Values on their way to the engine: weights, which are copied there once, before their first run.

/** What is to be written to a buffer before the next run. */
interface Contents {
  readonly buffer: EngineBuffer;
  readonly value: Value;
  readonly elements: TypedArray | DeferredFill;
}

/** The in-place changes that wait, as far as it matters here. */
interface Changes {
  has(owner: StateOwner): boolean;
  /** Has the owner's value computed with the next run. */
  commit(owner: StateOwner, value: Value): void;
}

export class PendingUploads {
  readonly #changes: Changes;
  /** Owners that are to have a device buffer, and the values to copy there. */
  readonly #wanted = new Map<StateOwner, Value>();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Asks for a device buffer for an owner's value. */
  add(owner: StateOwner): void {
    // If a change is pending, it is the value before it that can be uploaded.
    if (!this.#wanted.has(owner) || !this.#changes.has(owner)) this.#wanted.set(owner, owner.value);
  }

  delete(owner: StateOwner): void {
    this.#wanted.delete(owner);
  }

  /**
   * Gives device buffers to values that are to live there; those that are still to be computed get there with a run.
   *
   * @returns what is then still to be written there (`writeContents`).
   */
  begin(connection: () => EngineConnection): Contents[] {
    const contents: Contents[] = [];
    for (const [owner, value] of this.#wanted) {
      this.#wanted.delete(owner);
      if (deviceBufferOf(owner) !== null) continue;
      // Before `data` is read: what is deferred is made in the engine's memory.
      const elements = deferredFill(value) ?? value.data;
      if (elements !== null) {
        const buffer = giveBuffer(connection(), owner, value);
        if (buffer !== null) contents.push({ buffer, value, elements });
      } else if (
        value === owner.value &&
        !value.isMaterialised &&
        value.lost === null &&
        !this.#changes.has(owner)
      )
        this.#changes.commit(owner, value);
    }
    return contents;
  }
}

/** Null if there is no room: without a buffer of its own it is an input of every run; that says what does not fit. */
function giveBuffer(connection: EngineConnection, owner: StateOwner, value: Value): EngineBuffer | null {
  let deviceBuffer: DeviceBuffer;
  try {
    // What is written there comes soon.
    deviceBuffer = connection.makeDeviceBuffer(bytesOfValue(value), false);
  } catch (error) {
    if (error instanceof OutOfMemoryError) return null;
    throw error;
  }
  owner.deviceBuffer = deviceBuffer;
  value.data = null;
  value.state = deviceBuffer;
  deviceBuffer.holds = new WeakRef(value);
  return deviceBuffer.buffer;
}

/** Copies elements into a buffer, or makes them there. */
export function writeContents(engine: Engine, { buffer, value: { dtype, shape }, elements }: Contents): void {
  if (typeof elements !== "function") {
    engine.write(buffer, elements);
    return;
  }
  const place = engine.firstContents?.(buffer) ?? null;
  if (place !== null) {
    elements(viewArray(dtype, place.fill(0).buffer, place.byteOffset, numel(shape)));
    return;
  }
  const made = allocateArray(dtype, numel(shape));
  elements(made);
  engine.write(buffer, made);
}

// Results of a run under way, until the engine has them read back.

/** The readback of one value: it ends with the data, or with the failure of its run. */
export class PendingReadback {
  private readonly value: Value;
  private resolve: () => void = noop;
  private reject: (error: unknown) => void = noop;

  constructor(value: Value) {
    this.value = value;
    const readback = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    readback.catch(noop);
    value.readback = readback;
    if (value.node !== null) value.node.outputs[value.index].readback ??= readback;
  }

  complete(data: TypedArray): void {
    const value = this.value;
    value.data =
      value.dtype === "bool" || typedArrayKind(data) === heldAs(value) ? data : arrayFrom(value.dtype, data);
    value.readback = null;
    const node = value.node;
    const twin = node?.outputs[value.index];
    if (twin !== undefined && twin !== value) {
      twin.data = value.data;
      twin.readback = null;
    }
    if (!value.requiresGrad || value.gradientOwner !== null || node?.backwardDone) value.node = null;
    this.resolve();
  }

  fail(failure: RunFailure, why: string): void {
    const twin = this.value.node?.outputs[this.value.index];
    for (const value of twin === undefined ? [this.value] : [this.value, twin]) {
      value.readback = null;
      value.lost = why;
      value.failure = failure;
    }
    this.reject(failure.error);
  }
}

function heldAs(value: Value): string | undefined {
  return typedArrayKind(viewArray(value.dtype, new ArrayBuffer(0), 0, 0));
}

function noop(): void {}

// The run.

const FAILED = "the run that was to compute it failed";

/** An in-place change that the next run makes. */
export interface Commit {
  readonly owner: StateOwner;
  readonly value: Value;
  /** What the owner had before, and has again if the run cannot be made or fails. */
  before: Value;
}

/** An in-place change that a run makes. */
interface Change extends Commit {
  readonly deviceBuffer: DeviceBuffer;
  /** What the buffer holds before; null if nothing was written there yet. */
  readonly held: Value | null;
  /** Whether nothing was written there yet. */
  readonly first: boolean;
  /** What computed the value. */
  readonly node: Value["node"];
}

export interface Run {
  readonly inputs: readonly Value[];
  readonly states: readonly DeviceBuffer[];
  /** The engine's buffers of `states`, if the same list comes again with later runs. */
  readonly buffers?: readonly EngineBuffer[];
  readonly readbacks: readonly PendingReadback[];
  readonly changes: readonly Change[];
  /** Bytes of its inputs. */
  readonly bytes: number;
  /** As in `RunBindings`; absent for programs that keep no packed weights. */
  readonly packed?: RunBindings["packed"];
  /** It has run, or is known to have failed. */
  over: boolean;
}

/** Puts the changes' values into their buffers, where they are when the run is over. */
export function applyCommits(commits: readonly Commit[]): Change[] {
  return commits.map((commit) => {
    const { owner, value } = commit;
    const deviceBuffer = owner.deviceBuffer as DeviceBuffer;
    const held = deviceBuffer.holds?.deref() ?? null;
    const first = deviceBuffer.holds === null;
    // Not spread: this is done for every weight at every step.
    const change: Change = {
      owner,
      value,
      before: commit.before,
      deviceBuffer,
      held,
      first,
      node: value.node,
    };
    if (held !== null && held !== value) {
      held.state = null;
      held.lost = "it was overwritten by an in-place change (optimizer.step(), add_, ...)";
    }
    value.state = deviceBuffer;
    if (!value.requiresGrad || value.gradientOwner !== null) value.node = null;
    deviceBuffer.holds = new WeakRef(value);
    return change;
  });
}

/**
 * Ends a run that failed, and the later ones that depend on it: what they were to compute is lost, and what they were
 * to change is as it was before the first of them.
 *
 * @param later - runs that were sent after it, in order.
 * @param waiting - changes that have not been sent, by their owner.
 */
export function fail(
  run: Run,
  later: Iterable<Run>,
  failure: RunFailure,
  waiting: ReadonlyMap<StateOwner, Commit>,
): void {
  const ended: Run[] = [];
  const written = new Set<DeviceBuffer>();
  const end = (one: Run) => {
    one.over = true;
    ended.push(one);
    for (const readback of one.readbacks) readback.fail(failure, FAILED);
    for (const { deviceBuffer } of one.changes) written.add(deviceBuffer);
  };
  end(run);
  for (const one of later) {
    if (one.over) continue;
    if (one.states.some((state) => written.has(state)) || one.inputs.some(isLost)) end(one);
  }
  for (const one of ended.reverse())
    for (const change of [...one.changes].reverse()) undo(change, failure, waiting.get(change.owner));
}

function isLost({ data, lost, failure }: Value): boolean {
  return data === null && lost !== null && failure !== null;
}

function undo(change: Change, failure: RunFailure, waiting: Commit | undefined): void {
  const { owner, value, before, deviceBuffer, held } = change;
  value.state = null;
  value.readback = null;
  if (deviceBuffer.holds?.deref() === value) {
    deviceBuffer.holds = held === null ? null : new WeakRef(held);
    if (held !== null) {
      held.state = deviceBuffer;
      held.lost = null;
    }
  }
  if (change.first && owner.deviceBuffer === deviceBuffer) owner.deviceBuffer = null;
  if (before === value) {
    // The owner's first contents: they can be computed again.
    value.node = change.node;
    return;
  }
  value.lost = FAILED;
  value.failure = failure;
  before.failure = failure;
  if (waiting?.before === value) waiting.before = before;
  else if (owner.value === value) owner.value = before;
}
