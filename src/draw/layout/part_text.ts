/** What parts say, cut to what fits, and how large they are. */

import { fittedText, textWidth } from "../../report/svg/text_width.ts";
import { type Label, labelText } from "../layer_label.ts";
import type { Block, Box, Part } from "../parts.ts";
import { inParentheses, type Language, listed, phraseIn } from "../terms.ts";
import type { Extent, PartText } from "./scene.ts";

export const TITLE_SIZE = 13;
export const DETAIL_SIZE = 11;
/** Between a text and the edge of its box, at each side. */
export const PADDING = 12;
/** Texts are cut to this width. */
const WIDEST = 340;
export const BADGE_GAP = 8;
export const BADGE_PADDING = 6;

export const LINE = { one: 28, two: 42, join: 24 };
/** Height of a block's title, above its contents. */
export const HEADER = { none: 10, one: 26, two: 42 };

export function partText(part: Part, language: Language): PartText {
  if (part.type === "box") return boxText(part, language);
  if (part.type === "block") return blockText(part, language);
  const key = part.parallel ? "parallel" : "more";
  const title = phraseIn(language, key, part.layers.toLocaleString("en-US"));
  return { title, detail: shapeText(part.shape), badge: "" };
}

function boxText({ label, followedBy, shape, count }: Box, language: Language): PartText {
  const whole = clean(labelText(label, language));
  const follow = listed(
    language,
    followedBy.map((one) => labelText(one, language)),
  );
  const detail = clean([shapeText(shape), follow].filter((text) => text !== "").join(" · "));
  return cut(whole, detail, badgeText(count), false);
}

function blockText({ title, path, channels, shape, count }: Block, language: Language): PartText {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const named =
    title === "" || name === title || /^\d*$/.test(name) ? title : title + inParentheses(language, name);
  const different =
    channels.length === 0 ? "" : phraseIn(language, "channels", shownNumbers(channels, language));
  const detail = title === "" ? "" : different === "" ? shapeText(shape) : different;
  return cut(clean(named), detail, badgeText(count), true);
}

function cut(whole: string, detail: string, badge: string, bold: boolean): PartText {
  const title = fittedText(whole, TITLE_SIZE, WIDEST, bold);
  const text = { title, detail: fittedText(detail, DETAIL_SIZE, WIDEST), badge };
  return title === whole ? text : { ...text, whole };
}

/** `256, 480, …, 1024` */
function shownNumbers(numbers: readonly number[], language: Language): string {
  const shown = numbers.length <= 6 ? numbers : [...numbers.slice(0, 3), "…", numbers.at(-1)];
  return listed(language, shown.map(String));
}

export function shapeText(shape: readonly number[] | null): string {
  return shape === null || shape.length === 0 ? "" : shape.join("×");
}

function badgeText(count: number): string {
  return count === 1 ? "" : `×${count.toLocaleString("en-US")}`;
}

/** Without what changes the direction of text around it, and without line breaks. */
export function clean(text: string): string {
  return text
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[\s\u0085\u2028\u2029]+/g, " ");
}

/** Whether a part is drawn as a small round sign. */
export function isSign(part: Part): part is Box & { readonly label: Label } {
  return (
    part.type === "box" &&
    part.label.kind === "join" &&
    typeof part.label.name !== "string" &&
    part.followedBy.length === 0
  );
}

/** What a box without contents takes. */
export function boxSize(part: Part, { title, detail, badge }: PartText): Extent {
  const badgeWidth = widthOfBadge(badge);
  // The text stays in the middle: the badge's room is left on both sides.
  const width =
    Math.max(textWidth(title, TITLE_SIZE), textWidth(detail, DETAIL_SIZE)) + 2 * PADDING + 2 * badgeWidth;
  if (isSign(part))
    return { width: Math.max(LINE.join, width), height: detail === "" ? LINE.join : LINE.two };
  return { width: Math.max(44, width), height: detail === "" ? LINE.one : LINE.two };
}

export function widthOfBadge(badge: string): number {
  return badge === "" ? 0 : textWidth(badge, DETAIL_SIZE, true) + 2 * BADGE_PADDING + BADGE_GAP;
}

/** Height of the text above a block's contents, and the width that it takes. */
export function headerSize({ title, detail, badge }: PartText): Extent {
  const badgeWidth = widthOfBadge(badge);
  const text = Math.max(textWidth(title, TITLE_SIZE, true), textWidth(detail, DETAIL_SIZE));
  const height = title === "" && badge === "" ? HEADER.none : detail === "" ? HEADER.one : HEADER.two;
  return { width: text + badgeWidth + 2 * PADDING, height };
}
