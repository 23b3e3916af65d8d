import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { VERSION } from "../../src/base/version.ts";
import { png, tree } from "../data/folders/image_tree.ts";
import { convoyant, temporaryFolder } from "./run_cli.ts";

const cwd = temporaryFolder();
const cli = (args: readonly string[]) => convoyant(args, { cwd });

const photos = () =>
  Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`train/${i % 2 ? "a" : "b"}/${i}.png`, png(30 + i, 40)]),
  );

const fast = ["--nets", "lenet", "--seconds", "0.05", "--workers", "0,1", "--batch-size", "4"];
const engine = ["--engines", "wasm", "--threads", "1"];

test("bench data measures decoders, the loader, and how long training waits for it", async () => {
  const root = tree({ ...photos(), "val/a/1.png": png(), "val/b/1.png": png() });
  const { code, events, stderr } = await cli(["bench", "data", root, ...fast, ...engine, "--json"]);
  assert.equal(code, 0, stderr);
  const [exact, ...others] = events.filter(({ event }) => event === "decode" || event === "skip");
  assert.deepEqual([exact.decoder, exact.images > 0], [`exact ${VERSION}`, true]);
  assert.ok(exact.imagesPerSecond > 0 && exact.megapixelsPerSecond > 0);
  const [sharp] = others;
  assert.match(sharp.event === "skip" ? `sharp ${sharp.absent}` : sharp.decoder, /^sharp (true|\d)/);
  const load = events.filter(({ event }) => event === "load");
  assert.deepEqual(
    load.map(({ workers, batch, net, threads }) => [workers, batch, net, threads]),
    [
      [0, 4, "lenet", 1],
      [1, 4, "lenet", 1],
    ],
  );
  for (const { imagesPerSecond, examplesPerSecond, waitShare } of load)
    assert.ok(imagesPerSecond > 0 && examplesPerSecond > 0 && waitShare >= 0 && waitShare <= 1);
});

test("bench data prints tables, and says what is wrong with its arguments", async () => {
  const root = join(tree(photos()), "train");
  const { code, stdout, stderr } = await cli(["bench", "data", root, ...fast, ...engine]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /decoder +images\/s +megapixels\/s[\s\S]*exact[\s\S]*workers[\s\S]*lenet[\s\S]*%/);
  const without = await cli(["bench", "data"]);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /bench data takes one folder of class folders, got none/);
  const wrong = await cli(["bench", "data", join(root, "a")]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /images but no class folders/);
});
