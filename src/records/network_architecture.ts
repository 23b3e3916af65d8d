/** How a network is made again: the name that it is registered under, and its options. */

/** What `models.create` makes a network of. */
export interface NetworkArchitecture {
  /** A registered name: `models.names()` lists them. */
  readonly name: string;
  /** As `models.create` takes them. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The name under which a network out of an ONNX file describes itself; its options are the graph without the weights. It
 * is not registered: `Classifier.load` and the commands make such a network of its file.
 */
export const ONNX_ARCHITECTURE = "onnx";

const kept = new WeakMap<object, NetworkArchitecture>();

/**
 * The registered name and the options that `models.create` makes such a network of; undefined if that is not known.
 * Networks that `models.create` or a registered network's own function made have it.
 *
 * @example
 * ```ts
 * models.architectureOf(models.bnLenet(5)); // { name: "bn-lenet", options: { numClasses: 5 } }
 * models.architectureOf(nn.Linear(2, 3)); // undefined
 * ```
 */
export function architectureOf(net: object): NetworkArchitecture | undefined {
  return kept.get(net);
}

/** Gives a network what {@link architectureOf} returns. */
export function keepArchitecture<T extends object>(
  net: T,
  { name, options }: { readonly name: string; readonly options: object },
): T {
  kept.set(net, { name, options: { ...options } });
  return net;
}

/** Notes that a network that says how it is made has another head, at that path, for that many classes. */
export function keepArchitectureOfHead(net: object, head: string, numClasses: number): void {
  const architecture = architectureOf(net);
  if (architecture === undefined) return;
  const { name, options } = architecture;
  const { layers, ...rest } = options;
  keepArchitecture(net, {
    name,
    options: Array.isArray(layers)
      ? { ...rest, layers: layers.map((one, at) => (String(at) === head ? layerFor(one, numClasses) : one)) }
      : { ...options, numClasses },
  });
}

/** A described layer with that many outputs: of a network that is described layer by layer the head itself says it. */
function layerFor(layer: Readonly<Record<string, unknown>>, outputs: number): object {
  return { ...layer, [layer.type === "Linear" ? "outFeatures" : "outChannels"]: outputs };
}
