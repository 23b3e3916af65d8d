/** Layers that are not trained for a while. */
import type { Module } from "../../nn/index.ts";
import { BatchNormBase } from "../../nn/layers/batch_norm.ts";
import type { LayerGroup } from "./layer_groups.ts";

/** Freezes groups of layers: their parameters get no gradients, and they are in evaluation mode whatever the loop sets. */
export class FrozenLayers {
  readonly #groups: readonly LayerGroup[];
  readonly #held = new Set<Module>();
  #norms: readonly Module[] = [];

  constructor(groups: readonly LayerGroup[]) {
    this.#groups = groups;
  }

  /** Freezes the first `count` groups, and no others. */
  freezeFirst(count: number): void {
    this.#letGo();
    for (const module of this.#norms) this.#hold(module);
    for (const { modules, params } of this.#groups.slice(0, count)) {
      for (const parameter of params) parameter.requiresGrad_(false);
      for (const module of modules) this.#hold(module);
    }
  }

  /** Holds batch norm in evaluation mode: running statistics stay as they are; weights and biases are trained. */
  holdBatchNorm(net: Module): void {
    this.#norms = net.modules().filter((module) => module instanceof BatchNormBase);
    for (const module of this.#norms) this.#hold(module);
  }

  /** A module that overrides `train` decides for itself and what is below it. */
  #hold(module: Module): void {
    if (Object.hasOwn(module, "train")) return;
    this.#held.add(module);
    module.eval();
    const { train } = module;
    Object.defineProperty(module, "train", {
      value: () => train.call(module, false),
      configurable: true,
      enumerable: false,
    });
  }

  /** Lets all of them be trained again, batch norm too. */
  release(): void {
    this.#norms = [];
    this.#letGo();
  }

  #letGo(): void {
    for (const module of this.#held) Reflect.deleteProperty(module, "train");
    this.#held.clear();
    for (const { params } of this.#groups) for (const parameter of params) parameter.requiresGrad_(true);
  }
}
