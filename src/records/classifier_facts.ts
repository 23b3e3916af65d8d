/**
 * What a network needs to be known by to be used on images: how it is made, what its outputs stand for, what is done to an
 * image before. Files of weights carry it as texts. What comes out of a file is checked here, before anything is made of it.
 */
import { isPlainObject } from "../base/builtin_kinds.ts";
import { parseJson } from "../base/json_text.ts";
import { shownValue } from "../base/shown_value.ts";
import { type ClassName, isClassName } from "./class_names.ts";
import { architectureOf, type NetworkArchitecture } from "./network_architecture.ts";
import { classNamesOf } from "./network_classes.ts";
import { type Preprocessing, preprocessingOf } from "./preprocessing.ts";

/** What files call the way in which they carry the facts. */
export const CLASSIFIER_FORMAT = "convoyant-classifier-1";

/** What is known of a network; undefined for what is not. */
export interface ClassifierFacts {
  readonly architecture?: NetworkArchitecture | undefined;
  readonly classes?: readonly ClassName[] | undefined;
  readonly preprocessing?: Preprocessing | undefined;
}

/** Makes an error of what is wrong with a fact. */
export type FactFailure = (message: string) => Error;

/** The most pixels of a side that images are resized to or cropped to. */
const MOST_SIDE = 4096;

/** The most letters of a class's name. */
const MOST_LETTERS = 1000;

/** What a network itself is known by. */
export function factsOf(net: object): ClassifierFacts {
  return {
    architecture: architectureOf(net),
    classes: classNamesOf(net),
    preprocessing: preprocessingOf(net),
  };
}

/** The texts that a file of weights carries; none if nothing is known. */
export function textsOfFacts(facts: ClassifierFacts): Record<string, string> {
  const { architecture, classes, preprocessing } = facts;
  const known = Object.entries({ architecture, classes, preprocessing }).filter(
    ([, fact]) => fact !== undefined,
  );
  if (known.length === 0) return {};
  return {
    format: CLASSIFIER_FORMAT,
    ...Object.fromEntries(known.map(([name, fact]) => [name, JSON.stringify(fact)])),
  };
}

/**
 * The facts that a file carries.
 *
 * @param texts - its metadata.
 * @throws what `fail` makes, for another version of the format and for facts that are none.
 */
export function factsInTexts(texts: Readonly<Record<string, unknown>>, fail: FactFailure): ClassifierFacts {
  const { format } = texts;
  if (typeof format !== "string" || !/^convoyant-classifier-/.test(format)) return {};
  if (format !== CLASSIFIER_FORMAT)
    throw fail(
      `it is written as ${shownValue(format)}, and this version reads ${CLASSIFIER_FORMAT}; update convoyant`,
    );
  const read = (name: string): unknown => {
    const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
    if (typeof text !== "string") return undefined;
    try {
      return parseJson(text, { depth: 16 });
    } catch (error) {
      throw fail(`its text \`${name}\` is not JSON (${(error as Error).message})`);
    }
  };
  const [architecture, classes, preprocessing] = ["architecture", "classes", "preprocessing"].map(read);
  return {
    architecture: architecture === undefined ? undefined : requireArchitecture(architecture, fail),
    classes: classes === undefined ? undefined : requireClasses(classes, fail),
    preprocessing: preprocessing === undefined ? undefined : requirePreprocessing(preprocessing, fail),
  };
}

/** @throws what `fail` makes, unless it is a name and options by name. */
export function requireArchitecture(value: unknown, fail: FactFailure): NetworkArchitecture {
  if (isPlainObject(value)) {
    const { name, options = {} } = value;
    if (typeof name === "string" && isPlainObject(options)) return { name, options };
  }
  throw fail(`expected \`architecture\` to be { name, options }, got ${shownValue(value)}`);
}

/** @throws what `fail` makes, unless it is a list of names, at least one. */
export function requireClasses(value: unknown, fail: FactFailure): readonly ClassName[] {
  const isShort = (name: ClassName) =>
    typeof name === "string"
      ? name.length <= MOST_LETTERS
      : Math.max(name.en.length, name.zh?.length ?? 0) <= MOST_LETTERS;
  if (Array.isArray(value) && value.length > 0 && value.every((name) => isClassName(name) && isShort(name)))
    return value;
  throw fail(
    `expected \`classes\` to be a list of names, texts or { en, zh }, got ${shownValue(Array.isArray(value) ? value.find((name) => !isClassName(name)) : value)}`,
  );
}

/** @throws what `fail` makes, unless it is a preprocessing whose sizes an image can have. */
export function requirePreprocessing(value: unknown, fail: FactFailure): Preprocessing {
  const wrong = (what: string, expected: string, got: unknown) =>
    fail(`expected ${what} of \`preprocessing\` to be ${expected}, got ${shownValue(got)}`);
  if (!isPlainObject(value))
    throw fail(
      `expected \`preprocessing\` to be { resize, crop, mean, std, background }, got ${shownValue(value)}`,
    );
  const { resize = null, crop = null, mean, std, background = [255, 255, 255] } = value;
  const isSide = (size: unknown) =>
    Number.isSafeInteger(size) && (size as number) >= 1 && (size as number) <= MOST_SIDE;
  const isPair = (size: unknown) => Array.isArray(size) && size.length === 2 && size.every(isSide);
  const sides = `1 to ${MOST_SIDE} pixels`;
  if (resize !== null) {
    const { size, interpolation } = (isPlainObject(resize) ? resize : {}) as Record<string, unknown>;
    if (!isSide(size) && !isPair(size)) throw wrong("resize.size", `${sides}, or [height, width]`, size);
    if (!["nearest", "bilinear", "bicubic"].includes(interpolation as string))
      throw wrong("resize.interpolation", '"nearest", "bilinear" or "bicubic"', interpolation);
  }
  if (crop !== null && !isPair(crop)) throw wrong("crop", `null or [height, width], ${sides} each`, crop);
  const isList = (list: unknown, fits: (n: number) => boolean, lengths: readonly number[]) =>
    Array.isArray(list) && lengths.includes(list.length) && list.every((n) => Number.isFinite(n) && fits(n));
  if (!isList(mean, () => true, [1, 3])) throw wrong("mean", "a number for each of 1 or 3 channels", mean);
  if (!isList(std, (n) => n > 0, [(mean as number[]).length]))
    throw wrong("std", "a number above 0 for each channel", std);
  if (!isList(background, (n) => Number.isInteger(n) && n >= 0 && n <= 255, [3]))
    throw wrong("background", "three integers from 0 to 255", background);
  return { resize, crop, mean, std, background } as unknown as Preprocessing;
}
