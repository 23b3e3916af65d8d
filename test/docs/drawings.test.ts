/** docs/drawings holds what the networks draw, docs/draw.md shows all of it, and the glossary has the words. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { allTerms } from "../../src/draw/terms.ts";
import { readSource, root } from "../architecture/sources.ts";
import { drawings } from "./drawings.ts";

const drawn = drawings();

test("docs/drawings holds what the code draws", () => {
  assert.deepEqual(readdirSync(join(root, "docs/drawings")).sort(), Object.keys(drawn).sort());
  for (const [name, svg] of Object.entries(drawn))
    assert.equal(
      readSource(`docs/drawings/${name}`),
      svg,
      `docs/drawings/${name}: run \`node build/test/docs/write_drawings.js\``,
    );
});

test("the page shows every drawing, in both languages", () => {
  const page = readSource("docs/draw.md");
  for (const name of Object.keys(drawn)) assert.ok(page.includes(`(drawings/${name})`), name);
});

test("the glossary has the words of drawings", () => {
  const glossary = readSource("docs/glossary.md");
  for (const [en, zh] of allTerms())
    assert.ok(glossary.includes(zh), `docs/glossary.md has no ${zh} (${en})`);
});
