/** Stochastic gradient descent. */

import { ArgumentError } from "../../base/errors.ts";
import { callable } from "../../base/params/callable.ts";
import type { Value } from "../../graph/node.ts";
import { add, mul, sub } from "../../ops/elementwise/elementwise.ts";
import {
  type BehindParameters,
  type CommonSettings,
  type OptimizerClass,
  optimizerTable,
} from "../arguments.ts";
import { descentDirection, Optimizer, type Update } from "../optimizer.ts";
import type { ParametersInput, ParamGroup } from "../param_groups.ts";

/** What `SGD` takes. */
export interface SGDSettings extends CommonSettings {
  /** Learning rate. @default 1e-3 */
  lr?: number;
  /** How much of the step before is kept. @default 0 */
  momentum?: number;
  /** Share of the gradient that does not join the momentum. @default 0 */
  dampening?: number;
  /** Whether the gradient counts as after the momentum's step. @default false */
  nesterov?: boolean;
}

const SGD_TABLE = optimizerTable<SGDSettings>("SGD")(
  [
    "params",
    "lr?",
    "momentum?:number|null",
    "dampening?",
    "weightDecay?",
    "nesterov?:boolean",
    "maximize?:boolean",
  ],
  (params, lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false) => ({
    params,
    lr,
    momentum,
    dampening,
    weightDecay,
    nesterov,
    maximize,
  }),
);

/** See {@link SGD}. */
export class SGDOptimizer extends Optimizer {
  /** @internal The second step and each after it are recorded alike as long as the settings are the same. */
  static readonly recordsAlike = true;

  constructor(first: ParametersInput | SGDSettings, ...rest: BehindParameters<typeof SGD_TABLE>) {
    const { params, ...settings } = SGD_TABLE.bind([first, ...rest]);
    super(params, settings);
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    this.requireNoneBelow0(group, "momentum", "weightDecay");
    if (group.nesterov && (group.momentum <= 0 || group.dampening !== 0)) {
      throw new ArgumentError("SGD: nesterov needs a momentum above 0 and no dampening");
    }
  }

  protected override update(of: Update): Value {
    const { value, group, state, number, remembered } = of;
    const { lr, momentum, dampening, nesterov } = group;
    let direction = descentDirection(of);
    if (momentum !== 0) {
      // The first buffer is the gradient itself: nothing is dampened while there is no buffer yet.
      const share = "momentum_buffer" in state ? 1 - dampening : 1;
      const buffer = remembered("momentum_buffer");
      const kept = mul(number("momentum", momentum), buffer.value);
      const fresh = dampening === 0 ? direction : mul(number("share", share), direction);
      const moved = add(kept, fresh);
      buffer.assign(moved);
      direction = nesterov ? add(direction, mul(number("momentum", momentum), moved)) : moved;
    }
    return sub(value, mul(number("lr", lr), direction));
  }
}

/**
 * Stochastic gradient descent, with momentum if it is asked for:
 *
 * g = gradient + weightDecay p; b = momentum b + (1 - dampening) g; p = p - lr b (nesterov: p - lr (g + momentum b)).
 *
 * @param params - `net.parameters()`, or groups with settings of their own.
 * @param lr - learning rate (default 0.001).
 * @param maximize - climbs instead of descending.
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.9 });
 * ```
 */
export const SGD: OptimizerClass<typeof SGDOptimizer> = callable("SGD", SGDOptimizer);
export type SGD = SGDOptimizer;
