/** What an import of the bundled package loads: each file and each package costs time before anything is computed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./sources.ts";

/** What a file of build/dist/node loads at once, directly or not: its files, and what it imports by name. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  if (!file.startsWith("./")) return found;
  const text = readFileSync(join(root, "build/dist/node", file), "utf8");
  for (const [, from] of text.matchAll(
    /^(?:(?:import|export) \{[^}]*\} from|import(?: [\w$*]+(?: as [\w$]+)? from)?) "([^"]+)";$/gm,
  ))
    loadedWith(from, found);
  return found;
}

test("the package is a few files, and needs no other package", () => {
  const loaded = [...loadedWith("./index.js")];
  assert.ok(loaded.includes("./chunk-joined.js"), loaded.join(" "));
  const files = loaded.filter((name) => name.startsWith("./"));
  assert.ok(files.length <= 20, files.join(" "));
  assert.deepEqual(
    loaded.filter((name) => !name.startsWith("./") && !name.startsWith("node:")),
    [],
  );
});

test("the command's help loads nothing of the package's main part", () => {
  const loaded = loadedWith("./cli.js");
  assert.ok(loaded.has("commander"), [...loaded].join(" "));
  assert.ok(!loaded.has("./chunk-joined.js"), [...loaded].join(" "));
});
