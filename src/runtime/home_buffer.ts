/** State in the engine: what owns it, and the buffer that holds it between runs. */
import { viewArray } from "../base/dtype.ts";
import { numel } from "../base/shape.ts";
import type { EngineBuffer } from "../engines/contract/engine.ts";
import type { StateBuffer, Value } from "../graph/node.ts";

/** What owns state: a tensor's cell (weights, running statistics) or its gradient. */
export interface StateOwner {
  value: Value;
  /** The buffer that holds the owner's value between runs, once there is one; null for a view. */
  home: StateBuffer | null;
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

export class HomeBuffer implements StateBuffer {
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
        if (value !== undefined && value.state === this) arrive(value, bytes);
      },
      () => {},
    );
  }
}

/** The owner's buffer, if it has one on an engine that is in use. */
export function homeOf(owner: StateOwner): HomeBuffer | null {
  const home = owner.home as HomeBuffer | null;
  if (home !== null && home.leaving !== null) owner.home = null;
  return owner.home as HomeBuffer | null;
}

/** A value whose buffer is on an engine that was left is on its way from there. */
export function followMove(value: Value): void {
  const leaving = value.state?.leaving;
  if (!leaving) return;
  value.state = null;
  const arriving = leaving.then(
    (bytes) => {
      if (value.failure !== null && value.lost !== null) throw value.failure.error;
      if (value.arriving === arriving) arrive(value, bytes);
    },
    (error) => {
      if (value.arriving === arriving) value.arriving = null;
      value.lost ??= "the engine that held it failed";
      throw error;
    },
  );
  arriving.catch(() => {});
  value.arriving = arriving;
}

function arrive(value: Value, bytes: ArrayBuffer): void {
  value.state = null;
  value.arriving = null;
  value.data = viewArray(value.dtype, bytes, 0, numel(value.shape));
}
