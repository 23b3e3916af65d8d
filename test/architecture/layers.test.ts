import assert from "node:assert/strict";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { test } from "node:test";
import { crossings, layerOf, layers, sources } from "./layer_imports.ts";
import { importedSource, importsIn, reachedFrom, readSource, typescriptFiles } from "./sources.ts";

const heightOf = new Map(layers.flatMap((names, height) => names.map((name) => [name, height] as const)));

test("importsIn sees every form of import, and no comment", () => {
  const text = [
    '/** Example: import { a } from "convoyant"; */',
    '// import "b";',
    'import type { C } from "./c.ts";',
    'import {\n  d,\n  type D,\n} from "./d.ts";',
    'import "./e.ts";',
    'export * from "./f.ts";',
    'export { g } from "./g.ts";',
    'const h = await import("./h.ts");',
    'let i: import("./i.ts").I;',
  ].join("\n");
  const found = importsIn(text).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? " type" : ""}`);
  assert.deepEqual(found.sort(), [
    "./c.ts type",
    "./d.ts",
    "./e.ts",
    "./f.ts",
    "./g.ts",
    "./h.ts",
    "./i.ts type",
  ]);
});

test("every file of src stands on a known layer", () => {
  assert.ok(sources.length > 0, "src holds no TypeScript");
  const unknown = sources.filter((path) => !heightOf.has(layerOf(path)));
  assert.deepEqual(unknown, [], "add the layer to the list in this test, at its height");
});

test("a layer imports only from the layers below it", () => {
  const wrong = crossings()
    .filter(({ from, to }) => {
      const target = heightOf.get(to);
      return target === undefined || target > (heightOf.get(from) ?? -1);
    })
    .map(({ from, to, file, specifier }) => `${file} (${from}) imports ${specifier} (${to})`);
  assert.deepEqual(wrong, []);
});

test("layers of one height never import each other in a circle", () => {
  const beside = crossings().filter(({ from, to }) => heightOf.get(from) === heightOf.get(to));
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of beside) edges.set(from, (edges.get(from) ?? new Set()).add(to));
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    [...(edges.get(from) ?? [])].some((next) => {
      if (next === goal) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, goal, seen);
    });
  const circles = [...edges.keys()].filter((layer) => reaches(layer, layer));
  assert.deepEqual(
    circles,
    [],
    beside.map(({ file, specifier }) => `${file} imports ${specifier}`).join("\n"),
  );
});

/** Everything that a page can reach through any entry. */
function pageSources(): Set<string> {
  const reached = reachedFrom("src/browser.ts", "browser");
  for (const entry of typescriptFiles("src/entries")) reachedFrom(entry, "browser", reached);
  return reached;
}

test("nothing that a page can reach imports a module of Node.js, now or later", () => {
  const wrong = [];
  for (const file of pageSources()) {
    for (const { specifier, typeOnly } of importsIn(readSource(file))) {
      const isNode = specifier.startsWith("node:") || builtinModules.includes(specifier);
      if (isNode && !typeOnly) wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("a page never loads oneDNN's code", () => {
  const native = [...pageSources()].filter((file) => file.includes("/onednn/"));
  assert.deepEqual(native, []);
  assert.ok(reachedFrom("src/index.ts", "default").has("src/engines/onednn/onednn_engine.ts"));
});

test("src imports only packages that users install, or that are bundled and named in the notices", () => {
  const { dependencies, devDependencies } = JSON.parse(readSource("package.json"));
  const notices = readSource("NOTICES.md");
  const isBundled = (name: string) => name in devDependencies && notices.includes(`[${name}]`);
  const wrong = [];
  for (const file of sources) {
    for (const { specifier } of importsIn(readSource(file))) {
      if (/^(\.|#|node:)/.test(specifier)) continue;
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      if (!(name in dependencies) && !isBundled(name)) wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("files are small, named after what they hold, and in snake_case", () => {
  const vague = new Set(["utils", "util", "helpers", "helper", "misc", "common"]);
  const wrong = [];
  for (const file of [...typescriptFiles("src"), ...typescriptFiles("test")]) {
    const name = posix.basename(file).replace(/(\.test|\.d|\.test-d)?\.ts$/, "");
    const lines = readSource(file).split("\n").length - 1;
    if (lines > 500) wrong.push(`${file} has ${lines} lines; split it by subject (500 at most)`);
    if (vague.has(name)) wrong.push(`${file}: name it after what it holds`);
    if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) wrong.push(`${file}: expected a snake_case name`);
  }
  assert.deepEqual(wrong, []);
});

test("only base/builtin_kinds.ts compares with a built-in class: instanceof fails for another realm's values", () => {
  const builtins = Object.getOwnPropertyNames(globalThis)
    .filter((name) => typeof (globalThis as Record<string, unknown>)[name] === "function")
    .filter((name) => /^[A-Z]/.test(name));
  const comparison = new RegExp(`\\binstanceof (?:globalThis\\.)?(${[...builtins, "Buffer"].join("|")})\\b`);
  assert.match("x instanceof Map", comparison);
  assert.doesNotMatch("x instanceof MapLike", comparison);
  const found = sources
    .filter((file) => file !== "src/base/builtin_kinds.ts")
    .flatMap((file) =>
      readSource(file)
        .split("\n")
        .map((line, i) => ({ line, at: `${file}:${i + 1}` })),
    )
    .filter(({ line }) => comparison.test(line) || line.includes("=== Object.prototype"));
  assert.deepEqual(found, []);
});

test("no folder of src is too wide to survey", () => {
  const counts = new Map<string, number>();
  for (const file of typescriptFiles("src")) {
    const folder = posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  // One file for each family of ops: to be read one at a time, beside its definition.
  counts.delete("src/engines/reference/kernels");
  const wide = [...counts].filter(([, count]) => count > 24).map(([folder, count]) => `${folder}: ${count}`);
  assert.deepEqual(wide, [], "24 files at most; make a folder for a family of them");
});

test("no circle of imports is left at run time", () => {
  const edges = new Map<string, string[]>();
  for (const file of sources) {
    const loaded = importsIn(readSource(file)).filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic);
    const targets = loaded
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => posix.join(posix.dirname(file), specifier));
    edges.set(file, targets);
  }
  const circles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(" -> "));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of edges.get(file) ?? []) walk(next);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) walk(file);
  assert.deepEqual(circles, []);
});

test("an engine's folder imports what it builds on, never what builds on it", () => {
  const uses: Readonly<Record<string, readonly string[]>> = {
    contract: [],
    reference: ["contract"],
    cpu: ["contract", "reference"],
    wasm: ["contract", "cpu"],
    onednn: ["contract", "cpu", "wasm"],
  };
  const OTHERS = ["contract", "reference", "cpu"];
  const folderOf = (path: string) => /^src\/engines\/(\w+)\//.exec(path)?.[1];
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const file of sources) {
    const folder = folderOf(file);
    if (folder === undefined) continue;
    seen.add(folder);
    for (const { specifier } of importsIn(readSource(file))) {
      const target = folderOf(importedSource(file, specifier, "default") ?? "");
      if (target === undefined || target === folder) continue;
      if (!(uses[folder] ?? OTHERS).includes(target)) wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.ok(Object.keys(uses).every((folder) => seen.has(folder)));
  assert.deepEqual(wrong, []);
});
