import assert from "node:assert/strict";
import { test } from "node:test";
import { REFERENCE_KERNELS } from "../../src/engines/reference/kernels.ts";
import { readSource } from "../architecture/sources.ts";
import { compatibilityPage } from "./compatibility.ts";

test("docs/compatibility.md says how each engine runs each op", async () => {
  const page = await compatibilityPage();
  assert.equal(
    readSource("docs/compatibility.md"),
    page,
    "run `node build/test/docs/write_compatibility.js`",
  );
});

test("every reference kernel belongs to an op of the page, and every op can run", async () => {
  const page = await compatibilityPage();
  const rows = [...page.matchAll(/^\| (\w+) \| (?:yes)? \| (\w+) \| (\w+) \|/gm)];
  const names = rows.map(([, name]) => name);
  const orphans = Object.keys(REFERENCE_KERNELS).filter((name) => !names.includes(name));
  assert.deepEqual(orphans, []);
  assert.ok(names.length > 100, `${names.length} ops`);
});
