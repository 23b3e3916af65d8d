// Follows every link of the produced pages that stays among them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Links that lead nowhere, as `page -> target`. */
export function brokenLinks(folder) {
  const pages = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".html"));
  const texts = new Map(pages.map((page) => [normalize(page), readFileSync(join(folder, page), "utf8")]));
  const broken = [];
  for (const [page, text] of texts) {
    for (const [, link] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      if (/^(?:[a-z]+:|\/\/|#)/.test(link)) continue;
      const [path, anchor] = decodeURIComponent(link).split("#");
      const target = normalize(join(dirname(page), path));
      const there = texts.get(target);
      if (
        there === undefined ? !existsSync(join(folder, target)) : anchor && !there.includes(`id="${anchor}"`)
      )
        broken.push(`${page} -> ${link}`);
    }
  }
  return [...new Set(broken)];
}
