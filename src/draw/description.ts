/** A drawing in words, for those who do not see it. */
import { labelText } from "./layer_label.ts";
import { clean, partText, shapeText } from "./layout/part_text.ts";
import type { Level, Part } from "./parts.ts";
import { inParentheses, type Language, listed, phraseIn } from "./terms.ts";

/** A description is cut behind this many characters. */
const LONGEST = 1500;

/** The title of a drawing of networks. */
export function drawingTitle(titles: readonly string[], style: string, language: Language): string {
  const names = titles.reduce((first, next) => phraseIn(language, "and", first, next));
  return phraseIn(language, `drawn_${style}` as "drawn_book", clean(names));
}

/** The parts in order, each with what it says. */
export function describeLevel(title: string, level: Level, language: Language): string {
  const steps = level.parts.map((part) => described(part, language));
  const text = `${clean(title)}${language === "zh" ? "：" : ": "}${steps.join(language === "zh" ? "；" : "; ")}`;
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

function described(part: Part, language: Language): string {
  const { title, badge, detail } = partText(part, language);
  const times = badge === "" ? "" : ` ${badge}`;
  if (part.type !== "block") {
    const follow = part.type === "box" ? part.followedBy.map((one) => clean(labelText(one, language))) : [];
    return listed(
      language,
      [title + times, ...follow, shapeText(part.shape)].filter((text) => text !== ""),
    );
  }
  const inner = part.level.parts.map((one) => described(one, language)).join(language === "zh" ? "；" : "; ");
  const name = `${title}${times}`.trim();
  return `${name}${detail === "" ? "" : `${name === "" ? "" : " "}${detail}`}${inParentheses(language, inner)}`.trim();
}
