/**
 * What is to be run, in parts that have nothing to do with each other. Loops in one program are independent: changes
 * that one has recorded are sent by the other's next run, but not in the same program, so that each fails by itself.
 */
import type { Node, RunFailure, StateBuffer, Value } from "../graph/node.ts";
import { deviceBufferOf, followMove, type StateOwner } from "./device_buffer.ts";
import { failureBehind } from "./failures.ts";
import type { Commit } from "./run.ts";

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
