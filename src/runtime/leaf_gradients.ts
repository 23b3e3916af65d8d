/**
 * The gradients that `backward` left with leaves: which of them wait to be computed, and the device buffer in which
 * those of a leaf are kept, the same one at every step.
 */
import type { Value } from "../graph/node.ts";
import type { DeviceBuffer, StateOwner } from "./run.ts";

/** A tensor that collects gradients. */
export interface GradientLeaf {
  readonly cell: StateOwner;
  readonly grad: { readonly cell: StateOwner } | null;
}

/** How many are noted before those that need no more looking after are dropped for the first time. */
const FIRST_SWEEP = 4096;

export class LeafGradients {
  readonly #noted = new Map<number, WeakRef<StateOwner>>();
  readonly #numbers = new WeakMap<StateOwner, number>();
  readonly #leaves = new WeakMap<StateOwner, GradientLeaf>();
  readonly #buffers = new WeakMap<GradientLeaf, DeviceBuffer>();
  #next = 1;
  #sweepAt = FIRST_SWEEP;

  /** Remembers the gradient that `backward` left with a leaf, whatever becomes of it. */
  note(owner: StateOwner, leaf: GradientLeaf): void {
    const number = this.#next++;
    this.#numbers.set(owner, number);
    this.#leaves.set(owner, leaf);
    this.#noted.set(number, new WeakRef(owner));
    if (this.#noted.size < this.#sweepAt) return;
    this.keepOnly((value) => !value.isMaterialised);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#noted.size);
  }

  /** This gradient will not be read any more. */
  forget(owner: StateOwner): void {
    this.#noted.delete(this.#numbers.get(owner) ?? 0);
  }

  /** Gradients that are noted and still alive. */
  values(): Value[] {
    return [...this.#noted.values()].flatMap((ref) => ref.deref()?.value ?? []);
  }

  keepOnly(wanted: (value: Value) => boolean): void {
    for (const [number, ref] of this.#noted) {
      const value = ref.deref()?.value;
      if (value === undefined || !wanted(value)) this.#noted.delete(number);
    }
  }

  /** The leaves whose present gradient has yet to be computed, in the order of the `backward` calls. */
  waitingLeaves(): GradientLeaf[] {
    return [...this.#noted.values()].flatMap((ref) => {
      const owner = ref.deref();
      if (owner === undefined || owner.value.isMaterialised) return [];
      const leaf = this.#leaves.get(owner);
      return leaf?.grad?.cell === owner ? [leaf] : [];
    });
  }

  /** The buffer of a leaf's earlier gradients, for an owner that is its gradient now; null if there is none. */
  keptBuffer(owner: StateOwner, bytes: number): DeviceBuffer | null {
    const leaf = this.#leaves.get(owner);
    const known = leaf && this.#buffers.get(leaf);
    return known !== undefined && known.leaving === null && known.buffer.bytes === bytes ? known : null;
  }

  /** Keeps the buffer of an owner: if that is the gradient of a leaf, the leaf's next gradients use it too. */
  keepBuffer(owner: StateOwner, deviceBuffer: DeviceBuffer): void {
    const leaf = this.#leaves.get(owner);
    if (leaf !== undefined) this.#buffers.set(leaf, deviceBuffer);
  }
}
