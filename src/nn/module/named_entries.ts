/** Members by name, as users give them: an object, a list of pairs, or a Map. */
import { isMap, isPlainObject } from "../../base/builtin_kinds.ts";
import { ArgumentError } from "../../base/errors.ts";
import { isIntegerLike } from "../../base/key_order.ts";
import { shownText } from "../../base/shown_value.ts";

/** What stands under names. In an object integer-like names have no order, so that lists of pairs and Maps take them. */
export type Named<T> =
  | Readonly<Record<string, T>>
  | readonly (readonly [string, T])[]
  | ReadonlyMap<string, T>;

/**
 * The pairs of name and member, in order.
 *
 * @param of - the call, for messages.
 * @param what - what stands under the names: "module".
 * @throws ArgumentError if a name comes twice, or if an object with several names has an integer-like one.
 */
export function namedEntries<T>(of: string, what: string, given: unknown): [string, T][] {
  const entries = pairsOf(of, what, given);
  const seen = new Set<unknown>();
  for (const [name] of entries) {
    if (seen.has(name)) throw new ArgumentError(`${of}: the name "${shownText(name)}" is given twice`);
    seen.add(name);
  }
  return entries as [string, T][];
}

function pairsOf(of: string, what: string, given: unknown): (readonly unknown[])[] {
  if (isPlainObject(given)) return objectEntries(of, what, given as Record<string, unknown>);
  const pairs = isMap(given)
    ? [...given]
    : typeof given === "object" && isIterable(given)
      ? [...given]
      : null;
  if (pairs?.every((pair): pair is unknown[] => Array.isArray(pair) && pair.length === 2)) return pairs;
  throw new ArgumentError(
    `${of}: expected ${what}s by name, as an object, a list of pairs [["name", ${what}], ...] or a Map`,
  );
}

function objectEntries(of: string, what: string, given: Record<string, unknown>): [string, unknown][] {
  const entries = Object.entries(given);
  const unordered = entries.length > 1 ? entries.find(([name]) => isIntegerLike(name)) : undefined;
  if (unordered === undefined) return entries;
  throw new ArgumentError(
    `${of}: the order of the integer-like name "${unordered[0]}" is lost in an object, which lists such names first and ` +
      `in rising order; give a list of pairs, [["${unordered[0]}", ${what}], ...], or a Map`,
  );
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof (value as Iterable<unknown> | null)?.[Symbol.iterator] === "function";
}

/** @throws ArgumentError if a container holds nothing of this name. */
export function itemNamed<T>(
  of: string,
  what: string,
  items: readonly (readonly [string, T])[],
  name: string,
): T {
  const found = items.find(([key]) => key === name);
  if (found !== undefined) return found[1];
  const names = items.map(([key]) => key).join(", ");
  throw new ArgumentError(`${of}: there is no ${what} \`${name}\`; it holds ${names || "none"}`);
}
