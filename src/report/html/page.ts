import { chartStyles } from "../svg/chart_style.ts";
import { escapeXml as e } from "../svg/xml.ts";
import { reportStyle } from "./report_style.ts";

/** Parts of a page: HTML, but for the title. */
export interface PageParts {
  readonly title: string;
  readonly header: string;
  readonly sections: readonly string[];
  readonly footer: string;
}

/** A page of its own: one file without scripts, whose policy forbids it to load anything. Empty sections are left out. */
export function htmlPage({ title, header, sections, footer }: PageParts): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    `<title>${e(title)}</title>`,
    `<style>${reportStyle}\n${chartStyles()}</style>`,
    "</head>",
    "<body>",
    `<header>${header}</header>`,
    `<main>${sections.filter((section) => section !== "").join("\n")}</main>`,
    `<footer>${footer}</footer>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
