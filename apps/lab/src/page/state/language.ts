/** Language and colours of the page: the reader's system decides until the page's own switch is used. */
import { effect, signal } from "@preact/signals";
import { en, type WordName } from "../../words/en.ts";

export type Language = "en" | "zh";
export type Theme = "light" | "dark";

type Words = Readonly<Record<WordName, string>>;

/** Chinese is loaded when it is first needed. */
const words: { readonly en: Words; zh: Words | null } = { en, zh: null };

export const language = signal<Language>(stored("language", ["en", "zh"]) ?? systemLanguage());
const chosenTheme = signal<Theme | null>(stored("theme", ["light", "dark"]));

const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<Theme>(darkSystem.matches ? "dark" : "light");
darkSystem.addEventListener("change", () => {
  systemTheme.value = darkSystem.matches ? "dark" : "light";
});

/** The colours that are shown. */
export const theme = () => chosenTheme.value ?? systemTheme.value;

/** Loads the texts of the language that the page begins with. */
export async function loadWords(): Promise<void> {
  if (language.peek() === "zh") await loadChinese();
}

async function loadChinese(): Promise<void> {
  if (words.zh !== null) return;
  try {
    const { zh } = await import("../../words/zh.ts");
    words.zh = zh;
  } catch {
    // Without its texts the page speaks English.
    language.value = "en";
  }
}

export async function setLanguage(value: Language): Promise<void> {
  if (value === "zh") await loadChinese();
  if (value === "zh" && words.zh === null) return;
  language.value = value;
  store("language", value);
}

export function toggleTheme(): void {
  chosenTheme.value = theme() === "dark" ? "light" : "dark";
  store("theme", chosenTheme.value);
}

/**
 * What the page says in the reader's language. `{name}` stands for a value, `{name?one|several}` for a word that depends on
 * whether it is 1.
 */
export function t(name: WordName, values: Readonly<Record<string, string | number>> = {}): string {
  return (words[language.value] ?? en)[name].replace(
    /\{(\w+)(?:\?([^|}]*)\|([^|}]*))?\}/g,
    (whole, key: string, one?: string, several?: string) =>
      String(one === undefined ? (values[key] ?? whole) : String(values[key]) === "1" ? one : several),
  );
}

/** A number with the reader's separators. */
export function count(value: number): string {
  return value.toLocaleString(language.value === "zh" ? "zh-CN" : "en-US");
}

/** A loss; one that grows without bounds does not take the place of everything else. */
export function lossText(value: number): string {
  return Math.abs(value) < 1000 ? value.toFixed(3) : value.toExponential(2);
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  document.title = t("title");
});
effect(() => {
  if (chosenTheme.value === null) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosenTheme.value;
});

function systemLanguage(): Language {
  return navigator.languages.some((tag) => /^(zh|en)\b/i.test(tag)) &&
    /^zh\b/i.test(navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))!)
    ? "zh"
    : "en";
}

/** Storage may be forbidden; the page then forgets what was chosen. */
function stored<W extends string>(key: string, known: readonly W[]): W | null {
  try {
    const value = localStorage.getItem(`convoyant-lab-${key}`);
    return known.includes(value as W) ? (value as W) : null;
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(`convoyant-lab-${key}`, value);
  } catch {
    // See above.
  }
}
