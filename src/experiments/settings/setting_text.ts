/** Settings as text: what is typed behind an option, or in the list of a comparison. */

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
