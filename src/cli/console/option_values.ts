/** Values of options, checked as they are read. */
import { InvalidArgumentError } from "commander";
import { settingValue } from "../../experiments/setting_text.ts";

/** An integer of at least `least` and, if more would only exhaust the machine, at most `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`expected an integer ${range}, got "${text}".`);
    }
    return value;
  };
}

/** "auto", or an integer of at least `least`. */
export function autoOr(least: number): (text: string) => "auto" | number {
  return (text) => (text === "auto" ? text : wholeNumber(least)(text));
}

/** A finite number of at least `least`, or above it, up to `most` or below `below`. */
export function realNumber(
  least: number,
  { open = false, most = Number.MAX_VALUE, below = Number.POSITIVE_INFINITY } = {},
): (text: string) => number {
  const upper =
    most < Number.MAX_VALUE
      ? ` and at most ${most}`
      : below < Number.POSITIVE_INFINITY
        ? ` and below ${below}`
        : "";
  return (text) => {
    const value = Number(text);
    const inside = (open ? value > least : value >= least) && value <= most && value < below;
    if (text.trim() !== "" && inside) return value;
    throw new InvalidArgumentError(
      `expected a number ${open ? "above" : "of at least"} ${least}${upper}, got "${text}".`,
    );
  };
}

/** Integers of at least `least`, separated by commas. */
export function wholeNumbers(least: number): (text: string) => number[] {
  const read = wholeNumber(least);
  return (text) => [...new Set(text.split(",").map(read))].sort((a, b) => a - b);
}

/** A shape: `3,224,224` or `3x224x224`. */
export function shapeText(text: string): number[] {
  const sizes = text.split(/[,x×]/).map((size) => (size.trim() === "" ? Number.NaN : Number(size)));
  if (sizes.every((size) => Number.isSafeInteger(size) && size > 0)) return sizes;
  throw new InvalidArgumentError(`expected sizes such as 3,224,224, got "${text}".`);
}

/** Adds `name=value` to the settings before it. */
export function setting(
  text: string,
  before: Record<string, string | number | boolean> = {},
): Record<string, string | number | boolean> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`expected name=value, got "${text}".`);
  return { ...before, [text.slice(0, at)]: settingValue(text.slice(at + 1)) };
}
