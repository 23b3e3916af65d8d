/** What the page shows of an answer: bars of probabilities. */
import type { ClassName } from "../../records/class_names.ts";
import { type PageLanguage, percentage, type TextName, textIn } from "./texts.ts";

/** How many classes are listed at first. */
const FIRST_CLASSES = 8;

/** What a class is called in a language. */
export function labelIn(language: PageLanguage, name: ClassName): string {
  if (typeof name === "string") return name;
  return language === "zh" ? (name.zh ?? name.en) : name.en;
}

/** A probability as a percentage, with a space before the sign if the language has one. */
export function percentIn(language: PageLanguage, probability: number): string {
  const text = percentage(probability);
  return language === "zh" ? text.replaceAll(" ", "") : text;
}

/** Fills a list with a bar for each class, likeliest first. */
export function showProbabilities(
  list: HTMLElement,
  more: HTMLButtonElement,
  classes: readonly ClassName[],
  probabilities: readonly number[],
  language: PageLanguage,
): void {
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
  const rows = order.map((index) => {
    const row = document.createElement("li");
    const label = document.createElement("span");
    label.textContent = labelIn(language, classes[index] ?? `class ${index}`);
    const value = document.createElement("span");
    value.className = "percent";
    value.textContent = percentIn(language, probabilities[index]);
    const bar = document.createElement("span");
    bar.className = "bar";
    bar.setAttribute("aria-hidden", "true");
    const part = document.createElement("span");
    part.style.width = `${100 * probabilities[index]}%`;
    bar.append(part);
    row.append(label, " ", value, bar);
    return row;
  });
  list.replaceChildren(...rows.slice(0, FIRST_CLASSES));
  more.hidden = rows.length <= FIRST_CLASSES;
  more.textContent = textIn(language, "showAll", { count: rows.length });
  more.onclick = () => {
    list.append(...rows.slice(FIRST_CLASSES));
    more.hidden = true;
    rows[FIRST_CLASSES].tabIndex = -1;
    rows[FIRST_CLASSES].focus();
  };
}

/** Puts the page's own texts into its elements: `data-text` names the text of an element, `data-label` its label. */
export function translate(language: PageLanguage, values: Readonly<Record<string, string>>): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]"))
    element.textContent = textIn(language, element.dataset.text as TextName, values);
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]"))
    element.setAttribute("aria-label", textIn(language, element.dataset.label as TextName, values));
}
