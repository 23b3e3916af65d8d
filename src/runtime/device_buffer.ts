/** State in the engine: what owns it, and the device buffer that holds it between runs. */
import { viewArray } from "../base/dtype.ts";
import { numel } from "../base/shape.ts";
import type { EngineBuffer } from "../engines/contract/engine.ts";
import type { StateBuffer, Value } from "../graph/node.ts";

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
