/** Adam, AdamW and Adamax. */

import { ArgumentError } from "../../base/errors.ts";
import { callable } from "../../base/params/callable.ts";
import { shownText } from "../../base/shown_value.ts";
import { emit, type Value } from "../../graph/node.ts";
import { absOp, add, div, maximumOp, mul, sqrtOp, sub } from "../../ops/elementwise/elementwise.ts";
import {
  type BehindParameters,
  type CommonSettings,
  type OptimizerClass,
  optimizerTable,
} from "../arguments.ts";
import { countStep, descentDirection, Optimizer, type Update } from "../optimizer.ts";
import type { ParametersInput, ParamGroup } from "../param_groups.ts";

/** What `Adam` takes. */
export interface AdamSettings extends CommonSettings {
  /** Learning rate. @default 1e-3 */
  lr?: number;
  /** How much of the running means of the gradient and of its square is kept at each step. @default [0.9, 0.999] */
  betas?: readonly [number, number];
  /** Added to the divisor, against division by 0. @default 1e-8 */
  eps?: number;
  /** Whether the divisor is the largest running mean of squares so far. @default false */
  amsgrad?: boolean;
  /** Whether the decay is taken off the parameter itself, as in `AdamW`. @default false */
  decoupledWeightDecay?: boolean;
}

const BETAS: readonly [number, number] = [0.9, 0.999];

const ADAM = optimizerTable<AdamSettings>("Adam")(
  [
    "params",
    "lr?",
    "betas?",
    "eps?:number",
    "weightDecay?",
    "amsgrad?:boolean",
    "maximize?:boolean",
    "decoupledWeightDecay?",
  ],
  (
    params,
    lr = 1e-3,
    betas = BETAS,
    eps = 1e-8,
    weightDecay = 0,
    amsgrad = false,
    maximize = false,
    decoupledWeightDecay = false,
  ) => ({ params, lr, betas, eps, weightDecay, amsgrad, maximize, decoupledWeightDecay }),
);

function checkBetas(of: string, group: ParamGroup): void {
  const { betas } = group;
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((b) => b >= 0 && b < 1)) {
    throw new ArgumentError(
      `${of}: expected \`betas\` to be two numbers from 0 to below 1, got ${shownText(betas)}`,
    );
  }
}

/** See {@link Adam}. */
export class AdamOptimizer extends Optimizer {
  constructor(first: ParametersInput | AdamSettings, ...rest: BehindParameters<typeof ADAM>) {
    const { params, ...settings } = ADAM.bind([first, ...rest]);
    super(params, settings);
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    checkBetas(this.constructor.name, group);
    this.requireNoneBelow0(group, "eps", "weightDecay");
  }

  protected override update(of: Update): Value {
    const { value, group, state, number, remembered } = of;
    const { lr, eps, weightDecay, amsgrad, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas as [number, number];
    const step = countStep(state);
    const decoupled = decoupledWeightDecay && weightDecay !== 0;
    const base = decoupled ? mul(value, number("decay", 1 - lr * weightDecay)) : value;
    const direction = descentDirection(of, decoupled ? 0 : weightDecay);
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
export const Adam: OptimizerClass<typeof AdamOptimizer> = callable("Adam", AdamOptimizer);
export type Adam = AdamOptimizer;

/** What `AdamW` takes. */
export interface AdamWSettings extends Omit<AdamSettings, "weightDecay" | "decoupledWeightDecay"> {
  /** Factor that, times the learning rate, is taken off the parameter itself. @default 0.01 */
  weightDecay?: number;
}

const ADAMW = optimizerTable<AdamWSettings>("AdamW")(
  ["params", "lr?", "betas?", "eps?:number", "weightDecay?", "amsgrad?:boolean", "maximize?:boolean"],
  (params, lr = 1e-3, betas = BETAS, eps = 1e-8, weightDecay = 0.01, amsgrad = false, maximize = false) => ({
    params,
    lr,
    betas,
    eps,
    weightDecay,
    amsgrad,
    maximize,
  }),
);

/** See {@link AdamW}. */
export class AdamWOptimizer extends AdamOptimizer {
  constructor(first: ParametersInput | AdamWSettings, ...rest: BehindParameters<typeof ADAMW>) {
    super({ ...ADAMW.bind([first, ...rest]), decoupledWeightDecay: true });
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
export const AdamW: OptimizerClass<typeof AdamWOptimizer> = callable("AdamW", AdamWOptimizer);
export type AdamW = AdamWOptimizer;

/** What `Adamax` takes. */
export interface AdamaxSettings extends Omit<AdamSettings, "lr" | "amsgrad" | "decoupledWeightDecay"> {
  /** Learning rate. @default 2e-3 */
  lr?: number;
}

const ADAMAX = optimizerTable<AdamaxSettings>("Adamax")(
  ["params", "lr?", "betas?", "eps?:number", "weightDecay?", "maximize?:boolean"],
  (params, lr = 2e-3, betas = BETAS, eps = 1e-8, weightDecay = 0, maximize = false) => ({
    params,
    lr,
    betas,
    eps,
    weightDecay,
    maximize,
  }),
);

/** See {@link Adamax}. */
export class AdamaxOptimizer extends Optimizer {
  constructor(first: ParametersInput | AdamaxSettings, ...rest: BehindParameters<typeof ADAMAX>) {
    const { params, ...settings } = ADAMAX.bind([first, ...rest]);
    super(params, settings);
  }

  protected override checkGroup(group: ParamGroup): void {
    super.checkGroup(group);
    checkBetas("Adamax", group);
    this.requireNoneBelow0(group, "eps", "weightDecay");
  }

  protected override update(of: Update): Value {
    const { value, group, state, number, remembered } = of;
    const { lr, eps } = group;
    const [beta1, beta2] = group.betas as [number, number];
    const step = countStep(state);
    const direction = descentDirection(of);
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
export const Adamax: OptimizerClass<typeof AdamaxOptimizer> = callable("Adamax", AdamaxOptimizer);
export type Adamax = AdamaxOptimizer;
