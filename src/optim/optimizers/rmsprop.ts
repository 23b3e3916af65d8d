/** Steps divided by a running mean of the gradient's size: RMSprop and Adadelta. */

import { requireRange } from "../../base/params/argument_kinds.ts";
import { callable } from "../../base/params/callable.ts";
import { emit, type Value } from "../../graph/node.ts";
import { add, div, mul, sqrtOp, sub } from "../../ops/elementwise/elementwise.ts";
import {
  type BehindParameters,
  type CommonSettings,
  type OptimizerClass,
  optimizerTable,
} from "../arguments.ts";
import { countStep, descentDirection, Optimizer, type Update } from "../optimizer.ts";
import type { ParametersInput, ParamGroup } from "../param_groups.ts";

/** What `RMSprop` takes. */
export interface RMSpropSettings extends CommonSettings {
  /** Learning rate. @default 1e-2 */
  lr?: number;
  /** How much of the running mean of squares is kept at each step. @default 0.99 */
  alpha?: number;
  /** Added to the divisor, against division by 0. @default 1e-8 */
  eps?: number;
  /** How much of the step before is kept. @default 0 */
  momentum?: number;
  /** Whether the divisor is the standard deviation, sqrt(v - mean(g)^2). @default false */
  centered?: boolean;
}

const RMSPROP = optimizerTable<RMSpropSettings>("RMSprop")(
  [
    "params",
    "lr?",
    "alpha?:scalar",
    "eps?:number",
    "weightDecay?",
    "momentum?:number|null",
    "centered?",
    "maximize?:boolean",
  ],
  (
    params,
    lr = 1e-2,
    alpha = 0.99,
    eps = 1e-8,
    weightDecay = 0,
    momentum = 0,
    centered = false,
    maximize = false,
  ) => ({ params, lr, alpha, eps, weightDecay, momentum, centered, maximize }),
);

/** See {@link RMSprop}. */
export class RMSpropOptimizer extends Optimizer {
  constructor(first: ParametersInput | RMSpropSettings, ...rest: BehindParameters<typeof RMSPROP>) {
    const { params, ...settings } = RMSPROP.bind([first, ...rest]);
    super(params, settings);
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    this.requireNoneBelow0(group, "alpha", "eps", "weightDecay", "momentum");
  }

  protected override update(of: Update): Value {
    const { value, group, state, number, remembered } = of;
    const { lr, alpha, eps, momentum, centered } = group;
    countStep(state);
    const direction = descentDirection(of);
    const square = remembered("square_avg");
    const [kept, fresh] = [number("alpha", alpha), number("1-alpha", 1 - alpha)];
    const newSquare = add(mul(kept, square.value), mul(fresh, mul(direction, direction)));
    square.assign(newSquare);
    let spread = newSquare;
    if (centered) {
      const mean = remembered("grad_avg");
      const newMean = add(mean.value, mul(fresh, sub(direction, mean.value)));
      mean.assign(newMean);
      spread = sub(newSquare, mul(newMean, newMean));
    }
    const scaled = div(direction, add(emit(sqrtOp, [spread]), number("eps", eps)));
    if (momentum === 0) return sub(value, mul(number("lr", lr), scaled));
    const buffer = remembered("momentum_buffer");
    const moved = add(mul(number("momentum", momentum), buffer.value), scaled);
    buffer.assign(moved);
    return sub(value, mul(number("lr", lr), moved));
  }
}

/**
 * v = alpha v + (1 - alpha) g^2; p = p - lr g / (sqrt(v) + eps).
 *
 * Source: T. Tieleman, G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012; A. Graves, 2013
 * (centered).
 *
 * @param centered - divides by the standard deviation, sqrt(v - mean(g)^2), instead.
 * @param momentum - accumulates the divided gradients.
 * @example
 * ```ts
 * const optimizer = optim.RMSprop(net.parameters(), { lr: 0.01, momentum: 0.9 });
 * nn.functional.crossEntropy(net(x), y).backward();
 * optimizer.step();
 * ```
 */
export const RMSprop: OptimizerClass<typeof RMSpropOptimizer> = callable("RMSprop", RMSpropOptimizer);
export type RMSprop = RMSpropOptimizer;

/** What `Adadelta` takes. */
export interface AdadeltaSettings extends CommonSettings {
  /** Learning rate. @default 1 */
  lr?: number;
  /** How much of the running means of squares is kept at each step. @default 0.9 */
  rho?: number;
  /** Added under the roots, against division by 0. @default 1e-6 */
  eps?: number;
}

const ADADELTA = optimizerTable<AdadeltaSettings>("Adadelta")(
  ["params", "lr?", "rho?", "eps?:number", "weightDecay?", "maximize?:boolean"],
  (params, lr = 1, rho = 0.9, eps = 1e-6, weightDecay = 0, maximize = false) => ({
    params,
    lr,
    rho,
    eps,
    weightDecay,
    maximize,
  }),
);

/** See {@link Adadelta}. */
export class AdadeltaOptimizer extends Optimizer {
  constructor(first: ParametersInput | AdadeltaSettings, ...rest: BehindParameters<typeof ADADELTA>) {
    const { params, ...settings } = ADADELTA.bind([first, ...rest]);
    super(params, settings);
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    requireRange("Adadelta", "rho", group.rho, (x) => x >= 0 && x <= 1, "from 0 to 1");
    this.requireNoneBelow0(group, "eps", "weightDecay");
  }

  protected override update(of: Update): Value {
    const { value, group, state, number, remembered } = of;
    const { lr, rho, eps } = group;
    countStep(state);
    const direction = descentDirection(of);
    const [square, delta] = [remembered("square_avg"), remembered("acc_delta")];
    const [kept, fresh, small] = [number("rho", rho), number("1-rho", 1 - rho), number("eps", eps)];
    const newSquare = add(mul(kept, square.value), mul(fresh, mul(direction, direction)));
    const root = (v: Value) => emit(sqrtOp, [add(v, small)]);
    const change = mul(div(root(delta.value), root(newSquare)), direction);
    square.assign(newSquare);
    delta.assign(add(mul(kept, delta.value), mul(fresh, mul(change, change))));
    return sub(value, mul(number("lr", lr), change));
  }
}

/**
 * Steps whose size follows that of the steps before: p = p - lr sqrt(u + eps) / sqrt(v + eps) g.
 *
 * Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
 *
 * @example
 * ```ts
 * const optimizer = optim.Adadelta(net.parameters());
 * nn.functional.crossEntropy(net(x), y).backward();
 * optimizer.step();
 * ```
 */
export const Adadelta: OptimizerClass<typeof AdadeltaOptimizer> = callable("Adadelta", AdadeltaOptimizer);
export type Adadelta = AdadeltaOptimizer;
