/** Steps divided by a running mean of the gradient's size: RMSprop and Adadelta. */

import { requireRange } from "../../base/argument_kinds.ts";
import { callable } from "../../base/callable.ts";
import { emit, type Value } from "../../graph/node.ts";
import { add, div, mul, neg, sqrtOp, sub } from "../../ops/elementwise/elementwise.ts";
import { bindOptimizer, type ImplementationSwitches, optimizerSignature } from "../arguments.ts";
import { Optimizer, type Update } from "../optimizer.ts";
import type { ParametersInput, ParamGroup } from "../param_groups.ts";

export interface RMSpropOptions extends ImplementationSwitches {
  lr?: number;
  alpha?: number;
  eps?: number;
  weightDecay?: number;
  momentum?: number;
  centered?: boolean;
  maximize?: boolean;
}
type RMSpropArguments =
  | [
      params: ParametersInput,
      lr?: number,
      alpha?: number,
      eps?: number,
      weightDecay?: number,
      momentum?: number,
      centered?: boolean,
    ]
  | [params: ParametersInput, options: RMSpropOptions]
  | [params: ParametersInput, lr: number, options: RMSpropOptions];
const RMSPROP = optimizerSignature("RMSprop", [
  "params",
  "lr?",
  "alpha?",
  "eps?",
  "weightDecay?",
  "momentum?",
  "centered?",
  "maximize?",
]);

/** See {@link RMSprop}. */
export class RMSpropOptimizer extends Optimizer {
  constructor(...args: RMSpropArguments) {
    const { params, ...given } = bindOptimizer(RMSPROP, args);
    const defaults = {
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
      maximize: false,
    };
    super(params, { ...defaults, ...given });
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    for (const name of ["alpha", "eps", "weightDecay", "momentum"]) {
      requireRange("RMSprop", name, group[name], (x) => x >= 0, "at least 0");
    }
  }

  protected override update({ value, grad, group, state, number, remembered }: Update): Value {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    state.step = Number(state.step ?? 0) + 1;
    let direction = maximize ? neg(grad) : grad;
    if (weightDecay !== 0) direction = add(direction, mul(number("weightDecay", weightDecay), value));
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
export const RMSprop = callable("RMSprop", RMSpropOptimizer);
export type RMSprop = RMSpropOptimizer;

export interface AdadeltaOptions extends ImplementationSwitches {
  lr?: number;
  rho?: number;
  eps?: number;
  weightDecay?: number;
  maximize?: boolean;
}
type AdadeltaArguments =
  | [params: ParametersInput, lr?: number, rho?: number, eps?: number, weightDecay?: number]
  | [params: ParametersInput, options: AdadeltaOptions]
  | [params: ParametersInput, lr: number, options: AdadeltaOptions];
const ADADELTA = optimizerSignature("Adadelta", [
  "params",
  "lr?",
  "rho?",
  "eps?",
  "weightDecay?",
  "maximize?",
]);

/** See {@link Adadelta}. */
export class AdadeltaOptimizer extends Optimizer {
  constructor(...args: AdadeltaArguments) {
    const { params, ...given } = bindOptimizer(ADADELTA, args);
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false, ...given });
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    requireRange("Adadelta", "rho", group.rho, (x) => x >= 0 && x <= 1, "from 0 to 1");
    requireRange("Adadelta", "eps", group.eps, (x) => x >= 0, "at least 0");
    requireRange("Adadelta", "weightDecay", group.weightDecay, (x) => x >= 0, "at least 0");
  }

  protected override update({ value, grad, group, state, number, remembered }: Update): Value {
    const { lr, rho, eps, weightDecay, maximize } = group;
    state.step = Number(state.step ?? 0) + 1;
    let direction = maximize ? neg(grad) : grad;
    if (weightDecay !== 0) direction = add(direction, mul(number("weightDecay", weightDecay), value));
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
export const Adadelta = callable("Adadelta", AdadeltaOptimizer);
export type Adadelta = AdadeltaOptimizer;
