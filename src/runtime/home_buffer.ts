/** State in the engine: what owns it, and the buffer that holds it between runs. */
import type { EngineBuffer } from "../engines/contract/engine.ts";
import type { StateBuffer, Value } from "../graph/node.ts";

/** What owns state: a tensor's cell (weights, running statistics) or its gradient. */
export interface StateOwner {
  value: Value;
  /** The buffer that holds the owner's value between runs, once there is one; null for a view. */
  home: StateBuffer | null;
  /** Where the memory is another owner's (a view): that owner. */
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
  /** The value whose contents the buffer holds now. */
  holds: WeakRef<Value> | null = null;
  /** Whether the engine that has the buffer was stopped. */
  closed = false;

  constructor(buffer: EngineBuffer) {
    this.buffer = buffer;
  }
}

/** The owner's buffer, where it has one on an engine that runs. */
export function homeOf(owner: StateOwner): HomeBuffer | null {
  const home = owner.home as HomeBuffer | null;
  if (home?.closed) owner.home = null;
  return owner.home as HomeBuffer | null;
}
