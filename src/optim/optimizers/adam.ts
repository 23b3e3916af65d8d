/** Adam, AdamW and Adamax. */

import { requireRange } from "../../base/argument_kinds.ts";
import { callable } from "../../base/callable.ts";
import { ArgumentError } from "../../base/errors.ts";
import { shownText } from "../../base/shown_value.ts";
import { emit, type Value } from "../../graph/node.ts";
import { absOp, add, div, maximumOp, mul, neg, sqrtOp, sub } from "../../ops/elementwise/elementwise.ts";
import { bindOptimizer, type ImplementationSwitches, optimizerSignature } from "../arguments.ts";
import { Optimizer, type Update } from "../optimizer.ts";
import type { ParametersInput, ParamGroup } from "../param_groups.ts";

export interface AdamOptions extends ImplementationSwitches {
  lr?: number;
  betas?: readonly [number, number];
  eps?: number;
  weightDecay?: number;
  amsgrad?: boolean;
  maximize?: boolean;
  decoupledWeightDecay?: boolean;
}

type AdamArguments =
  | [
      params: ParametersInput,
      lr?: number,
      betas?: readonly [number, number],
      eps?: number,
      weightDecay?: number,
      amsgrad?: boolean,
    ]
  | [params: ParametersInput, options: AdamOptions]
  | [params: ParametersInput, lr: number, options: AdamOptions];

const NAMES = ["params", "lr?", "betas?", "eps?", "weightDecay?", "amsgrad?", "maximize?"];
const ADAM = optimizerSignature("Adam", [...NAMES, "decoupledWeightDecay?"]);
const ADAMW = optimizerSignature("AdamW", NAMES);
const DEFAULTS = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  decoupledWeightDecay: false,
};

function checkBetas(of: string, group: ParamGroup): void {
  const { betas } = group;
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((b) => b >= 0 && b < 1)) {
    throw new ArgumentError(
      `${of}: expected \`betas\` to be two numbers from 0 to below 1, got ${shownText(betas)}`,
    );
  }
  requireRange(of, "eps", group.eps, (e) => e >= 0, "at least 0");
  requireRange(of, "weightDecay", group.weightDecay, (d) => d >= 0, "at least 0");
}

/** The number of steps that have been made with a parameter, this one included. */
function countStep(state: Update["state"]): number {
  const step = Number(state.step ?? 0) + 1;
  state.step = step;
  return step;
}

/** See {@link Adam}. */
export class AdamOptimizer extends Optimizer {
  constructor(...args: AdamArguments) {
    const { params, ...given } = bindOptimizer(ADAM, args);
    super(params, { ...DEFAULTS, ...given });
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    checkBetas(this.constructor.name, group);
  }

  protected override update({ value, grad, group, state, number, remembered }: Update): Value {
    const { lr, eps, weightDecay, amsgrad, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas as [number, number];
    const step = countStep(state);
    let direction = maximize ? neg(grad) : grad;
    let base = value;
    if (weightDecay !== 0) {
      if (decoupledWeightDecay) base = mul(base, number("decay", 1 - lr * weightDecay));
      else direction = add(direction, mul(number("weightDecay", weightDecay), value));
    }
    const mean = remembered("exp_avg");
    const square = remembered("exp_avg_sq");
    // m + (1 - beta1) (g - m), as PyTorch's lerp.
    const newMean = add(mean.value, mul(number("1-beta1", 1 - beta1), sub(direction, mean.value)));
    const newSquare = add(
      mul(number("beta2", beta2), square.value),
      mul(number("1-beta2", 1 - beta2), mul(direction, direction)),
    );
    mean.assign(newMean);
    square.assign(newSquare);
    let size = newSquare;
    if (amsgrad) {
      const largest = remembered("max_exp_avg_sq");
      size = emit(maximumOp, [largest.value, newSquare]);
      largest.assign(size);
    }
    const root = div(emit(sqrtOp, [size]), number("correction2", Math.sqrt(1 - beta2 ** step)));
    const scaled = div(newMean, add(root, number("eps", eps)));
    return sub(base, mul(number("stepSize", lr / (1 - beta1 ** step)), scaled));
  }
}

/**
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * p = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).
 *
 * Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; S. Reddi, S. Kale,
 * S. Kumar, "On the convergence of Adam and beyond", ICLR 2018 (amsgrad).
 *
 * @param betas - [beta1, beta2], default [0.9, 0.999].
 * @param weightDecay - adds weightDecay p to the gradient.
 * @param amsgrad - uses the largest v so far.
 * @example
 * ```ts
 * const optimizer = optim.Adam(net.parameters(), { lr: 1e-3, betas: [0.9, 0.99] });
 * nn.functional.crossEntropy(net(x), y).backward();
 * optimizer.step();
 * ```
 */
export const Adam = callable("Adam", AdamOptimizer);
export type Adam = AdamOptimizer;

type AdamWArguments =
  | [
      params: ParametersInput,
      lr?: number,
      betas?: readonly [number, number],
      eps?: number,
      weightDecay?: number,
      amsgrad?: boolean,
    ]
  | [params: ParametersInput, options: Omit<AdamOptions, "decoupledWeightDecay">]
  | [params: ParametersInput, lr: number, options: Omit<AdamOptions, "decoupledWeightDecay">];

/** See {@link AdamW}. */
export class AdamWOptimizer extends AdamOptimizer {
  constructor(...args: AdamWArguments) {
    const { params, ...given } = bindOptimizer(ADAMW, args);
    super(params as ParametersInput, { weightDecay: 0.01, ...given, decoupledWeightDecay: true });
  }
}

/**
 * Adam with the weight decay taken off the weights themselves: p = p (1 - lr weightDecay) first.
 *
 * Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
 *
 * @param weightDecay - default 0.01.
 * @example
 * ```ts
 * const optimizer = optim.AdamW(net.parameters(), { lr: 1e-3, weightDecay: 0.05 });
 * nn.functional.crossEntropy(net(x), y).backward();
 * optimizer.step();
 * ```
 */
export const AdamW = callable("AdamW", AdamWOptimizer);
export type AdamW = AdamWOptimizer;

export type AdamaxOptions = Omit<AdamOptions, "amsgrad" | "decoupledWeightDecay">;
type AdamaxArguments =
  | [
      params: ParametersInput,
      lr?: number,
      betas?: readonly [number, number],
      eps?: number,
      weightDecay?: number,
    ]
  | [params: ParametersInput, options: AdamaxOptions]
  | [params: ParametersInput, lr: number, options: AdamaxOptions];
const ADAMAX = optimizerSignature("Adamax", ["params", "lr?", "betas?", "eps?", "weightDecay?", "maximize?"]);

/** See {@link Adamax}. */
export class AdamaxOptimizer extends Optimizer {
  constructor(...args: AdamaxArguments) {
    const { params, ...given } = bindOptimizer(ADAMAX, args);
    super(params, { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false, ...given });
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    checkBetas("Adamax", group);
  }

  protected override update({ value, grad, group, state, number, remembered }: Update): Value {
    const { lr, eps, weightDecay, maximize } = group;
    const [beta1, beta2] = group.betas as [number, number];
    const step = countStep(state);
    let direction = maximize ? neg(grad) : grad;
    if (weightDecay !== 0) direction = add(direction, mul(number("weightDecay", weightDecay), value));
    const mean = remembered("exp_avg");
    const largest = remembered("exp_inf");
    const newMean = add(mean.value, mul(number("1-beta1", 1 - beta1), sub(direction, mean.value)));
    const newLargest = emit(maximumOp, [
      mul(number("beta2", beta2), largest.value),
      add(emit(absOp, [direction]), number("eps", eps)),
    ]);
    mean.assign(newMean);
    largest.assign(newLargest);
    return sub(value, mul(number("stepSize", lr / (1 - beta1 ** step)), div(newMean, newLargest)));
  }
}

/**
 * Adam with the largest gradient so far, which fades, in place of the mean square:
 * u = max(beta2 u, |g| + eps); p = p - lr / (1 - beta1^t) m / u.
 *
 * Source: D. P. Kingma, J. Ba, "Adam", ICLR 2015, section 7.1.
 *
 * @example
 * ```ts
 * const optimizer = optim.Adamax(net.parameters(), { lr: 2e-3 });
 * nn.functional.crossEntropy(net(x), y).backward();
 * optimizer.step();
 * ```
 */
export const Adamax = callable("Adamax", AdamaxOptimizer);
export type Adamax = AdamaxOptimizer;
