/** Adagrad. */

import { callable } from "../../base/params/callable.ts";
import { emit, type Value } from "../../graph/node.ts";
import { add, div, mul, sqrtOp, sub } from "../../ops/elementwise/elementwise.ts";
import {
  type BehindParameters,
  type CommonSettings,
  type OptimizerClass,
  optimizerTable,
} from "../arguments.ts";
import { countStep, descentDirection, filledLike, Optimizer, type Update } from "../optimizer.ts";
import type { ParametersInput, ParamGroup, ParamGroupInput } from "../param_groups.ts";

/** What `Adagrad` takes. */
export interface AdagradSettings extends CommonSettings {
  /** Learning rate. @default 1e-2 */
  lr?: number;
  /** How fast the learning rate falls: lr / (1 + (t - 1) lrDecay). @default 0 */
  lrDecay?: number;
  /** First value of the sums of squares. @default 0 */
  initialAccumulatorValue?: number;
  /** Added to the divisor, against division by 0. @default 1e-10 */
  eps?: number;
}

const ADAGRAD = optimizerTable<AdagradSettings>("Adagrad")(
  [
    "params",
    "lr?",
    "lrDecay?",
    "weightDecay?",
    "initialAccumulatorValue?",
    "eps?:number",
    "maximize?:boolean",
  ],
  (
    params,
    lr = 1e-2,
    lrDecay = 0,
    weightDecay = 0,
    initialAccumulatorValue = 0,
    eps = 1e-10,
    maximize = false,
  ) => ({ params, lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize }),
);

/** See {@link Adagrad}. */
export class AdagradOptimizer extends Optimizer {
  constructor(first: ParametersInput | AdagradSettings, ...rest: BehindParameters<typeof ADAGRAD>) {
    const { params, ...settings } = ADAGRAD.bind([first, ...rest]);
    super(params, settings);
    for (const group of this.paramGroups) this.#prepare(group);
  }

  override addParamGroup(group: ParamGroupInput): void {
    super.addParamGroup(group);
    this.#prepare(this.paramGroups[this.paramGroups.length - 1]);
  }

  /** Sums exist from the start, also for parameters that never get a gradient. */
  #prepare({ params, initialAccumulatorValue }: ParamGroup): void {
    for (const param of params)
      this.state.set(param, { step: 0, sum: filledLike(param, initialAccumulatorValue) });
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    this.requireNoneBelow0(group, "lrDecay", "weightDecay", "initialAccumulatorValue", "eps");
  }

  protected override update(of: Update): Value {
    const { value, group, state, number, remembered } = of;
    const { lr, lrDecay, initialAccumulatorValue, eps } = group;
    const step = countStep(state);
    const direction = descentDirection(of);
    const sum = remembered("sum", initialAccumulatorValue);
    const newSum = add(sum.value, mul(direction, direction));
    sum.assign(newSum);
    const scaled = div(direction, add(emit(sqrtOp, [newSum]), number("eps", eps)));
    return sub(value, mul(number("lr", lr / (1 + (step - 1) * lrDecay)), scaled));
  }
}

/**
 * s = s + g^2; p = p - lr / (1 + (t - 1) lrDecay) g / (sqrt(s) + eps).
 *
 * Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods", JMLR 2011.
 *
 * @example
 * ```ts
 * const optimizer = optim.Adagrad(net.parameters(), { lr: 0.01 });
 * nn.functional.crossEntropy(net(x), y).backward();
 * optimizer.step();
 * ```
 */
export const Adagrad: OptimizerClass<typeof AdagradOptimizer> = callable("Adagrad", AdagradOptimizer);
export type Adagrad = AdagradOptimizer;
