import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSource, root } from "../architecture/sources.ts";

test("docs/debugging.md lists every environment variable of ours, and no other", () => {
  const files = ["src", "scripts", "bin", "bench", "test", ".ci"].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
      .filter((path) => /\.(ts|mjs|py)$|^run$/.test(path) && !/^fixtures|node_modules/.test(path))
      .map((path) => `${folder}/${path}`),
  );
  const name = /\bCONVOYANT_[A-Z_]+\b/g;
  const read = new Set(files.flatMap((path) => readSource(path).match(name) ?? []));
  const rows = readSource("docs/debugging.md").match(/^\| `CONVOYANT_[A-Z_]+` \|/gm) ?? [];
  const listed = new Set(rows.map((row) => (row.match(name) as string[])[0]));
  assert.deepEqual([...listed].sort(), [...read].sort());
});
