/**
 * What is to be run, and in how many programs. In this order: the parts of a run; values that the user's own code holds;
 * values that modules keep from call to call.
 */

import { numel } from "../base/shape.ts";
import { Node, type RunFailure, type StateBuffer, type Value } from "../graph/node.ts";
import { failureBehind } from "./failures.ts";
import { type Commit, deviceBufferOf, followMove, type StateOwner } from "./run.ts";

// Parts that have nothing to do with each other. Loops in one program are independent: changes that one has recorded are
// sent by the other's next run, but not in the same program, so that each fails by itself.

export interface Part {
  readonly outputs: Value[];
  readonly commits: Commit[];
  /** In the order in which they were made. */
  readonly nodes: Node[];
  /** Asked for by who submits. */
  own: boolean;
  /** Whether it cannot fail by its data or by what went before. */
  safe: boolean;
  /** A value that can no longer be computed. */
  lost: Value | null;
  /** A failed run on which it depends. */
  failure: RunFailure | null;
}

/** What a walk from one output or change has met. */
interface Reach {
  safe: boolean;
  lost: Value | null;
  failure: RunFailure | null;
}

let visits = 1;

/**
 * Parts that share no pending node, and no state that one of them changes. What is asked for is one part, and so is all
 * that is safe.
 *
 * @param own - what is asked for: outputs, and owners of changes.
 */
export function partsOf(
  outputs: readonly Value[],
  commits: readonly Commit[],
  own: { readonly values: ReadonlySet<Value>; readonly owners: ReadonlySet<StateOwner> },
): Part[] {
  const walk = new Walk(outputs, commits);
  const parts = new Map<number, Part>();
  const all: Part[] = [];
  let [ownPart, safePart]: (Part | null)[] = [null, null];
  const partOf = (root: number): Part => {
    const group = walk.groupOf(root);
    const known = parts.get(group);
    if (known !== undefined) return known;
    const { isOwn, reach } = walk.group(group, own);
    let part = isOwn ? ownPart : reach.safe ? safePart : null;
    if (part === null) {
      part = { outputs: [], commits: [], nodes: [], own: isOwn, safe: true, lost: null, failure: null };
      all.push(part);
      if (isOwn) ownPart = part;
      else if (reach.safe) safePart = part;
    }
    part.safe &&= reach.safe;
    part.lost ??= reach.lost;
    part.failure ??= reach.failure;
    parts.set(group, part);
    return part;
  };
  outputs.forEach((value, i) => partOf(i).outputs.push(value));
  commits.forEach((commit, i) => partOf(outputs.length + i).commits.push(commit));
  for (const node of walk.nodes) partOf(walk.rootOf(node)).nodes.push(node);
  // What was asked for first: if it cannot be, the rest waits as before.
  return all.sort((a, b) => Number(b.own) - Number(a.own));
}

class Walk {
  readonly nodes: Node[] = [];
  readonly #base: number;
  readonly #roots: readonly Value[];
  readonly #commits: readonly Commit[];
  readonly #parents: number[];
  readonly #reach: Reach[];
  /** Some root that uses each state which is to be changed. */
  readonly #users = new Map<StateBuffer, number>();

  constructor(outputs: readonly Value[], commits: readonly Commit[]) {
    this.#commits = commits;
    this.#roots = [...outputs, ...commits.map(({ value }) => value)];
    this.#parents = this.#roots.map((_, i) => i);
    this.#reach = this.#roots.map(() => ({ safe: true, lost: null, failure: null }));
    this.#base = visits;
    visits += this.#roots.length;
    commits.forEach(({ owner }, i) => {
      const deviceBuffer = deviceBufferOf(owner);
      if (deviceBuffer === null) return;
      // Earlier runs may be about to fail that write there.
      this.#reach[outputs.length + i].safe = false;
      this.#use(deviceBuffer, outputs.length + i);
    });
    this.#roots.forEach((value, root) => this.#from(value, root));
    this.nodes.sort((a, b) => a.id - b.id);
  }

  rootOf(node: Node): number {
    return node.visit - this.#base;
  }

  groupOf(root: number): number {
    const parents = this.#parents;
    let at = root;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }

  /** What the roots of a group have met together. */
  group(
    group: number,
    own: { readonly values: ReadonlySet<Value>; readonly owners: ReadonlySet<StateOwner> },
  ): { isOwn: boolean; reach: Reach } {
    this.#summary ??= this.#summarise(own);
    return this.#summary.get(group) as { isOwn: boolean; reach: Reach };
  }

  #summary: Map<number, { isOwn: boolean; reach: Reach }> | undefined;

  #summarise(own: { readonly values: ReadonlySet<Value>; readonly owners: ReadonlySet<StateOwner> }) {
    const summary = new Map<number, { isOwn: boolean; reach: Reach }>();
    const first = this.#roots.length - this.#commits.length;
    this.#roots.forEach((value, root) => {
      const group = this.groupOf(root);
      let known = summary.get(group);
      if (known === undefined) {
        known = { isOwn: false, reach: { safe: true, lost: null, failure: null } };
        summary.set(group, known);
      }
      known.isOwn ||=
        own.values.has(value) || (root >= first && own.owners.has(this.#commits[root - first].owner));
      const { safe, lost, failure } = this.#reach[root];
      known.reach.safe &&= safe;
      known.reach.lost ??= lost;
      known.reach.failure ??= failure;
    });
    return summary;
  }

  #from(start: Value, root: number): void {
    const reach = this.#reach[root];
    const stack = [start];
    for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
      const { node } = value;
      // Several value objects can stand for one result.
      const result = value.isMaterialised || node === null ? value : node.outputs[value.index];
      if (result.state !== null) followMove(result);
      if (result.failure !== null) reach.failure ??= failureBehind(result);
      if (result.isMaterialised) {
        if (result.data === null) reach.safe = false;
        if (result.state !== null && this.#users.has(result.state)) this.#use(result.state, root);
        continue;
      }
      if (value.lost !== null || node === null) {
        reach.lost ??= value;
        reach.safe = false;
        continue;
      }
      if (node.visit >= this.#base) {
        this.#join(root, this.rootOf(node));
        continue;
      }
      node.visit = this.#base + root;
      this.nodes.push(node);
      if (node.op.checksData) reach.safe = false;
      for (const input of node.inputs) stack.push(input);
    }
  }

  #use(state: StateBuffer, root: number): void {
    const known = this.#users.get(state);
    if (known === undefined) this.#users.set(state, root);
    else this.#join(known, root);
  }

  #join(a: number, b: number): void {
    this.#parents[this.groupOf(a)] = this.groupOf(b);
  }
}

// Values that the user's own code has received and may still ask for: noted, not kept alive.

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

// Values that modules keep from one call to the next: the next run computes them, whatever it is made for.

export class CarriedValues {
  #noted: WeakRef<Value>[] = [];
  /** Large values that were kept, and the call that left them. */
  readonly #calls = new WeakMap<Value, number>();

  /**
   * @param call - number of the network's call that leaves the value behind.
   * @returns whether the next run is to compute it. A large value that is only looked at now and then waits until it
   * is asked for or about to be lost, unless it follows from what an earlier call left.
   */
  note(value: Value, call: number): boolean {
    if (numel(value.shape) > SMALL) {
      // Other value objects may stand for the same result.
      this.#calls.set(value.node?.outputs[value.index] ?? value, call);
      if (!this.#follows(value, call)) return false;
    }
    this.#noted.push(new WeakRef(value));
    return true;
  }

  #follows(value: Value, call: number): boolean {
    return collectPending([value]).some((node) =>
      node.outputs.some((output) => (this.#calls.get(output) ?? call) < call),
    );
  }

  /** Those that have yet to be computed. */
  pending(): Value[] {
    if (this.#noted.length === 0) return [];
    const alive = this.#noted.flatMap((ref) => {
      const value = ref.deref();
      return isPending(value) && value.lost === null ? value : [];
    });
    this.#noted = alive.map((value) => new WeakRef(value));
    return alive;
  }

  /** Leaves them to others, who may ask for them: the run that was to compute them cannot be made. */
  release(): Value[] {
    const values = this.pending();
    this.#noted = [];
    return values;
  }
}

/**
 * Ends the tape behind values whose ancestors are about to be overwritten: nothing can be differentiated through
 * them any more, and kept from step to step they would hold on to the graphs of all steps before.
 */
export function endTapes(values: readonly Value[], overwritten: ReadonlySet<StateBuffer>): void {
  const taped = values.filter((value) => value.requiresGrad && value.gradientOwner === null);
  if (taped.length === 0) return;
  for (const value of dependents(taped, overwritten)) {
    const { op, attributes, label } = value.node as Node;
    const end = new Node(op, [], attributes, label);
    end.backwardDone = true;
    while (end.outputs.length <= value.index) end.outputs.push(value);
    value.node = end;
  }
}
