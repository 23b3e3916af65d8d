/** Values that the user's own code has received and may still ask for: noted, not kept alive. */
import { numel } from "../base/shape.ts";
import type { Node, StateBuffer, Value } from "../graph/node.ts";

/** Elements up to which a result is read back without having been asked for. */
export const SMALL = 65_536;

/** How many are noted before those that are gone or computed are dropped for the first time. */
const FIRST_SWEEP = 4096;

export class HeldValues {
  #noted: WeakRef<Value>[] = [];
  /** Doubles with what is held, so that sweeping costs a constant time for each value that is noted. */
  #sweepAt = FIRST_SWEEP;

  note(value: Value): void {
    const ref = new WeakRef(value);
    this.#noted.push(ref);
    const { node } = value;
    if (node !== null) {
      if (node.received === null) node.received = [ref];
      else node.received.push(ref);
    }
    if (this.#noted.length < this.#sweepAt) return;
    this.keepOnly(isPending);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#noted.length);
  }

  /** Those that are alive and have yet to be computed. */
  pending(): Value[] {
    return this.#noted.flatMap((ref) => {
      const value = ref.deref();
      return isPending(value) ? value : [];
    });
  }

  keepOnly(wanted: (value: Value | undefined) => boolean): void {
    this.#noted = this.#noted.filter((ref) => wanted(ref.deref()));
  }
}

/** The small values that the user's code received from these nodes and has not read yet. */
export function smallReceived(nodes: readonly Node[]): Value[] {
  return nodes.flatMap(
    (node) =>
      node.received?.flatMap((ref) => {
        const value = ref.deref();
        return isPending(value) && value.lost === null && numel(value.shape) <= SMALL ? value : [];
      }) ?? [],
  );
}

export function isPending(value: Value | undefined): value is Value {
  return value !== undefined && !value.isMaterialised;
}

/** Nodes that would have to run for `values` to be known, in the order in which they were made. */
export function collectPending(values: readonly Value[]): Node[] {
  const nodes = new Set<Node>();
  const stack = [...values];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (value.isMaterialised || value.node === null || nodes.has(value.node)) continue;
    nodes.add(value.node);
    for (const input of value.node.inputs) stack.push(input);
  }
  return [...nodes].sort((a, b) => a.id - b.id);
}

/** Which of `values` are computed from a state buffer in `overwritten`, and can still be. */
export function dependents(values: readonly Value[], overwritten: ReadonlySet<StateBuffer>): Set<Value> {
  const touched = new Set<Node>();
  const gone = new Set<Node>();
  const depends = (value: Value) =>
    value.state !== null
      ? overwritten.has(value.state)
      : !value.isMaterialised && value.node !== null && touched.has(value.node);
  const isGone = (value: Value) =>
    !value.isMaterialised && (value.lost !== null || value.node === null || gone.has(value.node));
  // Inputs are always older than the nodes that read them.
  for (const node of collectPending(values)) {
    if (node.inputs.some(depends)) touched.add(node);
    if (node.inputs.some(isGone)) gone.add(node);
  }
  return new Set(values.filter((value) => depends(value) && !isGone(value)));
}
