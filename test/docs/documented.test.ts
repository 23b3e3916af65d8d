/** What is public is documented, and what users call has an example. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { examplesOf } from "./code_blocks.ts";
import { publicNames } from "./public_names.ts";

const names = publicNames("src/index.ts");

/** Constants and errors need words, not code. */
function needsExample({ path, file }: (typeof names)[number]): boolean {
  return !/^[A-Z_]+$/.test(path.split(".").at(-1) as string) && file !== "src/base/errors.ts";
}

test("the public API is found", () => {
  const paths = names.map(({ path }) => path);
  for (const path of [
    "relu",
    "nn.Conv2d",
    "nn.functional.linear",
    "optim.SGD",
    "data.transforms.Resize",
    "save",
  ]) {
    assert.ok(paths.includes(path) || paths.includes(path.split(".").at(-1) as string), path);
  }
});

test("everything public has documentation", () => {
  const bare = names
    .filter(({ doc }) => doc === "")
    .map(({ path, file, line }) => `${path} (${file}:${line})`);
  assert.equal(bare.length, 0, bare.join("\n"));
});

test("everything that users call has an example", () => {
  const bare = names
    .filter((name) => needsExample(name) && examplesOf(name).length === 0)
    .map(({ path, file, line }) => `${path} (${file}:${line})`);
  assert.equal(bare.length, 0, bare.join("\n"));
});
