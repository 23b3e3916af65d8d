/** The layers of a network in groups from its input to its head, which get learning rates of their own. */
import * as nn from "../../nn/index.ts";
import { ModuleDictLayer } from "../../nn/module/containers.ts";
import type { ParameterTensor } from "../../nn/module/parameter.ts";
import type { Head } from "./heads.ts";

/** Layers that are trained with one rate. */
export interface LayerGroup {
  readonly modules: readonly nn.Module[];
  /** Those of their parameters that are to be trained. */
  readonly params: readonly ParameterTensor[];
}

/**
 * The layers in `count` groups, in order of definition; the last one holds the heads alone, the others hold about the
 * same number of layers each. A layer is what the network and the containers in it (Sequential, ModuleList, ModuleDict)
 * hold directly: a residual block counts as one. Fewer layers give fewer groups.
 */
export function layerGroups(net: nn.Module, heads: readonly Head[], count: number): LayerGroup[] {
  const ofHeads = new Set<nn.Module>(heads.map(({ layer }) => layer));
  const backbone = layersOf(net, ofHeads);
  const below = Math.min(count - 1, backbone.length);
  const parts = Array.from({ length: below }, (_, g) =>
    backbone.slice(
      Math.round((g * backbone.length) / below),
      Math.round(((g + 1) * backbone.length) / below),
    ),
  );
  const taken = new Set<ParameterTensor>(heads.flatMap(({ layer }) => layer.parameters()));
  const groups = parts.map((modules) => ({ modules, params: untaken(modules, taken) }));
  const ofHead = heads.flatMap(({ layer }) => layer.parameters());
  return [...groups, { modules: [...ofHeads], params: ofHead.filter(({ requiresGrad }) => requiresGrad) }];
}

/** What is trained, each parameter in the first group that has it. */
function untaken(modules: readonly nn.Module[], taken: Set<ParameterTensor>): ParameterTensor[] {
  return modules
    .flatMap((module) => module.parameters())
    .filter((parameter) => {
      if (taken.has(parameter)) return false;
      taken.add(parameter);
      return parameter.requiresGrad;
    });
}

function layersOf(module: nn.Module, heads: ReadonlySet<nn.Module>): nn.Module[] {
  return module.children().flatMap((child) => {
    if (heads.has(child) || child.parameters().length === 0) return [];
    const holdsHead = child.modules().some((inner) => heads.has(inner));
    return isContainer(child) || holdsHead ? layersOf(child, heads) : [child];
  });
}

function isContainer(module: nn.Module): boolean {
  return (
    module instanceof nn.Sequential ||
    module instanceof nn.ModuleList ||
    module.constructor === ModuleDictLayer
  );
}

/**
 * The highest rates of `count` groups, evenly spaced by their logarithms: rate_g = lr / lrMult^((count - 1 - g) /
 * (count - 1)), from lr / lrMult for the layers at the input to lr for the head.
 *
 * Source: J. Howard, S. Ruder, "Universal language model fine-tuning for text classification", 2018, section 3.2; the
 * spacing is fastai's.
 */
export function layerRates(lr: number, lrMult: number, count: number): number[] {
  return Array.from({ length: count }, (_, g) =>
    count === 1 ? lr : lr / lrMult ** ((count - 1 - g) / (count - 1)),
  );
}
