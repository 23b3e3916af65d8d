/** Values from users as messages show them: cut to a few words, whatever they are. */

const MOST_ITEMS = 8;
const MOST_LETTERS = 80;
const MOST_LEVELS = 4;

/** A value as messages show it: strings in quotes, lists of any length and depth abridged. */
export function shownValue(value: unknown): string {
  return shown(value, 0);
}

/** As {@link shownValue}, strings without quotes. */
export function shownText(value: unknown): string {
  return typeof value === "string" ? cut(value) : shown(value, 0);
}

function shown(value: unknown, level: number): string {
  if (typeof value === "string") return `"${cut(value)}"`;
  if (Array.isArray(value)) return shownList(value, level);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return cut(String(value));
  const name = value.constructor?.name;
  return typeof name !== "string" || name === "" || name === "Object" ? "an object" : `a ${cut(name)}`;
}

function shownList(list: readonly unknown[], level: number): string {
  if (level === MOST_LEVELS) return "[...]";
  const items = list.slice(0, MOST_ITEMS).map((one) => shown(one, level + 1));
  if (list.length > MOST_ITEMS) items.push(`... (${list.length} in all)`);
  return `[${items.join(", ")}]`;
}

function cut(text: string): string {
  return text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS)}...`;
}
