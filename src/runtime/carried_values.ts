/** Values that modules keep from one call to the next: the next run computes them, whatever it is made for. */
import { numel } from "../base/shape.ts";
import { Node, type StateBuffer, type Value } from "../graph/node.ts";
import { collectPending, dependents, isPending, SMALL } from "./held_values.ts";

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
