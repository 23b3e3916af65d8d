/** What `draw` takes, and whether it makes sense. */
import { isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { type DrawInput, isSeveral } from "./network_input.ts";
import { THEMES, type Theme } from "./svg/theme.ts";
import { LANGUAGES, type Language } from "./terms.ts";

/** Kinds of drawings. */
export const STYLES = ["book", "graph", "volume"] as const;
export type DrawStyle = (typeof STYLES)[number];

/** What `draw` takes beside the network. */
export interface DrawOptions {
  /**
   * The shape of one input without the batch ([channels, height, width]), or a tensor with it; for a network of several arguments
   * a list of them; for several networks a list with what each takes. Not needed for networks that say what
   * they take, and for those whose dense layers leave one size.
   */
  readonly input?: DrawInput | readonly DrawInput[] | readonly (DrawInput | readonly DrawInput[])[];
  /**
   * `"book"`: layers as boxes, from below, repeated ones once with a count; `"graph"`: every operation with the shape of its
   * output; `"volume"`: feature maps as boxes in proportion. @default "book"
   */
  readonly style?: DrawStyle;
  /** Language of the names of layers: `"en"` or `"zh"`. @default "en" */
  readonly lang?: Language;
  /** Colours: `"light"` or `"dark"`; by default as the reader's system is set. */
  readonly theme?: Theme;
  /** What the network is called in the drawing, or each of several; by default its registered name, or its class. */
  readonly title?: string | readonly string[];
  /** Levels of blocks that are opened; by default all, unless the drawing would become too large. */
  readonly depth?: number;
  /** The most boxes that are drawn; blocks are closed and rows shortened until they are fewer. @default 400 */
  readonly boxes?: number;
  /** For `"volume"`: the width in pixels at which a new row begins. @default 1200 */
  readonly width?: number;
}

const OPTIONS = ["input", "style", "lang", "theme", "title", "depth", "boxes", "width"];

/** The options, complete. */
export interface CheckedOptions {
  readonly style: DrawStyle;
  readonly lang: Language;
  readonly theme: Theme | null;
  readonly depth: number;
  readonly boxes: number;
  readonly width: number;
  /** One for each network; undefined if they are not given. */
  readonly titles: readonly string[] | undefined;
  /** What each network is called with. */
  readonly inputs: readonly unknown[];
}

/**
 * The options with what was left out.
 *
 * @param isList - whether networks were given as a list, so that inputs are one for each.
 * @throws ArgumentError for an unknown option or value.
 */
export function checkedOptions(given: unknown, count: number, isList: boolean): CheckedOptions {
  if (!isPlainObject(given))
    throw new ArgumentError(`draw: expected an object of options, got ${shownValue(given)}`);
  for (const name of Object.keys(given))
    if (!OPTIONS.includes(name))
      throw new ArgumentError(
        `draw: unknown option ${shownValue(name)}${didYouMean(name, OPTIONS)} (expected ${OPTIONS.join(", ")})`,
      );
  const options = given as DrawOptions;
  return {
    style: word("style", options.style ?? "book", STYLES),
    lang: word("lang", options.lang ?? "en", LANGUAGES),
    theme:
      options.theme === undefined || options.theme === null ? null : word("theme", options.theme, THEMES),
    depth: numberFrom("depth", options.depth ?? Number.POSITIVE_INFINITY, 0),
    boxes: numberFrom("boxes", options.boxes ?? 400, 10),
    width: numberFrom("width", options.width ?? 1200, 100),
    titles: titlesOf(options.title, count),
    inputs: inputsOfEach(options.input, count, isList),
  };
}

function word<W extends string>(option: string, value: unknown, known: readonly W[]): W {
  if (known.includes(value as W)) return value as W;
  const hint = typeof value === "string" ? didYouMean(value, known) : "";
  throw new ArgumentError(
    `draw: unknown \`${option}\` ${shownValue(value)}${hint} (expected ${known.join(", ")})`,
  );
}

function numberFrom(option: string, value: unknown, least: number): number {
  const isNumber =
    typeof value === "number" && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY);
  if (isNumber && (value as number) >= least) return value as number;
  throw new ArgumentError(
    `draw: expected \`${option}\` to be an integer of at least ${least}, got ${shownValue(value)}`,
  );
}

function titlesOf(title: unknown, count: number): readonly string[] | undefined {
  if (title === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(title) ? title : [title];
  if (list.length === count && list.every((one) => typeof one === "string")) return list as readonly string[];
  throw new ArgumentError(
    `draw: expected \`title\` to be ${count === 1 ? "a text" : `${count} texts, one for each network`}, got ${shownValue(title)}`,
  );
}

/** For several networks one shape for all, or a list with what each takes. */
function inputsOfEach(input: unknown, count: number, isList: boolean): readonly unknown[] {
  if (!isList || input === undefined || !isSeveral(input)) return new Array(count).fill(input);
  if (input.length === count) return input;
  throw new ArgumentError(
    `draw: expected \`input\` to be a list with what each of the ${count} networks takes, got ${shownValue(input)}`,
  );
}
