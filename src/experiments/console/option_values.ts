/** Values of options, checked as they are read. */
import { InvalidArgumentError } from "commander";

/** A whole number of at least `least` and, where more would only exhaust the machine, at most `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number ${range}, got "${text}".`);
    }
    return value;
  };
}

/** "auto", or a whole number of at least `least`. */
export function autoOr(least: number): (text: string) => "auto" | number {
  return (text) => (text === "auto" ? text : wholeNumber(least)(text));
}

/** A finite number of at least `least` (more than it with `open`). */
export function realNumber(least: number, open = false): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || (open ? value <= least : value < least)) {
      throw new InvalidArgumentError(
        `expected a number ${open ? "above" : "of at least"} ${least}, got "${text}".`,
      );
    }
    return value;
  };
}

/** A comma-separated list. */
export function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** A value of a setting: a number, true or false, else the text. */
export function settingValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
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
