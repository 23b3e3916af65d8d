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

/**
 * A gradient that is noted. It is emptied when it is forgotten: V8 keeps what tables of sets and maps once held until all of the
 * heap is collected, and takes weak references as strong until then, so that the graph behind each gradient would stay.
 */
interface Noted {
  owner: WeakRef<StateOwner> | null;
}

export class LeafGradients {
  readonly #noted = new Set<Noted>();
  readonly #notes = new WeakMap<StateOwner, Noted>();
  readonly #leaves = new WeakMap<StateOwner, GradientLeaf>();
  readonly #buffers = new WeakMap<GradientLeaf, DeviceBuffer>();
  #sweepAt = FIRST_SWEEP;

  /** Remembers the gradient that `backward` left with a leaf, whatever becomes of it. */
  note(owner: StateOwner, leaf: GradientLeaf): void {
    const noted: Noted = { owner: new WeakRef(owner) };
    this.#notes.set(owner, noted);
    this.#leaves.set(owner, leaf);
    this.#noted.add(noted);
    if (this.#noted.size < this.#sweepAt) return;
    this.keepOnly((value) => !value.isMaterialised);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#noted.size);
  }

  /** This gradient will not be read any more. */
  forget(owner: StateOwner): void {
    const noted = this.#notes.get(owner);
    if (noted !== undefined) this.#remove(noted);
  }

  #remove(noted: Noted): void {
    noted.owner = null;
    this.#noted.delete(noted);
  }

  /** Owners that are noted and still alive. */
  #owners(): StateOwner[] {
    return [...this.#noted].flatMap(({ owner }) => owner?.deref() ?? []);
  }

  /** Gradients that are noted and still alive. */
  values(): Value[] {
    return this.#owners().map(({ value }) => value);
  }

  keepOnly(wanted: (value: Value) => boolean): void {
    for (const noted of this.#noted) {
      const value = noted.owner?.deref()?.value;
      if (value === undefined || !wanted(value)) this.#remove(noted);
    }
  }

  /** The leaves whose present gradient has yet to be computed, in the order of the `backward` calls. */
  waitingLeaves(): GradientLeaf[] {
    return this.#owners().flatMap((owner) => {
      if (owner.value.isMaterialised) return [];
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
