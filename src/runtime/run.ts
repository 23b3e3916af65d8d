/** A run that was sent, and what becomes of all it was to compute and to change if it fails. */
import type { RunFailure, Value } from "../graph/node.ts";
import type { DeviceBuffer, StateOwner } from "./device_buffer.ts";
import type { PendingReadback } from "./pending_readback.ts";

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
  readonly readbacks: readonly PendingReadback[];
  readonly changes: readonly Change[];
  /** Bytes of its inputs. */
  readonly bytes: number;
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
