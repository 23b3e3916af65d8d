/** Photographs that others published, in folders and lists, against torchvision and Pillow. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { test } from "node:test";
import { unzipSync } from "fflate";
import { DataLoader, ImageFolder, ImageList, stratifiedSplit, transforms } from "../../../src/data/index.ts";
import { allWheels, type PublishedWheel, wheelBytes } from "../../io/formats/published_wheel.ts";
import { temporaryFolder, tree } from "./image_tree.ts";

const { CenterCrop, Compose, RandomResizedCrop, Resize, ToTensor } = transforms;

interface Fixture {
  readonly stamps: {
    readonly version: string;
    readonly classes: string[];
    readonly samples: number;
    readonly samplesSha256: string;
    readonly images: [index: number, name: string, sha256: string][];
  };
  readonly photographs: { readonly wheel: PublishedWheel; readonly images: [name: string, sha256: string][] };
}

const { stamps, photographs }: Fixture = JSON.parse(
  readFileSync("test/fixtures/folders/photographs.json", "utf8"),
);
const sha256 = (data: NodeJS.ArrayBufferView | string) => createHash("sha256").update(data).digest("hex");

/** Debian's package; another version may hold other images. */
const STAMPS = "/usr/share/tuxpaint/stamps";
const absent = existsSync(STAMPS) ? false : "tuxpaint-stamps-default is not installed";

test("stamps with alpha: torchvision's classes and samples, and Pillow's pixels on white", {
  skip: absent,
}, async (t) => {
  t.mock.method(console, "warn", () => {});
  const cache = { folder: temporaryFolder() };
  const dataset = await ImageFolder(STAMPS, { transform: Resize([64, 48]), cache });
  const names = dataset.samples.map(([path, label]) => `${relative(STAMPS, path)} ${label}\n`);
  if (names.length !== stamps.samples) return t.skip(`another version than ${stamps.version}`);
  assert.deepEqual(dataset.classes, stamps.classes);
  assert.equal(sha256(names.join("")), stamps.samplesSha256);
  assert.deepEqual(dataset.unreadable, []);
  for (let again = 0; again < 2; again++) {
    for (const [index, name, expected] of stamps.images) {
      const [{ data }] = await dataset.getBatch([index]);
      assert.equal(sha256(data), expected, name);
    }
  }
});

test("stamps of every size in batches, the same for any number of workers", { skip: absent }, async (t) => {
  t.mock.method(console, "warn", () => {});
  const transform = Compose([RandomResizedCrop(32), ToTensor()]);
  const whole = await ImageFolder(STAMPS, { transform });
  const [part] = stratifiedSplit(whole, [0.1, 0.9], { seed: 4 });
  const hashes: string[] = [];
  for (const numWorkers of [0, 1, 3]) {
    const hash = createHash("sha256");
    const loader = DataLoader(part, { batchSize: 16, shuffle: true, seed: 1, numWorkers });
    for await (const [x, y] of loader) hash.update(await x.data()).update(Float64Array.from(await y.data()));
    await loader.close();
    hashes.push(hash.digest("hex"));
  }
  assert.equal(new Set(hashes).size, 1, `${hashes}`);
});

test("photographs of scikit-image in a list: Pillow's pixels, resized and cropped", {
  skip: allWheels ? false : "CONVOYANT_TEST_WHEELS=all fetches them",
}, async (t) => {
  const bytes = wheelBytes(photographs.wheel);
  if (typeof bytes === "string") return t.skip(bytes);
  const wanted = photographs.images.map(([name]) => `skimage/data/${name}`);
  const files = unzipSync(bytes, { filter: ({ name }) => wanted.includes(name) });
  const lines = photographs.images.map(([name], i) => `in/${name},${i % 2 ? "odd" : "even"}\n`);
  const inside = Object.entries(files).map(([name, data]) => [`in/${basename(name)}`, data] as const);
  const root = tree({ ...Object.fromEntries(inside), "list.csv": `path,label\n${lines.join("")}` });
  const dataset = await ImageList(join(root, "list.csv"), {
    transform: Compose([Resize(256), CenterCrop(224)]),
  });
  for (const [index, [name, expected]] of photographs.images.entries()) {
    const [{ data, shape }] = await dataset.getBatch([index]);
    assert.deepEqual(shape, [1, 3, 224, 224]);
    assert.equal(sha256(data), expected, name);
  }
});
