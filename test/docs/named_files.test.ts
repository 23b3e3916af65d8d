import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSource, root } from "../architecture/sources.ts";
import { stepsOf } from "./guide_steps.ts";

const FOLDERS = ["src", "test", "bench", "examples", "scripts", "docs", ".github"];
/** Sources, scripts and settings of the tree, with or without their folder. */
const NAMED = /`((?:[\w.-]+\/)*[\w-]+(?:\.test)?\.(?:ts|py|mjs|yml))`/g;

function filesBelow(folder: string): string[] {
  return (readdirSync(join(root, folder), { recursive: true }) as string[]).map(
    (path) => `${folder}/${path.replaceAll("\\", "/")}`,
  );
}

test("every file that a page names is there, or the page tells to write it", () => {
  const files = FOLDERS.flatMap(filesBelow);
  const pages = filesBelow("docs").filter(
    (path) => path.endsWith(".md") && !path.startsWith("docs/reproduction"),
  );
  const wrong = [];
  let named = 0;
  for (const page of [...pages, "CONTRIBUTING.md", "README.md", "README.zh.md"]) {
    const written = stepsOf(page).flatMap(({ path, kind }) => (kind === "file" ? [path] : []));
    const there = [...files, ...written];
    for (const [, path] of readSource(page).matchAll(NAMED)) {
      named += 1;
      if (!there.some((file) => file === path || file.endsWith(`/${path}`))) wrong.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(named > 100, `${named} names of files`);
});

test("every link from a page to another of the tree leads somewhere", () => {
  const pages = filesBelow("docs").filter((path) => path.endsWith(".md"));
  const wrong = [];
  for (const page of [...pages, "CONTRIBUTING.md", "README.md", "README.zh.md"]) {
    const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/")) : ".";
    for (const [, target, anchor] of readSource(page).matchAll(
      /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g,
    )) {
      const path = target === "" ? page : join(folder, target).replaceAll("\\", "/");
      if (!existsSync(join(root, path))) wrong.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(path).has(anchor)) wrong.push(`${page}: ${path}#${anchor}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the index of the documentation leads to every page", () => {
  const index = readSource("docs/README.md");
  const pages = filesBelow("docs")
    .map((path) => path.slice("docs/".length))
    .filter((path) => path.endsWith(".md") && path !== "README.md" && !/^decisions\/\d/.test(path));
  assert.deepEqual(
    pages.filter((path) => !index.includes(`](${path})`)),
    [],
  );
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): Set<string> {
  const headings = readSource(path).match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
