/** Names that cannot be confused: public names that differ in more than case, and one declaration for each type. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as experiments from "../../src/experiments/index.ts";
import * as convoyant from "../../src/index.ts";
import * as report from "../../src/report/index.ts";
import { readSource, typescriptFiles } from "./sources.ts";

/** Pairs that PyTorch, torchvision and the book have: a class and its function, a module and a class of it. */
const THEIRS = [
  ["Tensor", "tensor"],
  ["BatchNorm", "batchNorm"],
  ["AlexNet", "alexnet"],
  ["GoogLeNet", "googlenet"],
  ["LRScheduler", "lrScheduler"],
].map((pair) => pair.join());

/** Every namespace of the package, with its path. */
function namespaces(path: string, of: object, found = new Map<object, string>()): Map<object, string> {
  if (found.has(of)) return found;
  found.set(of, path);
  for (const [name, value] of Object.entries(of)) {
    if (isNamespace(value)) namespaces(`${path}.${name}`, value, found);
  }
  return found;
}

/** A module, or what a bundler makes of one: an object of getters. */
function isNamespace(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const members = Object.values(Object.getOwnPropertyDescriptors(value));
  return (
    (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "Module" ||
    (members.length > 0 && members.every(({ get, enumerable }) => get !== undefined && enumerable))
  );
}

test("no two public names differ only in their case", () => {
  const all = namespaces("convoyant", convoyant);
  namespaces("report", report, all);
  namespaces("experiments", experiments, all);
  assert.ok(all.size >= 14, `${all.size} namespaces`);
  const alike: string[] = [];
  for (const [namespace, path] of all) {
    const byLetters = new Map<string, string[]>();
    for (const name of Object.keys(namespace))
      byLetters.set(name.toLowerCase(), [...(byLetters.get(name.toLowerCase()) ?? []), name]);
    for (const same of byLetters.values())
      if (same.length > 1 && !THEIRS.includes(same.sort().join())) alike.push(`${path}: ${same.join(", ")}`);
  }
  assert.deepEqual(alike, []);
});

test("what the book wrote for its readers is public in `book` alone", () => {
  const { data, models, book } = convoyant;
  const own = ["batchNorm", "BatchNorm", "bnLenetScratch", "getFashionMnistLabels", "bookBand", "bookBands"];
  for (const name of own) {
    assert.ok(name in book, name);
    for (const [elsewhere, namespace] of Object.entries({ data, models, report }))
      assert.ok(!(name in namespace), `${elsewhere}.${name}`);
  }
  // Their networks go on being made by name.
  assert.equal(`${models.create("bn-lenet-scratch")}`, `${book.bnLenetScratch()}`);
});

test("an exported type is declared in one file, so that its name means one thing", () => {
  // Names of torchvision's own, in the folder that is a namespace of them; engines and the session keep theirs inside.
  const apart = /^src\/(engines|runtime|models\/torchvision)\//;
  const places = new Map<string, string[]>();
  const files = typescriptFiles("src").filter((file) => !apart.test(file));
  for (const file of files) {
    const text = readSource(file).replace(/\/\*[\s\S]*?\*\//g, "");
    const declared = text.matchAll(/^export (?:declare |abstract )*(?:type|interface|class) (\w+)/gm);
    for (const name of new Set([...declared].map(([, name]) => name)))
      places.set(name, [...(places.get(name) ?? []), file]);
  }
  assert.ok(places.size > 300, `${places.size} types`);
  assert.deepEqual(
    [...places]
      .filter(([, files]) => files.length > 1)
      .map(([name, files]) => `${name}: ${files.join(", ")}`),
    [],
  );
});
