/**
 * What kind of thing an argument must be. PyTorch gives a parameter of one name the same type in every
 * function, so that the names below say it once for all of them; a signature may say otherwise
 * (`"p?:number"`, see `arguments.ts`). Tensors, sizes and dimensions are checked where they are used.
 */
import { DTYPES, isDType } from "./dtype.ts";
import { ArgumentError, DTypeError, didYouMean } from "./errors.ts";
import { shownValue } from "./shown_value.ts";

export type ArgumentKind =
  | "flag"
  | "number"
  | "scalar"
  | "whole"
  | "wholes"
  | "list"
  | "dtype"
  | "device"
  | "any";

interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const RULES: Record<ArgumentKind, Rule> = {
  flag: { holds: (value) => typeof value === "boolean", expected: "a boolean" },
  number: { holds: (value) => typeof value === "number", expected: "a number" },
  scalar: {
    holds: (value) => typeof value === "number" || typeof value === "boolean" || typeof value === "bigint",
    expected: "a number",
  },
  whole: { holds: Number.isInteger, expected: "a whole number" },
  wholes: {
    holds: (value) => Number.isInteger(value) || isListOfWhole(value),
    expected: "a whole number or a list of them",
  },
  list: { holds: isListOfWhole, expected: "a list of whole numbers" },
  dtype: { holds: isDType, expected: "a dtype" },
  device: { holds: (value) => value === "cpu", expected: '"cpu", the only one there is' },
  /** For a name that stands for something else in one function, which checks it itself. */
  any: { holds: () => true, expected: "anything" },
};

function isListOfWhole(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => Number.isInteger(one));
}

/** Names, by what they must be; with `|null` null stands for the default. */
const NAMES: Readonly<Record<string, string>> = {
  flag:
    "affine amsgrad antialias asTuple ceilMode countIncludePad descending elementwiseAffine enableGqa equalNan full " +
    "hard inplace isCausal keepdim largest logInput logTarget maximize nesterov replacement requiresGrad " +
    "returnIndices sorted swap training trackRunningStats useInputStats",
  "flag|null": "alignCorners recomputeScaleFactor sizeAverage stable unbiased",
  number:
    "atol beta delta dropoutP eps labelSmoothing lambd lower margin maxVal minVal negativeSlope normType rtol tau " +
    "threshold upper",
  "number|null": "correction momentum",
  scalar: "alpha",
  whole: "decimals diagonal ignoreIndex numClasses offset",
  "wholes|null": "dims shape size",
  "dtype|null": "dtype",
};

const KIND_OF = new Map<string, string>();
for (const [kind, names] of Object.entries(NAMES))
  for (const name of names.split(" ")) KIND_OF.set(name, kind);

/** The kind that a name stands for everywhere, or undefined. */
export function kindOfName(name: string): string | undefined {
  return KIND_OF.get(name);
}

/** @throws ArgumentError (for an unknown dtype DTypeError) where the value is not of the kind. */
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

/** @throws ArgumentError for what is no number, or none within its range; `range` in words. */
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
