/**
 * What kind of thing an argument must be, as a parameter table says it (`"p?:number"`, see `arguments.ts`). With
 * `|null` null stands for the default. Tensors, sizes and dimensions are checked where they are used.
 */
import { DTYPES, isDType } from "../dtype.ts";
import { ArgumentError, DTypeError, didYouMean } from "../errors.ts";
import { shownValue } from "../shown_value.ts";

export type ArgumentKind =
  | "boolean"
  | "number"
  | "scalar"
  | "integer"
  | "integers"
  | "list"
  | "dtype"
  | "device"
  | "any";

interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const RULES: Record<ArgumentKind, Rule> = {
  boolean: { holds: (value) => typeof value === "boolean", expected: "a boolean" },
  number: { holds: (value) => typeof value === "number", expected: "a number" },
  scalar: {
    holds: (value) => typeof value === "number" || typeof value === "boolean" || typeof value === "bigint",
    expected: "a number",
  },
  integer: { holds: Number.isInteger, expected: "an integer" },
  integers: {
    holds: (value) => Number.isInteger(value) || isListOfIntegers(value),
    expected: "an integer or a list of them",
  },
  list: { holds: isListOfIntegers, expected: "a list of integers" },
  dtype: { holds: isDType, expected: "a dtype" },
  device: { holds: (value) => value === "cpu", expected: '"cpu", the only one there is' },
  /** For a name that stands for something else in one function, which checks it itself. */
  any: { holds: () => true, expected: "anything" },
};

function isListOfIntegers(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => Number.isInteger(one));
}

/** @throws ArgumentError (for an unknown dtype DTypeError) if the value is not of the kind. */
export function checkKind(of: string, argument: string, kind: string, value: unknown): void {
  const [name, orNull] = kind.split("|");
  if (value === null && orNull !== undefined) return;
  const rule = RULES[name as ArgumentKind];
  if (rule.holds(value)) return;
  if (name === "dtype") {
    const hint = typeof value === "string" ? didYouMean(value, DTYPES) : "";
    throw new DTypeError(
      `${of}: unknown dtype ${shownValue(value)}${hint} (there are: ${DTYPES.join(", ")})`,
    );
  }
  throw new ArgumentError(`${of}: expected \`${argument}\` to be ${rule.expected}, got ${shownValue(value)}`);
}

/** @throws ArgumentError for what is not a number, or none within its range; `range` in words. */
export function requireRange(
  of: string,
  name: string,
  given: unknown,
  fits: (x: number) => boolean,
  range: string,
): asserts given is number {
  if (typeof given === "number" && fits(given)) return;
  // A number in quotes looks like one when it is printed.
  const kind = typeof given === "string" ? "the string " : "";
  throw new ArgumentError(`${of}: expected \`${name}\` to be ${range}, got ${kind}${shownValue(given)}`);
}
