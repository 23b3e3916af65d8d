/** What a file says beside its tensors; state dicts keep it where nothing that goes through their keys meets it. */

const kept = new WeakMap<object, Readonly<Record<string, unknown>>>();

/**
 * What the file of a state dict said beside the tensors: the texts of a safetensors header, or PyTorch's `_metadata`,
 * which has the version of each module by its path (`{ "bn1": { version: 2 } }`). Empty for anything else, also for a
 * copy of a loaded state dict.
 *
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors", { author: "me" });
 * loadedMetadata(await load("lenet.safetensors")).author; // "me"
 * ```
 */
export function loadedMetadata(stateDict: object): Readonly<Record<string, unknown>> {
  return kept.get(stateDict) ?? {};
}

/** Gives a state dict what {@link loadedMetadata} returns. */
export function keepMetadata(stateDict: object, metadata: Readonly<Record<string, unknown>>): void {
  kept.set(stateDict, metadata);
}

/** The version of the module at a path, in `_metadata` of PyTorch; undefined if it has none. */
export function moduleVersion(stateDict: object, path: string): number | undefined {
  const metadata = loadedMetadata(stateDict);
  const facts = Object.hasOwn(metadata, path) ? metadata[path] : undefined;
  const version =
    typeof facts === "object" && facts !== null ? (facts as { version?: unknown }).version : undefined;
  return typeof version === "number" ? version : undefined;
}
