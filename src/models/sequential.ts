/** Networks that are described as plain data: layers in a row. */
import { isError, isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { parseJson } from "../base/json_text.ts";
import { shownValue } from "../base/shown_value.ts";
import * as nn from "../nn/index.ts";
import { keepArchitecture } from "../records/network_architecture.ts";
import { Inception } from "./googlenet.ts";

/** A layer: the name of a layer of `nn` (or `"Inception"`) as `type`, and what it takes, by name. */
export interface LayerDescription {
  readonly type: string;
  readonly [argument: string]: unknown;
}

type MakeLayer = (settings: never) => nn.Module;

const plain = (make: () => nn.Module): MakeLayer => make;

const LAYERS: Readonly<Record<string, MakeLayer>> = {
  Conv2d: (settings: { inChannels: number; outChannels: number; kernelSize: number }) => nn.Conv2d(settings),
  Linear: (settings: { inFeatures: number; outFeatures: number }) => nn.Linear(settings),
  MaxPool2d: (settings: { kernelSize: number }) => nn.MaxPool2d(settings),
  AvgPool2d: (settings: { kernelSize: number }) => nn.AvgPool2d(settings),
  AdaptiveAvgPool2d: (settings: { outputSize: number }) => nn.AdaptiveAvgPool2d(settings),
  BatchNorm2d: (settings: { numFeatures: number }) => nn.BatchNorm2d(settings),
  BatchNorm1d: (settings: { numFeatures: number }) => nn.BatchNorm1d(settings),
  Dropout: (settings: { p: number }) => nn.Dropout(settings),
  Inception: (settings: Parameters<typeof Inception>[0] & object) => Inception(settings as never),
  Flatten: plain(() => nn.Flatten()),
  Sigmoid: plain(() => nn.Sigmoid()),
  Tanh: plain(() => nn.Tanh()),
  ReLU: plain(() => nn.ReLU()),
  LeakyReLU: plain(() => nn.LeakyReLU()),
  ELU: plain(() => nn.ELU()),
  GELU: plain(() => nn.GELU()),
  SiLU: plain(() => nn.SiLU()),
};

/** The most layers, and the most weights of one: descriptions come out of files. */
const MOST_LAYERS = 1000;
const MOST_WEIGHTS = 2 ** 28;

/**
 * A network of layers in a row that are described as plain data: what a drawing program, or a file, has.
 *
 * @param layers - the layers, or their list as JSON: `type` is the name of a layer of `nn` (Conv2d, Linear, MaxPool2d, AvgPool2d,
 *   AdaptiveAvgPool2d, BatchNorm2d, BatchNorm1d, Dropout, Flatten, the activations) or Inception, the rest is what that takes,
 *   by name.
 * @throws ArgumentError for a layer that does not exist or does not take what is given, and for one of more than 268 million
 *   weights.
 * @example
 * ```ts
 * const net = models.sequential([
 *   { type: "Conv2d", inChannels: 1, outChannels: 6, kernelSize: 5 },
 *   { type: "ReLU" },
 *   { type: "Flatten" },
 *   { type: "Linear", inFeatures: 3456, outFeatures: 10 },
 * ]);
 * net(x).shape; // [8, 10]
 * ```
 */
export function sequential(layers: readonly LayerDescription[] | string): nn.Sequential {
  const described = listOf(layers);
  const net = nn.Sequential(...described.map(makeLayer));
  return keepArchitecture(net, { name: "sequential", options: { layers: described } });
}

function listOf(given: unknown): readonly LayerDescription[] {
  let list = given;
  if (typeof given === "string") {
    try {
      list = parseJson(given, { depth: 8 });
    } catch (error) {
      throw new ArgumentError(`sequential: \`layers\` is not JSON (${(error as Error).message})`);
    }
  }
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    list.length > MOST_LAYERS ||
    !list.every((one) => isPlainObject(one) && typeof one.type === "string")
  )
    throw new ArgumentError(
      `sequential: expected \`layers\` to be a list of 1 to ${MOST_LAYERS} layers, { type: "Conv2d", ... } each, got ${shownValue(given)}`,
    );
  return list;
}

function makeLayer({ type, ...settings }: LayerDescription, at: number): nn.Module {
  if (!Object.hasOwn(LAYERS, type))
    throw new ArgumentError(
      `sequential: layer ${at} is of an unknown type ${shownValue(type)}${didYouMean(type, Object.keys(LAYERS))} ` +
        `(expected one of ${Object.keys(LAYERS).join(", ")})`,
    );
  const weights = weightsOf(settings);
  if (!(weights <= MOST_WEIGHTS))
    throw new ArgumentError(
      `sequential: layer ${at} (${type}) would have ${weights} weights, more than ${MOST_WEIGHTS}`,
    );
  try {
    return LAYERS[type](settings as never);
  } catch (error) {
    if (!isError(error)) throw error;
    throw new ArgumentError(`sequential: layer ${at}: ${error.message}`, { cause: error });
  }
}

/** At most this: nothing is made of a claim that no memory holds. */
function weightsOf(settings: Readonly<Record<string, unknown>>): number {
  const largest = (value: unknown): number =>
    Array.isArray(value) ? Math.max(1, ...value.map(largest)) : typeof value === "number" ? value : 1;
  const {
    kernelSize = 1,
    inChannels = 1,
    outChannels = 1,
    inFeatures = 1,
    outFeatures = 1,
    numFeatures = 1,
  } = settings;
  const { c1 = 0, c2 = 0, c3 = 0, c4 = 0 } = settings;
  const paths = Math.max(1, ...[c1, c2, c3, c4].map(largest)) ** ([c2, c3].some(Array.isArray) ? 2 : 1);
  return (
    largest(inChannels) *
    largest(outChannels) *
    largest(kernelSize) ** 2 *
    largest(inFeatures) *
    largest(outFeatures) *
    largest(numFeatures) *
    paths
  );
}
