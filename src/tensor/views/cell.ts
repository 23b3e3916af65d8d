/** What several handles on the same memory share: the value that a tensor stands for now, and how it is changed. */
import { sameShape } from "../../base/shape.ts";
import { emit, isGradientModeOn, setGradientMode, Value } from "../../graph/node.ts";
import { castOp } from "../../ops/elementwise/elementwise.ts";
import { overwritten } from "../../ops/tape.ts";
import type { StateOwner } from "../../runtime/run.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { contiguousLayout, type Layout } from "./layout.ts";

/** How an in-place change is to be made. */
export interface Change {
  /** Whether it joins the tape. */
  readonly tape: boolean;
  /** Whether every element gets the same number, so that elements which share memory do not contradict each other. */
  readonly uniform: boolean;
}

/** The contents of a tensor: memory of its own (`Cell`), or part of another's (`ViewCell`, `DetachedCell`). */
export interface TensorCell extends StateOwner {
  /** How the elements lie in the memory of `storage`. */
  readonly layout: Layout;
  /** The cell that owns the memory. */
  readonly storage: Cell;
  /** Values that must be kept if the contents are to be there later. */
  readonly kept: readonly Value[];
  /** The contents have been read: lets go of what was needed to compute them. */
  release(): void;
  /** Makes `value`, which has the cell's shape and dtype, its contents. */
  write(value: Value, change: Change): void;
  /** Why the change is not allowed; null if it is. */
  refusal(value: Value, change: Change): string | null;
  /** Makes the value a leaf of the tape whose gradient `owner` collects, or (null) takes it off the tape. */
  setLeaf(owner: object | null): void;
}

export const LEAF_REFUSAL =
  "a leaf tensor that requires a gradient is changed in place; do it inside noGrad(() => ...)";

/** Memory of its own. */
export class Cell implements TensorCell {
  value: Value;
  deviceBuffer: StateOwner["deviceBuffer"] = null;

  constructor(value: Value) {
    this.value = value;
  }

  get storage(): Cell {
    return this;
  }

  get layout(): Layout {
    return contiguousLayout(this.value.shape);
  }

  get kept(): readonly Value[] {
    return [this.value];
  }

  /** A computed value has released its inputs by itself. */
  release(): void {}

  refusal(_value: Value, { tape }: Change): string | null {
    return tape && this.value.gradientOwner !== null ? LEAF_REFUSAL : null;
  }

  write(value: Value, { tape }: Change): void {
    defaultSession().commit(this, this.#successor(value, tape));
  }

  /** `value` as the cell's next one, with its place on the tape. */
  #successor(value: Value, tape: boolean): Value {
    const before = this.value;
    if (before.gradientOwner !== null) {
      const next = aliasOf(value);
      next.requiresGrad = true;
      next.gradientOwner = before.gradientOwner;
      return next;
    }
    const joins = tape && value.requiresGrad;
    if (before.requiresGrad && !joins) return onTape(() => overwritten(value, before, !tape));
    if (joins) return taped(value);
    const next = aliasOf(value);
    next.requiresGrad = false;
    return next;
  }

  setLeaf(owner: object | null): void {
    const old = this.value;
    const leaf = owner !== null;
    if (!leaf || old.node !== null || old.gradientOwner !== null) {
      const value = aliasOf(old);
      // Pending in-place changes stay pending.
      if (defaultSession().isCommitPending(this)) defaultSession().commit(this, value);
      else defaultSession().replaceMaterialised(this, value);
    }
    this.value.requiresGrad = leaf;
    this.value.gradientOwner = owner;
  }
}

/** Whether two cells are the same elements in the same memory. */
export function sameMemory(a: TensorCell, b: TensorCell): boolean {
  if (a.storage !== b.storage) return false;
  const [first, second] = [a.layout, b.layout];
  return (
    first.offset === second.offset &&
    sameShape(first.sizes, second.sizes) &&
    sameShape(first.strides, second.strides)
  );
}

/** Runs `body` with what it records on the tape (or off it), whatever the mode. */
export function onTape<T>(body: () => T, on = true): T {
  if (isGradientModeOn() === on) return body();
  const before = setGradientMode(on);
  try {
    return body();
  } finally {
    setGradientMode(before);
  }
}

/** Another value object with the same place on the tape. A leaf is copied: an alias of it would be cut off. */
export function taped(value: Value): Value {
  if (value.gradientOwner !== null) return emit(castOp, [value], { dtype: value.dtype });
  const alias = aliasOf(value);
  alias.requiresGrad = value.requiresGrad;
  return alias;
}

/** Another value object for the same result, with a place of its own on (or off) the tape. */
export function aliasOf(value: Value): Value {
  const alias = new Value(value, value.node, value.index);
  shareContents(alias, value);
  return alias;
}

/** Gives an alias what its value has now and, if that is on its way, what it will bring. */
export function shareContents(alias: Value, value: Value): void {
  alias.data = value.data;
  alias.state = value.state;
  alias.lost = value.lost;
  alias.failure = value.failure;
  // The tape ends here, and what is here need not be computed again.
  if (value.data !== null || value.state !== null) {
    if (!alias.requiresGrad || alias.gradientOwner !== null) alias.node = null;
  }
  if (value.readback === null) {
    alias.readback = null;
    return;
  }
  if (alias.readback !== null) return;
  alias.readback = value.readback.then(
    () => {
      alias.readback = null;
      alias.data ??= value.data;
      if (alias.data === null) alias.state ??= value.state;
    },
    (error) => {
      alias.readback = null;
      alias.lost ??= value.lost;
      alias.failure ??= value.failure;
      throw error;
    },
  );
  // A caller that waits for it gets the error.
  alias.readback.catch(() => undefined);
}
