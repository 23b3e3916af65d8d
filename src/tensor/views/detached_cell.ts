/** What `detach()` and `.data` give: the same memory, outside of the tape. */
import type { Value } from "../../graph/node.ts";
import { overwritten } from "../../ops/tape.ts";
import {
  aliasOf,
  type Cell,
  type Change,
  LEAF_REFUSAL,
  onTape,
  shareContents,
  type TensorCell,
  taped,
} from "./cell.ts";
import type { Layout } from "./layout.ts";
import type { ViewCell } from "./view_cell.ts";

/** Another tensor's contents, with a tape of its own. */
export class DetachedCell implements TensorCell {
  /** Its memory is the source's. */
  readonly deviceBuffer = null;
  readonly #source: Cell | ViewCell;
  #leaf: object | null = null;
  #seen: Value | null = null;
  #own: Value | null = null;
  /** Whether `#own` is another object for the result that the source's value is. */
  #isAlias = false;
  /** Whether `#own` has a tape of its own: a value that requires a gradient was written through this handle. */
  #joined = false;

  constructor(of: TensorCell) {
    this.#source = of instanceof DetachedCell ? of.#source : (of as Cell | ViewCell);
  }

  get storage(): Cell {
    return this.#source.storage;
  }

  get layout(): Layout {
    return this.#source.layout;
  }

  get kept(): readonly Value[] {
    return this.#source.value.isMaterialised ? [] : this.#source.kept;
  }

  release(): void {
    this.#source.release();
  }

  get value(): Value {
    const shared = this.#source.value;
    if (this.#seen !== shared) {
      this.#seen = shared;
      this.#own = this.#seenFrom(shared);
    }
    const own = this.#own as Value;
    if (this.#isAlias) shareContents(own, shared);
    return own;
  }

  #seenFrom(shared: Value): Value {
    // Contents written through another handle do not end this one's tape.
    this.#isAlias = !this.#joined && (shared.requiresGrad || this.#leaf !== null);
    if (this.#joined) return onTape(() => overwritten(shared, this.#own as Value, true));
    if (!this.#isAlias) return shared;
    const own = aliasOf(shared);
    own.requiresGrad = this.#leaf !== null;
    own.gradientOwner = this.#leaf;
    return own;
  }

  set value(value: Value) {
    this.write(value, { tape: false, uniform: false });
  }

  setLeaf(owner: object | null): void {
    this.#leaf = owner;
    this.#seen = null;
  }

  refusal(value: Value, change: Change): string | null {
    if (change.tape && this.#leaf !== null) return LEAF_REFUSAL;
    return this.#source.refusal(value, { ...change, tape: false });
  }

  write(value: Value, change: Change): void {
    const before = this.value;
    onTape(() => this.#source.write(value, { ...change, tape: false }), false);
    if (!change.tape || !(value.requiresGrad || this.#joined)) return;
    // The change is on this handle's tape, not on that of the tensor whose memory it is.
    this.#seen = this.#source.value;
    this.#joined = true;
    this.#isAlias = value.requiresGrad;
    this.#own = value.requiresGrad ? taped(value) : overwritten(value, before, false);
  }
}
