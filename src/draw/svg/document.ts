/** The SVG document around what is drawn. */
import { escapeXml as e } from "../../report/svg/xml.ts";
import type { Language } from "../terms.ts";
import { styleSheet, type Theme, themeClass } from "./theme.ts";

export interface DocumentFacts {
  readonly width: number;
  readonly height: number;
  /** What a screen reader says first. */
  readonly title: string;
  /** What it says then: the network in words. */
  readonly description: string;
  readonly language: Language;
  readonly theme: Theme | null;
}

/** A document that stands alone or in a page; equal drawings are equal texts. */
export function svgDocument(elements: readonly string[], facts: DocumentFacts): string {
  const { width, height, title, description, language, theme } = facts;
  const body = elements.join("\n");
  const id = `cv${hash(`${theme}${title}${description}${body}`)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `class="cv-draw ${themeClass(theme)}" style="max-width:100%;height:auto" lang="${language === "zh" ? "zh-CN" : "en"}" ` +
      `role="img" aria-labelledby="${id}t" aria-describedby="${id}d">`,
    `<title id="${id}t">${e(title)}</title>`,
    `<desc id="${id}d">${e(description)}</desc>`,
    `<style>${styleSheet(theme)}</style>`,
    `<rect class="bg" width="${width}" height="${height}"/>`,
    body,
    "</svg>",
    "",
  ].join("\n");
}

/** FNV-1a: tells drawings on one page apart. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(36);
}
