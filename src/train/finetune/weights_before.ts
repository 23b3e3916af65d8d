/** The weights of a network as they were before it was trained, to go back to in part. */
import { insideCall } from "../../graph/node.ts";
import type { Optimizer } from "../../optim/optimizer.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { scalarValue } from "../../tensor/operands.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { copyOf } from "./kept_training_state.ts";

/** An optimiser's name for a parameter as it was. */
const IN_OPTIMIZER = "before";

/** (1 - share) from + share to; the shares are inputs of the program, so that each call is the same program. */
export function between(from: Tensor, to: Tensor, share: number): Tensor {
  const scalar = (number: number) => new Tensor(scalarValue(number, to.dtype));
  return from.mul(scalar(1 - share)).add(to.mul(scalar(share)));
}

/** Kept in the optimiser's state, so that a training that is resumed has them from its checkpoint. */
export class WeightsBefore {
  readonly #optimizer: Optimizer;

  private constructor(optimizer: Optimizer) {
    this.#optimizer = optimizer;
  }

  /** Copies the parameters of an optimiser that has made no step. */
  static async of(optimizer: Optimizer): Promise<WeightsBefore> {
    for (const { params } of optimizer.paramGroups)
      for (const param of params) {
        const state = optimizer.state.get(param);
        optimizer.state.set(param, { ...state, [IN_OPTIMIZER]: await copyOf(param) });
      }
    return new WeightsBefore(optimizer);
  }

  /** Each parameter becomes before + share (parameter - before). */
  interpolate(share: number): void {
    noGrad(() =>
      insideCall(() => {
        for (const { params } of this.#optimizer.paramGroups)
          for (const param of params) {
            const before = this.#optimizer.state.get(param)?.[IN_OPTIMIZER] as Tensor;
            param.assign(between(before, param, share).value);
          }
      }),
    );
  }
}
