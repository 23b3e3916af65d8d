/** Networks that can be made with published weights: `resnet18({ weights: "IMAGENET1K_V1" })`. */
import { isPlainObject } from "../../base/builtin_kinds.ts";
import { ArgumentError, didYouMean, StateDictError } from "../../base/errors.ts";
import { orderedRecord } from "../../base/key_order.ts";
import { loadedModule } from "../../base/open_files.ts";
import { bindArguments, type ParameterTable, signature } from "../../base/params/arguments.ts";
import type { CallArguments } from "../../base/params/call_types.ts";
import { sameShape } from "../../base/shape.ts";
import { shownValue } from "../../base/shown_value.ts";
import { load } from "../../io/state_dict_bytes.ts";
import type * as nn from "../../nn/index.ts";
import { eachState } from "../../nn/module/state_dict.ts";
import { type ImageShape, keepInputShape } from "../../records/input_shape.ts";
import { keepMetadata, loadedMetadata } from "../../records/loaded_metadata.ts";
import { keepArchitecture } from "../../records/network_architecture.ts";
import { keepClassNames } from "../../records/network_classes.ts";
import { keepPreprocessing } from "../../records/preprocessing.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { networkOptionsOf } from "../network_options.ts";
import type { FetchSettings } from "./fetch_settings.ts";
import type { PublishedWeights } from "./published_weights.ts";

/** What comes with `weights`. */
export interface WeightsOptions<Name extends string = string> extends FetchSettings {
  /** Which published weights: their name, or `"DEFAULT"` for the best. */
  readonly weights: Name | "DEFAULT";
  /**
   * Whether all weights must fit. With false, a last layer for another number of classes (`numClasses`) keeps its initial
   * values. @default true
   */
  readonly strict?: boolean | undefined;
}

/** Weights by their names. */
export type PublishedByName<Name extends string = string> = Readonly<Record<Name, PublishedWeights>>;

/**
 * A call that makes a network: at once with initial values, or, since they may have to be fetched, as a promise with
 * published weights.
 */
export interface PretrainedCall<
  Doc,
  N extends readonly string[],
  P extends readonly unknown[],
  M,
  Name extends string,
> {
  (options: Doc & WeightsOptions<Name>): Promise<M>;
  (options: Doc & OptionsOfNoWeights): M;
  (options: Doc & WithOrWithout<Name>): M | Promise<M>;
  (...args: CallArguments<Doc, N, P>): M;
  /** The published weights: file, size, preprocessing, number of classes. */
  readonly weights: PublishedByName<Name>;
}

/** The same options without weights: they change nothing then. */
type OptionsOfNoWeights = { readonly weights: null | undefined } & Omit<WeightsOptions, "weights">;

/** Options of a program that decides when it runs. */
type WithOrWithout<Name extends string> = { readonly weights: Name | "DEFAULT" | null | undefined } & Omit<
  WeightsOptions,
  "weights"
>;

/** The images that networks of ImageNet are made for, if their weights say nothing else. */
export const IMAGENET_SHAPE: ImageShape = [3, 224, 224];

/** What a network's weights need besides. */
export interface WeightsDetails<M> {
  /** Settings of the network that differ with weights, unless they are given. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The network's key for a key of the file; null for what it does not have. */
  readonly keyOf?: (key: string, net: M) => string | null;
}

/**
 * Adds `weights` to the call of a network.
 *
 * @param registered - the name that the network is registered under.
 * @param table - the network's own parameters.
 * @param weights - by their names; the last are the best.
 */
export function pretrained<
  Doc,
  N extends readonly string[],
  P extends readonly unknown[],
  M extends nn.Module,
  Name extends string,
>(
  registered: string,
  table: ParameterTable<Doc, N, P, M>,
  weights: PublishedByName<Name>,
  details: WeightsDetails<M> = {},
): PretrainedCall<Doc, N, P, M, Name> {
  const { name, parameters } = table.signature;
  const more = signature(name, ["weights?", "strict?:boolean", "progress?", "url?", "limits?"]);
  const whole = { name, parameters: [...parameters, ...more.parameters] };

  const bind = (args: readonly unknown[]) => {
    const bound = bindArguments(whole, args);
    const own = parameters.map((parameter) => bound[parameter.name]);
    if (splitOptions(args).positional > parameters.length)
      throw new ArgumentError(
        `${name}: give \`weights\` by name: ${name}({ weights: "${Object.keys(weights)[0]}" })`,
      );
    return { own, bound };
  };

  const makeWith = (settings: readonly unknown[]): M => {
    const given = Object.fromEntries(parameters.map((parameter, i) => [parameter.name, settings[i]]));
    const net = keepInputShape(table.make(...settings), IMAGENET_SHAPE);
    return keepArchitecture(net, { name: registered, options: networkOptionsOf(given) });
  };

  const makeWithWeights = async (args: readonly unknown[]): Promise<M> => {
    const { own, bound } = bind(args);
    const published = chosenWeights(name, weights, bound.weights);
    const defaults = details.settings ?? {};
    const settings = own.map((value, i) => (value === undefined ? defaults[parameters[i].name] : value));
    const net = makeWith(settings);
    const strict = (bound.strict as boolean | undefined) ?? true;
    if (strict)
      requireClasses(name, net, published, (numClasses) =>
        table.make(...settings.map((value, i) => (parameters[i].name === "numClasses" ? numClasses : value))),
      );
    const { fetchWeights } = await loadedModule(import("#weights_source"));
    const stateDict = await load(await fetchWeights(published, bound as FetchSettings));
    const { missingKeys } = net.loadStateDict(renamed(stateDict, net, details), { strict });
    keepPreprocessing(net, published.preprocessing);
    if (missingKeys.length === 0) keepClassNames(net, await published.classNames());
    return net;
  };

  const make = (...args: readonly unknown[]) => {
    const { weights: asked = null } = splitOptions(args).options;
    return asked !== null ? makeWithWeights(args) : makeWith(bind(args).own);
  };
  Object.defineProperty(make, "name", { value: name });
  return Object.assign(make, { weights }) as PretrainedCall<Doc, N, P, M, Name>;
}

/** The object with what is given by name, and how many arguments stand before it. */
function splitOptions(args: readonly unknown[]): {
  readonly options: Readonly<Record<string, unknown>>;
  readonly positional: number;
} {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  const last = args[count - 1];
  return isPlainObject(last) ? { options: last, positional: count - 1 } : { options: {}, positional: count };
}

function chosenWeights(of: string, weights: PublishedByName, asked: unknown): PublishedWeights {
  const names = Object.keys(weights);
  if (asked === "DEFAULT") return weights[names[names.length - 1]];
  if (typeof asked === "string" && Object.hasOwn(weights, asked)) return weights[asked];
  throw new ArgumentError(
    `${of}: unknown weights ${shownValue(asked)}${didYouMean(asked, names)} (there are: ${[...names, "DEFAULT"].join(", ")})`,
  );
}

/** Before hundreds of megabytes are fetched: says which layers weights for another number of classes do not fit. */
function requireClasses(
  of: string,
  net: nn.Module,
  { numClasses, file }: PublishedWeights,
  make: (numClasses: number) => nn.Module,
): void {
  const shapes = new Map<string, readonly number[]>();
  eachState(net, "", (key, tensor) => shapes.set(key, tensor.shape));
  const layers = new Set<string>();
  let found = numClasses;
  eachState(make(numClasses), "", (key, tensor) => {
    const own = shapes.get(key);
    if (own === undefined || sameShape(own, tensor.shape)) return;
    layers.add(key.replace(/\.?[^.]*$/, ""));
    found = own[0];
  });
  if (layers.size === 0) return;
  throw new StateDictError(
    `${of}: the weights ${file} are for ${numClasses} classes, the model has ${found} (${[...layers].join(", ")}): make ` +
      `it with { numClasses: ${numClasses} }, or pass { strict: false } to load everything else`,
  );
}

/** A state dict under the network's own keys. */
function renamed<M>(
  stateDict: Record<string, Tensor>,
  net: M,
  { keyOf }: WeightsDetails<M>,
): Record<string, Tensor> {
  if (keyOf === undefined) return stateDict;
  const entries = Object.entries(stateDict).flatMap(([key, tensor]) => {
    const own = keyOf(key, net);
    return own === null ? [] : [[own, tensor] as const];
  });
  const result = orderedRecord(entries);
  keepMetadata(result, loadedMetadata(stateDict));
  return result;
}
