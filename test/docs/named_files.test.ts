import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSource, root, typescriptFiles } from "../architecture/sources.ts";

/** Pages about adding a file that does not exist yet. */
const INVENTED = /squared_relu\.ts$/;

test("every source file that a page names is there", () => {
  const sources = ["src", "test", "bench", "examples"].flatMap(typescriptFiles);
  const pages = (readdirSync(join(root, "docs"), { recursive: true }) as string[])
    .filter((path) => path.endsWith(".md") && !path.startsWith("reproduction"))
    .map((path) => `docs/${path}`);
  const wrong = [];
  for (const page of [...pages, "CONTRIBUTING.md", "README.md", "README.zh.md"]) {
    for (const [, path] of readSource(page).matchAll(/`([\w/-]+(?:\.test)?\.ts)`/g)) {
      if (INVENTED.test(path)) continue;
      if (!sources.some((file) => file === path || file.endsWith(`/${path}`))) wrong.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(wrong, []);
});
