import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ArgumentError, FileError } from "../../../src/base/errors.ts";
import { reserveRoom } from "../../../src/data/cache/memory_cache.ts";
import {
  type CacheOptions,
  DataLoader,
  type ImageFiles,
  ImageFolder,
  transforms,
} from "../../../src/data/index.ts";
import { png, temporaryFolder, tree } from "./image_tree.ts";

const { Compose, Grayscale, RandomCrop, RandomHorizontalFlip, Resize, ToTensor } = transforms;

const transform = Compose([Compose([Resize([6, 8])]), RandomCrop(5), RandomHorizontalFlip(), ToTensor()]);

/** Ten images of different sizes, and what an epoch of each number gives without a cache. */
function photos(): string {
  return tree(
    Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${i % 2 ? "a" : "b"}/${i}.png`, png(9 + i, 30 - i, 20 * i)]),
    ),
  );
}

async function epochs(dataset: ImageFiles, count: number, numWorkers = 0): Promise<unknown[]> {
  const loader = DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 2, numWorkers });
  const seen: unknown[] = [];
  for (let epoch = 0; epoch < count; epoch++)
    for await (const [x, y] of loader) seen.push([x.shape, await x.data(), await y.tolist()]);
  await loader.close();
  return seen;
}

const kept = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".pixels"))
    .map((name) => join(folder, name));

test("a cache changes no bit of any epoch, for any number of workers", async () => {
  const root = photos();
  const expected = await epochs(await ImageFolder(root, { transform }), 2);
  for (const where of ["memory", "disk"] as const) {
    for (const numWorkers of [0, 2]) {
      const cache: CacheOptions = where === "disk" ? { folder: temporaryFolder() } : { where };
      const dataset = await ImageFolder(root, { transform, cache });
      assert.deepEqual(await epochs(dataset, 2, numWorkers), expected, `${where}, ${numWorkers} workers`);
      if (cache.folder !== undefined) {
        assert.equal(kept(cache.folder).length, 10);
        assert.deepEqual(await epochs(await ImageFolder(root, { transform, cache }), 2), expected);
      }
    }
  }
});

/** Writes another image of as many bytes over a file, as if it had never been changed. */
function swapUnseen(path: string, content: Uint8Array): void {
  const { atime, mtime, size } = statSync(path);
  assert.equal(content.length, size);
  writeFileSync(path, content);
  utimesSync(path, atime, mtime);
}

test("in memory, an image is decoded once, and again if its file holds something else", async () => {
  const root = tree({ "a/1.png": png(4, 3, 10), "b/2.png": png(4, 3, 20) });
  const path = join(root, "a/1.png");
  const dataset = await ImageFolder(root, { transform: null, cache: "memory" });
  const level = async () => (await dataset.getBatch([0]))[0].data[0];
  assert.equal(await level(), 10);
  // What is kept is what is used: the level of the image that lies in the cache is changed.
  const { cache } = (await dataset.describe()) as unknown as { cache: { room: { pixels: Uint8Array } } };
  cache.room.pixels[0] = 77;
  assert.equal(await level(), 77);
  utimesSync(path, new Date(2020, 0, 1), new Date(2020, 0, 1));
  assert.equal(await level(), 77);
  swapUnseen(path, png(4, 3, 30));
  assert.equal(await level(), 30);
  writeFileSync(path, png(4, 3, 10));
  assert.equal(await level(), 77);
});

test("on disk, images are found by content and transform; damaged ones are decoded again", async () => {
  const root = tree({ "a/1.png": png(4, 3, 10), "b/2.png": png(4, 3, 20), "b/same.png": png(4, 3, 20) });
  const folder = temporaryFolder();
  const open = (steady = Resize([2, 2]), channels: 1 | 3 = 3) =>
    ImageFolder(root, { transform: Compose([steady, ToTensor()]), cache: { folder }, channels });
  const all = async (dataset: ImageFiles) => (await dataset.getBatch([0, 1, 2]))[0];
  const first = await all(await open());
  assert.equal(kept(folder).length, 2);
  // What lies there is what is used.
  const [one] = kept(folder);
  const whole = readFileSync(one);
  for (const damaged of [
    whole.subarray(0, 30),
    whole.with(whole.length - 1, 1 ^ (whole.at(-1) ?? 0)),
    new Uint8Array(5),
    new Uint8Array(0),
  ]) {
    writeFileSync(one, damaged);
    assert.deepEqual(await all(await open()), first);
    assert.deepEqual(readFileSync(one), whole, "written again");
  }
  await all(await open(Resize([2, 3])));
  await all(await open(Grayscale()));
  await all(await open(Resize([2, 2]), 1));
  assert.equal(kept(folder).length, 8);
  writeFileSync(join(root, "a/1.png"), png(4, 3, 99));
  assert.equal(Math.round(255 * (await all(await open())).data[0]), 99);
});

test("a cache holds no more than it may, and makes room when it is opened", async (t: TestContext) => {
  const warnings = t.mock.method(console, "warn", () => {});
  const root = photos();
  const folder = temporaryFolder();
  const small = { folder, maxBytes: 4096 };
  const full = await epochs(await ImageFolder(root, { transform, cache: small }), 2);
  assert.deepEqual(full, await epochs(await ImageFolder(root, { transform }), 2));
  assert.equal(kept(folder).length, 4);
  assert.ok(
    warnings.mock.calls.some(({ arguments: [text] }) =>
      /is full \(4096 bytes\).*maxBytes/.test(String(text)),
    ),
  );
  const others = join(folder, "notes.txt");
  writeFileSync(others, new Uint8Array(9000));
  await ImageFolder(root, { transform, cache: { folder, maxBytes: 400 } });
  assert.ok(kept(folder).length <= 1);
  assert.ok(statSync(others).isFile());
  const memory = await ImageFolder(root, { transform, cache: { where: "memory", maxBytes: 300 } });
  assert.deepEqual(await epochs(memory, 2, 2), full);
});

test("memory is reserved for what the images need, if that is known", () => {
  assert.equal(reserveRoom(10, 100, 1e6)?.pixels.length, 1280);
  assert.equal(reserveRoom(10, 100, 500)?.pixels.length, 500);
  assert.equal(reserveRoom(10, undefined, 5000)?.pixels.length, 5000);
  assert.throws(() => reserveRoom(10, undefined, 2 ** 52), ArgumentError);
});

test("a folder that cannot be written, and options that mean nothing", async () => {
  const root = photos();
  const file = join(tree({ "x.txt": "x" }), "x.txt");
  await assert.rejects(ImageFolder(root, { cache: { folder: join(file, "cache") } }), FileError);
  for (const cache of [
    "ram",
    { where: "ram" },
    { maxBytes: 0 },
    { size: 3 },
    { where: "memory", folder: "x" },
    { folder: "" },
    3,
  ])
    await assert.rejects(ImageFolder(root, { cache: cache as never }), ArgumentError);
});
