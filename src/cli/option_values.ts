/** Values of options, checked as they are read. */
import { InvalidArgumentError } from "commander";

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}, got "${text}".`);
    }
    return value;
  };
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
