/**
 * Changes of the weights that are sent again without being recorded: those of an optimiser of this package whose steps
 * depend on nothing but its settings. Any other optimiser records each step.
 */
import { constantValue, type StateBuffer } from "../../graph/node.ts";
import { Optimizer } from "../../optim/index.ts";
import { RepeatedChanges } from "../../runtime/repeated_changes.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { OptimizerLike } from "../../train/loop/fit_options.ts";

/** A change with what it depended on. */
interface Seen {
  readonly changes: RepeatedChanges;
  readonly settings: string;
  readonly operands: readonly unknown[];
  /** Whether a second recording was the same. */
  readonly confirmed: boolean;
}

export class UpdateReplays {
  readonly #optimizer: OptimizerLike;
  #seen: Seen | null = null;
  /** Changes that were sent again. */
  replayed = 0;

  constructor(optimizer: OptimizerLike) {
    this.#optimizer = optimizer;
  }

  /**
   * Makes a change of which each gradient lies in a buffer of its own.
   *
   * @param moving - what changes besides the parameters.
   * @param record - makes it by recording it; given the number of the step.
   */
  change(step: number, moving: Iterable<Tensor>, record: (step: Tensor) => void): void {
    const number = Float64Array.of(step);
    const settings = settingsOf(this.#optimizer);
    const find = () => (settings === null ? null : operandsOf(this.#optimizer as Optimizer, moving));
    const operands = find();
    const seen = this.#seen;
    const isSame = seen?.settings === settings && operands !== null && areSame(seen.operands, operands);
    if (isSame && seen.confirmed && seen.changes.holds) {
      seen.changes.send([number]);
      this.replayed++;
      return;
    }
    const session = defaultSession();
    const canBeKept = !session.hasWork;
    const given = constantValue(number, [], "float64");
    const sent = session.sentTogether(() => record(new Tensor(given)));
    this.#seen = null;
    if (!canBeKept || settings === null || sent.length !== 1 || sent[0].reads) return;
    // The first step makes what the optimiser remembers.
    const after = find();
    if (after === null) return;
    const changes = new RepeatedChanges(session, sent[0], [given]);
    const confirmed = isSame && areSame(after, seen.operands) && changes.isSameAs(seen.changes);
    this.#seen = { changes, settings, operands: after, confirmed };
  }
}

/** The optimiser's settings; null if its steps depend on more. */
function settingsOf(optimizer: OptimizerLike): string | null {
  if (!(optimizer instanceof Optimizer)) return null;
  // A class of the user's that extends one of them does not have it as its own.
  if (!Object.hasOwn(Object.getPrototypeOf(optimizer).constructor, "recordsAlike")) return null;
  if (Object.values(optimizer).some((own) => typeof own === "function")) return null;
  const texts: string[] = [String(optimizer.keepGradients)];
  for (const group of optimizer.paramGroups)
    for (const [name, value] of Object.entries(group)) if (name !== "params") texts.push(`${name}=${value}`);
  return texts.join(" ");
}

/**
 * The parameters, the buffers of their gradients, and what the optimiser remembers of them; null if a gradient is in no
 * buffer, or something is remembered that is not a tensor.
 */
function operandsOf({ paramGroups, state }: Optimizer, moving: Iterable<Tensor>): unknown[] | null {
  const operands: (Tensor | StateBuffer | null)[] = [...moving];
  for (const { params } of paramGroups) {
    for (const param of params) {
      const { grad } = param;
      if (grad !== null && grad.value.state === null) return null;
      operands.push(param, grad === null ? null : grad.value.state);
      for (const remembered of Object.values(state.get(param) ?? {})) {
        if (!(remembered instanceof Tensor)) return null;
        operands.push(remembered);
      }
    }
  }
  return operands;
}

function areSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((one, i) => one === right[i]);
}
