import assert from "node:assert/strict";
import { test } from "node:test";
import { convoyantHere } from "./convoyant_here.ts";
import { fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

temporaryFolder();
const skip = await fashionMnistIsMissing();

test("data fetch verifies both parts and says where they are", { skip }, async () => {
  const { code, events, stderr } = await convoyantHere(["data", "fetch", "--json"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    events.map(({ event, split, images }) => [event, split, images]),
    [
      ["data", "train", 60_000],
      ["data", "test", 10_000],
      ["end", undefined, undefined],
    ],
  );
});

test("data show draws images with their classes in both languages", { skip }, async () => {
  const args = ["data", "show", "--split", "test", "--from", "17", "--count", "2"];
  const { code, stdout, stderr } = await convoyantHere(args);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /test:17 coat 外套/);
  assert.match(stdout, /test:18 /);
  assert.match(stdout, /[░▒▓█]{3}/);
  const { events } = await convoyantHere([...args, "--json"]);
  assert.deepEqual(events[0], { event: "image", index: 17, label: 4, name: "coat" });
  assert.equal(events.at(-1)?.images, 10_000);
});

test("nothing to show beyond the last image", { skip }, async () => {
  const { code, stderr } = await convoyantHere(["data", "show", "--split", "test", "--from", "10000"]);
  assert.equal(code, 1);
  assert.match(stderr, /IndexError: .*0 to 9999/);
});
