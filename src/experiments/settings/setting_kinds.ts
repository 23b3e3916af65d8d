/** Kinds of settings: what a value must be, and how it is written as text. Loaded by every command line: it imports little. */
import { ArgumentError } from "../../base/errors.ts";
import { list, settingValue } from "./setting_text.ts";

/** A kind of setting. */
export interface SettingKind<T> {
  /** What a value must be, in words: "an integer of at least 1". */
  readonly expected: string;
  /** How a help text writes the value: `<n>`; empty for a switch, which has none. */
  readonly placeholder: string;
  /** The texts that there are, if they can be listed. */
  readonly choices?: readonly string[];
  /** Which registered names there are to choose from. */
  readonly names?: RegisteredKind;
  holds(value: unknown): value is T;
  /** @throws ArgumentError for a text that is none. @param before - of an option that may be repeated, its value so far. */
  read(text: string, before?: T): T;
  /** How a value is written, where that is not `String(value)`: each text after an option of its own. */
  texts?(value: T): readonly string[];
}

/** What names are registered for. */
export type RegisteredKind =
  | "datasets"
  | "optimizers"
  | "schedulers"
  | "precisions"
  | "editions"
  | "features"
  | "classifiers"
  | "baselines"
  | "pytorchModes"
  | "passes";

/** @throws ArgumentError that names what was expected. */
function refuse(expected: string, text: string): never {
  throw new ArgumentError(`expected ${expected}, got "${text}"`);
}

/** An integer of at least `least` and, if more would only exhaust the machine, at most `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): SettingKind<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return number(`an integer ${range}`, "<n>", (x) => Number.isSafeInteger(x) && x >= least && x <= most);
}

/** A finite number of at least `least`, or above it, up to `most` or below `below`. */
export function real(
  least: number,
  { open = false, most = Number.MAX_VALUE, below = Number.POSITIVE_INFINITY } = {},
): SettingKind<number> {
  const [capped, limited] = [most < Number.MAX_VALUE, below < Number.POSITIVE_INFINITY];
  const upper = capped ? ` and at most ${most}` : limited ? ` and below ${below}` : "";
  return number(
    `a number ${open ? "above" : "of at least"} ${least}${upper}`,
    "<x>",
    (x) => (open ? x > least : x >= least) && x <= most && x < below,
  );
}

function number(expected: string, placeholder: string, fits: (x: number) => boolean): SettingKind<number> {
  return {
    expected,
    placeholder,
    holds: (value): value is number => typeof value === "number" && fits(value),
    read: (text) => (text.trim() !== "" && fits(Number(text)) ? Number(text) : refuse(expected, text)),
  };
}

/** Anything: a path, or a name that is looked for later. */
export function text(placeholder: string): SettingKind<string> {
  return {
    expected: "a text",
    placeholder,
    holds: (value) => typeof value === "string",
    read: (given) => given,
  };
}

/** The name of something registered: what is not one is found out when the registry is loaded. */
export function nameOf<T extends string = string>(names: RegisteredKind): SettingKind<T> {
  return { ...(text("<name>") as SettingKind<T>), expected: "a name", names };
}

/** One of a few words. */
export function oneOf<const T extends string>(choices: readonly T[], placeholder = "<name>"): SettingKind<T> {
  const expected = choices.join(" or ");
  const holds = (value: unknown): value is T => choices.includes(value as T);
  return {
    expected,
    placeholder,
    choices,
    holds,
    read: (given) => (holds(given) ? given : refuse(expected, given)),
  };
}

/** A switch: given or not. */
export const given: SettingKind<boolean> = {
  expected: "true or false",
  placeholder: "",
  holds: (value) => typeof value === "boolean",
  read: settingValue as (text: string) => boolean,
};

/** "auto", or an integer of at least 1. */
export const autoOrWhole: SettingKind<"auto" | number> = {
  ...whole(1),
  expected: `auto, or ${whole(1).expected}`,
  holds: (value) => value === "auto" || whole(1).holds(value),
  read: (text) => (text === "auto" ? text : whole(1).read(text)),
};

/** Integers of at least `least`, separated by commas; in ascending order, each once. */
export function wholes(least: number, placeholder = "<counts>"): SettingKind<number[]> {
  const one = whole(least);
  return {
    expected: `a list of integers of at least ${least}`,
    placeholder,
    holds: (value) => Array.isArray(value) && value.every(one.holds),
    read: (text) => [...new Set(text.split(",").map((item) => one.read(item)))].sort((a, b) => a - b),
  };
}

/** Names, separated by commas. */
export const names: SettingKind<string[]> = {
  expected: "a list of names",
  placeholder: "<names>",
  holds: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  read: list,
};

/** Names of something registered. */
export const namesOf = (kind: RegisteredKind): SettingKind<string[]> => ({ ...names, names: kind });

/** Some of a few words. */
export function someOf<const T extends string>(choices: readonly T[]): SettingKind<readonly T[]> {
  const expected = [...choices, choices.join(",")].join(", ").replace(/, (?=[^ ]*$)/, " or ");
  const holds = (value: unknown): value is readonly T[] =>
    Array.isArray(value) && value.every((one) => choices.includes(one));
  return {
    expected,
    placeholder: "<names>",
    holds,
    read(text) {
      const given = text.split(",").map((name) => name.trim());
      return holds(given) ? given : refuse(expected, text);
    },
  };
}

/** Texts of an option that may be repeated. */
export const repeated: SettingKind<readonly string[]> = {
  expected: "a list of texts",
  placeholder: "<text>",
  holds: (value): value is readonly string[] =>
    Array.isArray(value) && value.every((one) => typeof one === "string"),
  read: (text, before = []) => [...before, text],
};

/** Sizes of a shape: `3,224,224` or `3x224x224`. */
export const shape: SettingKind<number[]> = {
  expected: "sizes such as 3,224,224",
  placeholder: "<sizes>",
  holds: (value) => Array.isArray(value) && value.every(whole(1).holds),
  read(text) {
    const sizes = text.split(/[,x×]/).map((size) => (size.trim() === "" ? Number.NaN : Number(size)));
    return shape.holds(sizes) ? sizes : refuse(shape.expected, text);
  },
};

/** Settings of something else by name, `name=value` each. */
export const assignments: SettingKind<Record<string, string | number | boolean>> = {
  expected: "name=value",
  placeholder: "<name=value>",
  holds: (value): value is Record<string, string | number | boolean> =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((one) => ["string", "number", "boolean"].includes(typeof one)),
  read(text, before = {}) {
    const at = text.indexOf("=");
    if (at < 1) refuse("name=value", text);
    return { ...before, [text.slice(0, at)]: settingValue(text.slice(at + 1)) };
  },
  texts: (value) => Object.entries(value).map(([name, one]) => `${name}=${one}`),
};
