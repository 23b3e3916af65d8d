/** Averages of a network's weights over its training. */
import { ArgumentError } from "../../base/errors.ts";
import { requireRange } from "../../base/params/argument_kinds.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { insideCall } from "../../graph/node.ts";
import { Module } from "../../nn/index.ts";
import type { ParameterTensor } from "../../nn/module/parameter.ts";
import type { StateDict } from "../../nn/module/state_dict.ts";
import { filledLike, Optimizer } from "../../optim/optimizer.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { between } from "./weights_before.ts";

/** What `AveragedModel` takes. */
export interface AveragedModelSettings {
  /** The network whose weights are averaged. */
  model: Module;
  /**
   * Share of the average so far in the next one (an exponential moving average, EMA), from 0 to below 1; it remembers
   * some 1 / (1 - decay) updates. null: all updates count alike (stochastic weight averaging, SWA). @default null
   */
  decay?: number | null;
  /**
   * An optimiser of the same network in whose state the averages are kept, so that they are saved and loaded with it: for
   * an EMA. @default null
   */
  optimizer?: Optimizer | null;
}

const AVERAGED_MODEL = parameterTable<AveragedModelSettings>("AveragedModel")(
  ["model", "decay?", "optimizer?"],
  (model, decay = null, optimizer = null) => ({ model, decay, optimizer }),
);

/** An optimiser's name for the average of a parameter. */
const IN_OPTIMIZER = "averaged";

/**
 * Averages of the weights of a network (torch.optim.swa_utils.AveragedModel), which often classify better than the
 * weights of any one step. Call `updateParameters()` after `optimizer.step()`; the first call copies the weights, later
 * ones move the averages:
 *
 * with `decay` average = decay average + (1 - decay) weight, without average = average + (weight - average) / (n + 1).
 *
 * Only parameters that are trained (`requiresGrad`) are averaged; buffers are the network's own, as with PyTorch's
 * `use_buffers=False`. Nothing is read back: the averages stay in the engine.
 *
 * Source: P. Izmailov et al., "Averaging weights leads to wider optima and better generalization", 2018.
 *
 * @throws ArgumentError for a decay outside of its range, and for `optimizer` without one.
 * @example
 * ```ts
 * const averaged = new train.AveragedModel(net, { decay: 0.99 });
 * await train.fit(net, {
 *   trainLoader,
 *   optimizer,
 *   epochs: 1,
 *   callbacks: { onStep: () => averaged.updateParameters() },
 * });
 * averaged.copyTo(net);
 * ```
 */
export class AveragedModel {
  /** The network whose weights are averaged. */
  readonly model: Module;
  /** Share of the average so far in the next one; null when all updates count alike. */
  readonly decay: number | null;
  /** Updates so far. */
  nAveraged = 0;
  readonly #optimizer: Optimizer | null;
  readonly #averages = new Map<ParameterTensor, Tensor>();

  constructor(...args: ArgumentsOf<typeof AVERAGED_MODEL>) {
    const { model, decay, optimizer } = AVERAGED_MODEL.bind(args);
    const of = "AveragedModel";
    if (!(model instanceof Module))
      throw new ArgumentError(`${of}: expected \`model\` to be a Module, got ${typeof model}`);
    if (decay !== null) requireRange(of, "decay", decay, (n) => n >= 0 && n < 1, "from 0 to below 1");
    if (optimizer !== null && !(optimizer instanceof Optimizer))
      throw new ArgumentError(`${of}: expected \`optimizer\` to be an optimiser or null`);
    if (optimizer !== null && decay === null)
      throw new ArgumentError(
        `${of}: an optimiser keeps averages with a decay only; give \`decay\`, such as 0.99`,
      );
    this.model = model;
    this.decay = decay;
    this.#optimizer = optimizer;
  }

  /** Moves the averages towards the weights as they are now. */
  updateParameters(): void {
    const trained = this.model.parameters().filter((parameter) => parameter.requiresGrad);
    noGrad(() =>
      insideCall(() => {
        for (const parameter of trained) this.#update(parameter);
      }),
    );
    this.nAveraged++;
  }

  #update(parameter: ParameterTensor): void {
    const known = this.#averageOf(parameter);
    const average = known ?? this.#begin(parameter);
    const share = known === undefined ? 1 : this.decay === null ? 1 / (this.nAveraged + 1) : 1 - this.decay;
    average.assign(between(average, parameter, share).value);
  }

  #averageOf(parameter: ParameterTensor): Tensor | undefined {
    if (this.#optimizer === null) return this.#averages.get(parameter);
    const kept = this.#optimizer.state.get(parameter)?.[IN_OPTIMIZER];
    return kept instanceof Tensor ? kept : undefined;
  }

  #begin(parameter: ParameterTensor): Tensor {
    const average = filledLike(parameter);
    defaultSession().requestDeviceBuffer(average.cell);
    if (this.#optimizer === null) this.#averages.set(parameter, average);
    else
      this.#optimizer.state.set(parameter, {
        ...this.#optimizer.state.get(parameter),
        [IN_OPTIMIZER]: average,
      });
    return average;
  }

  /** The network's state dict with the averages in place of the weights. */
  stateDict(): StateDict {
    const state = this.model.stateDict();
    for (const [name, parameter] of this.model.namedParameters()) {
      const average = this.#averageOf(parameter);
      if (average !== undefined) state[name] = average.detach();
    }
    return state;
  }

  /** Copies the averages into the weights of a network of the same kind; of the same network by default. */
  copyTo(net: Module = this.model): void {
    net.loadStateDict(this.stateDict());
  }
}
