/** Heads: the layers of a network that give a number for each class, and what takes their place for other classes. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import * as nn from "../../nn/index.ts";
import { keepArchitectureOfHead } from "../../records/network_architecture.ts";

/** A layer that gives a number for each class: fully connected, or a 1x1 convolution. */
export type HeadLayer = nn.Linear | nn.Conv2d;

/** Where a head is. */
export interface Head {
  /** Its path in the network: `fc`, `classifier.6`. */
  readonly path: string;
  readonly layer: HeadLayer;
}

/** A network whose head is not its last layer, or that has several: it names them, the one in use first. */
interface NamesItsHeads {
  readonly classifierHeads?: readonly string[];
}

/**
 * The heads of a network, the one in use first: what the network names as `classifierHeads`, else its last fully connected
 * layer or 1x1 convolution, in order of definition.
 *
 * @param given - the path of the head, if the caller knows it.
 * @throws ArgumentError if there is none.
 */
export function headsOf(of: string, net: nn.Module, given?: string | null): Head[] {
  if (given != null) return [headAt(of, net, given)];
  const named = (net as NamesItsHeads).classifierHeads;
  if (named !== undefined) return named.map((path) => headAt(of, net, path));
  const last = net.namedModules().findLast(([, module]) => isHeadLayer(module));
  if (last === undefined || last[0] === "") {
    throw new ArgumentError(
      `${of}: ${net.constructor.name} has no fully connected layer and no 1x1 convolution ${last === undefined ? "" : "inside it "}` +
        "that could be its head; name the head's path as `head`",
    );
  }
  return [{ path: last[0], layer: last[1] as HeadLayer }];
}

function headAt(of: string, net: nn.Module, path: unknown): Head {
  if (typeof path !== "string" || path === "")
    throw new ArgumentError(`${of}: expected \`head\` to be the path of a layer, got ${shownValue(path)}`);
  const layer = net.getSubmodule(path);
  if (isHeadLayer(layer)) return { path, layer };
  throw new ArgumentError(
    `${of}: expected \`head\` to be a fully connected layer or a 1x1 convolution, and \`${path}\` is a ${layer.constructor.name}`,
  );
}

function isHeadLayer(module: nn.Module): module is HeadLayer {
  if (module instanceof nn.Linear) return !module.isLazy;
  return (
    module instanceof nn.Conv2d &&
    !module.isLazy &&
    module.groups === 1 &&
    module.kernelSize.every((size) => size === 1)
  );
}

/** The number of classes that a head is for. */
export function classesOf({ layer }: Head): number {
  return layer instanceof nn.Linear ? layer.outFeatures : layer.outChannels;
}

/**
 * Puts a new layer of the same kind for `classes` classes in the place of a head, with PyTorch's initial values. A network
 * that says how it is made says it of the new head.
 */
export function renewHead(net: nn.Module, { path, layer }: Head, classes: number): Head {
  const bias = layer.bias !== null;
  const { dtype } = layer.weight;
  const renewed =
    layer instanceof nn.Linear
      ? nn.Linear(layer.inFeatures, classes, { bias, dtype })
      : nn.Conv2d(layer.inChannels, classes, 1, { bias, dtype });
  renewed.train(layer.training);
  const dot = path.lastIndexOf(".");
  net.getSubmodule(path.slice(0, Math.max(0, dot))).addModule(path.slice(dot + 1), renewed);
  keepArchitectureOfHead(net, path, classes);
  return { path, layer: renewed };
}
