/** Options of extractors and filters: defaults and limits in one table, and one message for each mistake. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";

/** What one option may be. */
export interface OptionRule<T> {
  readonly otherwise: T;
  /** What is expected, for the message. */
  readonly expected: string;
  accepts(value: unknown): boolean;
}

/** A table of rules, one for each option. */
export type OptionRules<T> = { readonly [K in keyof T]-?: OptionRule<T[K]> };

/**
 * Options with their defaults filled in; undefined counts as not given.
 *
 * @param caller - whom messages name.
 * @throws ArgumentError for an unknown option or a value outside its range.
 */
export function readOptions<T extends object>(
  caller: string,
  given: Partial<T> | undefined,
  rules: OptionRules<T>,
): T {
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given)))
    throw new ArgumentError(`${caller}: expected an object of options, got ${shownValue(given)}`);
  const names = Object.keys(rules) as (keyof T & string)[];
  for (const name of Object.keys(given ?? {})) {
    if (!Object.hasOwn(rules, name)) {
      throw new ArgumentError(
        `${caller}: unknown option \`${name}\`${didYouMean(name, names)} (it takes ${names.join(", ")})`,
      );
    }
  }
  const read: Partial<T> = {};
  for (const name of names) {
    const value = given?.[name];
    const { otherwise, expected, accepts } = rules[name];
    if (value !== undefined && !accepts(value)) {
      throw new ArgumentError(`${caller}: expected \`${name}\` to be ${expected}, got ${shownValue(value)}`);
    }
    read[name] = value === undefined ? otherwise : value;
  }
  return read as T;
}

/** An integer from `least` to `most`. */
export function integer(otherwise: number, least: number, most: number): OptionRule<number> {
  return {
    otherwise,
    expected: `an integer from ${least} to ${most}`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

/** A finite number from `least` to `most`; with `open`, more than `least`. */
export function number(otherwise: number, least: number, most: number, open = false): OptionRule<number> {
  return {
    otherwise,
    expected: open ? `a number above ${least}, at most ${most}` : `a number from ${least} to ${most}`,
    accepts: (value) => typeof value === "number" && (open ? value > least : value >= least) && value <= most,
  };
}

export function boolean(otherwise: boolean): OptionRule<boolean> {
  return { otherwise, expected: "a boolean", accepts: (value) => typeof value === "boolean" };
}

/** One of a few texts. */
export function choice<T extends string>(otherwise: T, known: readonly T[]): OptionRule<T> {
  return {
    otherwise,
    expected: `one of ${known.map((one) => `"${one}"`).join(", ")}`,
    accepts: (value) => (known as readonly unknown[]).includes(value),
  };
}

/** A list of 1 to `most` integers, each within limits. */
export function integers(
  otherwise: readonly number[],
  [least, greatest]: readonly [number, number],
  most: number,
): OptionRule<readonly number[]> {
  return {
    otherwise,
    expected: `a list of 1 to ${most} integers from ${least} to ${greatest}`,
    accepts: (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= most &&
      value.every((one) => Number.isInteger(one) && one >= least && one <= greatest),
  };
}
