/** What the outputs of a network stand for. */
import type { ClassName } from "./class_names.ts";

const kept = new WeakMap<object, readonly ClassName[]>();

/**
 * What the outputs of a network stand for; undefined if that is not known. Networks that were made with published weights
 * (`weights: "IMAGENET1K_V1"`) have it, unless they have a new last layer.
 *
 * @example
 * ```ts no-run
 * const net = await models.efficientnetLite0({ weights: "imagenet" });
 * models.classNamesOf(net)?.[285]; // "Egyptian cat"
 * ```
 */
export function classNamesOf(net: object): readonly ClassName[] | undefined {
  return kept.get(net);
}

/** Gives a network what {@link classNamesOf} returns; undefined if its outputs stand for something else from now on. */
export function keepClassNames(net: object, names: readonly ClassName[] | undefined): void {
  if (names === undefined) kept.delete(net);
  else kept.set(net, names);
}
