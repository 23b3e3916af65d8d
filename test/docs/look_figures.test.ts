/** docs/figures holds what the code draws of the recorded numbers, and docs/look.md shows it. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSource, root } from "../architecture/sources.ts";
import { lookFigures } from "./look_figures.ts";

const drawn = lookFigures();

test("docs/figures holds what the code draws", () => {
  const there = readdirSync(join(root, "docs/figures")).filter((name) => name.startsWith("look-"));
  assert.deepEqual(there.sort(), Object.keys(drawn).sort());
  for (const [name, svg] of Object.entries(drawn))
    assert.ok(
      readSource(`docs/figures/${name}`) === svg,
      `docs/figures/${name} is not what is drawn: run \`node build/test/docs/write_look_figures.js\``,
    );
});

test("the page shows every figure", () => {
  const page = readSource("docs/look.md");
  for (const name of Object.keys(drawn)) assert.ok(page.includes(`(figures/${name})`), name);
});
