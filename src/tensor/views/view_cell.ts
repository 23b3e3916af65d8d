/** Part of another tensor's memory. */
import { numel } from "../../base/shape.ts";
import { collectNodes, isGradientModeOn, type Value } from "../../graph/node.ts";
import { arange } from "../../ops/creation.ts";
import { scatter } from "../../ops/shape/indexing.ts";
import { reshape } from "../../ops/shape/shape_ops.ts";
import { SMALL } from "../../runtime/pending.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { aliasOf, Cell, type Change, LEAF_REFUSAL, onTape, shareContents, type TensorCell } from "./cell.ts";
import type { DetachedCell } from "./detached_cell.ts";
import { contiguousLayout, type Layout, overlaps } from "./layout.ts";
import type { ViewStep } from "./steps.ts";

/** The steps from a base to a view, the last one first. */
interface Chain {
  readonly step: ViewStep;
  readonly before: Chain | null;
}

/** How a view came about, which decides whether it may be changed while the tape records. */
type Origin = "tape" | "noGrad" | "one of several";

/** What is seen of a base through a chain of view functions, whatever the base holds at the time. */
export class ViewCell implements TensorCell {
  /** Views own no memory. */
  readonly deviceBuffer = null;
  layout: Layout;
  #base: Cell | DetachedCell;
  #chain: Chain | null;
  readonly #origin: Origin;
  #leaf: object | null = null;
  /** The base's value that `#own` was made from. */
  #seen: Value;
  #own: Value;
  /** What `#own` is another object for, if it takes no operation to make it. */
  #twin: Value | null = null;

  constructor(of: TensorCell, step: ViewStep, layout: Layout, oneOfSeveral = false) {
    const whole = of.value;
    const parent = of instanceof ViewCell ? of : null;
    this.#base = parent === null ? (of as Cell | DetachedCell) : parent.#base;
    this.#chain = { step, before: parent === null ? null : parent.#chain };
    this.layout = layout;
    const inherited = parent === null ? "tape" : parent.#origin;
    this.#origin = !isGradientModeOn() ? "noGrad" : oneOfSeveral ? "one of several" : inherited;
    this.#seen = this.#base.value;
    this.#own = this.#inPlaceOnTape(step.read(whole), whole);
  }

  get storage(): Cell {
    return this.#base.storage;
  }

  /**
   * A base that stays in memory can be read again at any time. One that is still to be computed is kept beside the view
   * if it is small: without another owner it would hold on to all that it is computed from.
   */
  get kept(): readonly Value[] {
    const base = this.#base.value;
    if (base.isMaterialised) return [];
    return numel(base.shape) <= SMALL ? [this.value, base] : [this.value];
  }

  /** A view of all elements says what the base holds, which need not be computed from anything else then. */
  release(): void {
    const base = this.#base;
    const [own, whole] = [this.#own, base.value];
    if (
      whole !== this.#seen ||
      whole.isMaterialised ||
      !own.isMaterialised ||
      own.requiresGrad ||
      whole.requiresGrad
    )
      return;
    if (!(base instanceof Cell) || defaultSession().isCommitPending(base)) return;
    if (numel(own.shape) !== numel(whole.shape) || this.#steps().some(({ write }) => write === null)) return;
    base.value = onTape(() => this.#written(whole, own), false);
    this.#seen = base.value;
  }

  get value(): Value {
    const whole = this.#base.value;
    if (whole !== this.#seen) {
      this.#seen = whole;
      const part = onTape(() => this.#read(whole), this.#origin !== "noGrad");
      this.#own = this.#inPlaceOnTape(part, whole);
    }
    if (this.#twin !== null) shareContents(this.#own, this.#twin);
    return this.#own;
  }

  set value(value: Value) {
    this.write(value, { tape: false, uniform: false });
  }

  setLeaf(owner: object | null): void {
    this.#leaf = owner;
    const whole = this.#base.value;
    this.#seen = whole;
    this.#own = this.#inPlaceOnTape(this.#read(whole), whole);
  }

  refusal(value: Value, { tape, uniform }: Change): string | null {
    if (!uniform && overlaps(this.layout)) return OVERLAP_REFUSAL;
    if (!tape) return null;
    if (this.#leaf !== null) return LEAF_REFUSAL;
    const base = this.#base.value;
    if (!base.requiresGrad && !value.requiresGrad) return null;
    if (this.#origin === "noGrad") return NO_GRAD_REFUSAL;
    if (this.#origin === "one of several") return SEVERAL_REFUSAL;
    return base.gradientOwner === null ? null : VIEW_OF_LEAF_REFUSAL;
  }

  write(value: Value, change: Change): void {
    const whole = this.#base.value;
    if (cannotBeComputed(whole)) {
      // The tensor that held the rest of it is gone, so it cannot be seen any more: the view goes on by itself.
      this.#base = new Cell(this.value);
      this.#chain = null;
      this.layout = contiguousLayout(value.shape);
      this.#base.write(value, change);
      return;
    }
    this.#base.write(
      onTape(() => this.#written(whole, value), change.tape),
      change,
    );
  }

  /** The steps from the base on. */
  #steps(): ViewStep[] {
    const steps: ViewStep[] = [];
    for (let link = this.#chain; link !== null; link = link.before) steps.push(link.step);
    return steps.reverse();
  }

  #read(whole: Value): Value {
    return this.#steps().reduce((value, step) => step.read(value), whole);
  }

  /** The base with other contents in the view's place. */
  #written(whole: Value, part: Value): Value {
    const steps = this.#steps();
    if (steps.some((step) => step.write === null)) return this.#writtenByPosition(whole, part);
    const before: Value[] = [];
    steps.reduce((value, step) => {
      before.push(value);
      return step.read(value);
    }, whole);
    return steps.reduceRight(
      (value, step, i) => (step.write as NonNullable<ViewStep["write"]>)(before[i], value),
      part,
    );
  }

  #writtenByPosition(whole: Value, part: Value): Value {
    const count = numel(whole.shape);
    const places = this.#read(reshape(arange(count, "int64"), whole.shape));
    const line = [numel(part.shape)];
    const filled = scatter(reshape(whole, [count]), 0, reshape(places, line), reshape(part, line));
    return reshape(filled, whole.shape);
  }

  /** The part with its place on (or off) the tape. */
  #inPlaceOnTape(part: Value, whole: Value): Value {
    const off = this.#origin === "noGrad" && part.requiresGrad;
    this.#twin = null;
    if (this.#leaf === null && !off) return part;
    const own = aliasOf(part);
    if (part === whole) this.#twin = whole;
    own.requiresGrad = this.#leaf !== null;
    own.gradientOwner = this.#leaf;
    return own;
  }
}

function cannotBeComputed(value: Value): boolean {
  let lost = false;
  if (!value.isMaterialised) {
    collectNodes([value], () => {
      lost = true;
    });
  }
  return lost || (value.lost !== null && !value.isMaterialised);
}

const OVERLAP_REFUSAL =
  "several elements of this view (expand, or unfold with windows that overlap) share one place in memory; " +
  "change a copy (clone()) or the tensor that it is a view of";
const VIEW_OF_LEAF_REFUSAL =
  "a view of a leaf tensor that requires a gradient is changed in place; do it inside noGrad(() => ...)";
const NO_GRAD_REFUSAL =
  "a view that was made inside noGrad is changed in place outside of it, where the change would have to join the tape; " +
  "make the view outside of noGrad, or change it inside";
const SEVERAL_REFUSAL =
  "one of the views that unbind, split or chunk gave is changed in place while the tape records; " +
  "use select, narrow or at for a view that may be changed, or an operation that is not in place";
