import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { test } from "node:test";
import { ArgumentError, FileError, ShapeError } from "../../../src/base/errors.ts";
import { findSplits, scanFolder } from "../../../src/data/folders/scan_folder.ts";
import {
  type ArrayBatch,
  DataLoader,
  type ImageFiles,
  ImageFolder,
  transforms,
} from "../../../src/data/index.ts";
import { imageFormat } from "../../../src/io/images/image_format.ts";
import { png, temporaryFolder, tree } from "./image_tree.ts";

const { CenterCrop, Compose, RandomHorizontalFlip, RandomResizedCrop, Resize, ToTensor } = transforms;

interface Fixture {
  readonly files: Record<string, string>;
  readonly expected: {
    readonly classes: string[];
    readonly classToIdx: Record<string, number>;
    readonly samples: [string, number][];
    readonly transformed: Record<string, { shape: number[]; sha256: string }[]>;
  };
}

const fixture: Fixture = JSON.parse(readFileSync("test/fixtures/folders/folder.json", "utf8"));

function fixtureFolder(): string {
  const entries = Object.entries(fixture.files);
  return tree(Object.fromEntries(entries.map(([name, data]) => [name, Buffer.from(data, "base64")])));
}

const namesOf = (dataset: ImageFiles, root: string) =>
  dataset.samples.map(([path, label]) => [path.slice(root.length + 1).replaceAll(sep, "/"), label]);

test("classes, labels and samples are those of torchvision's ImageFolder", async () => {
  const root = fixtureFolder();
  const dataset = await ImageFolder(root);
  const { classes, classToIdx, samples } = fixture.expected;
  assert.deepEqual(dataset.classes, classes);
  assert.deepEqual({ ...dataset.classToIdx }, classToIdx);
  assert.deepEqual(namesOf(dataset, root), samples);
  assert.deepEqual(
    dataset.targets,
    samples.map(([, label]) => label),
  );
  assert.equal(dataset.length, samples.length);
  assert.deepEqual(dataset.unreadable, []);
  const skipped = dataset.skipped.map(({ path }) => path.slice(root.length + 1)).sort();
  assert.deepEqual(skipped, ["Zebra/data.csv", "cat/notes.txt", "readme.md"]);
  assert.equal(`${dataset}`, "ImageFolder(12 images, 6 classes)");
});

test("decoded and resized images are torchvision's bit for bit", async () => {
  const root = fixtureFolder();
  const pipelines = { resize: Resize([16, 20]), shorter: Compose([Resize(18), CenterCrop(12)]) };
  for (const [name, transform] of Object.entries(pipelines)) {
    const dataset = await ImageFolder(root, { transform });
    for (const [i, expected] of fixture.expected.transformed[name].entries()) {
      const [{ data, shape, dtype }] = await dataset.getBatch([i]);
      assert.deepEqual([dtype, shape], ["uint8", [1, ...expected.shape]]);
      const sha256 = createHash("sha256").update(data).digest("hex");
      assert.equal(sha256, expected.sha256, `${name} ${dataset.samples[i][0]}`);
    }
  }
});

test("hidden, system and other files are skipped; unreadable images are listed with the reason", async () => {
  const root = tree({
    "a/1.png": png(),
    "a/.2.png": png(),
    "a/Thumbs.db": "x",
    "a/empty.jpg": "",
    "a/text.png": "hello",
    "a/iphone.HEIC": Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic")]),
    "a/photo": png(),
    "b/1.png": png(),
    ".git/c/1.png": png(),
    "__MACOSX/a/1.png": png(),
    "loose.png": png(),
  });
  symlinkSync(join(root, "nowhere"), join(root, "b/broken.png"));
  const { images, classes, unreadable, skipped, looseImages } = await scanFolder(root);
  assert.deepEqual(classes, ["a", "b"]);
  assert.deepEqual(
    images.map(({ name, label, bytes, format }) => [name, label, bytes, format]),
    [
      ["a/1.png", 0, png().length, "PNG"],
      ["b/1.png", 1, png().length, "PNG"],
    ],
  );
  const reasons = (list: readonly { path: string; reason: string }[]) =>
    Object.fromEntries(list.map(({ path, reason }) => [path.slice(root.length + 1), reason]));
  const bad = reasons(unreadable);
  assert.deepEqual(Object.keys(bad).sort(), ["a/empty.jpg", "a/iphone.HEIC", "a/text.png", "b/broken.png"]);
  assert.match(bad["a/iphone.HEIC"], /HEIC.*convert it/);
  assert.match(bad["a/empty.jpg"], /is empty/);
  assert.match(bad["b/broken.png"], /leads nowhere/);
  const others = reasons(skipped);
  assert.deepEqual(Object.keys(others).sort(), [
    ".git",
    "__MACOSX",
    "a/.2.png",
    "a/Thumbs.db",
    "a/photo",
    "loose.png",
  ]);
  assert.match(others["a/.2.png"], /hidden/);
  assert.match(others["a/photo"], /rename it/);
  assert.equal(looseImages, 1);
});

test("links are followed, and those that lead in a circle end", async () => {
  const root = tree({ "a/1.png": png(), "a/more/2.png": png(), "b/3.png": png() });
  const elsewhere = tree({ "4.png": png(), "deep/5.png": png() });
  symlinkSync(root, join(root, "a/whole"));
  symlinkSync(join(root, "a"), join(root, "a/more/self"));
  symlinkSync(join(root, "a/more"), join(root, "a/again"));
  symlinkSync(elsewhere, join(root, "b/linked"));
  symlinkSync(elsewhere, join(elsewhere, "deep/up"));
  symlinkSync(join(root, "b"), join(elsewhere, "deep/back"));
  symlinkSync(join(root, "b/3.png"), join(root, "b/same.png"));
  const { images, skipped } = await scanFolder(root);
  assert.deepEqual(
    images.map(({ name }) => name),
    ["a/1.png", "a/more/2.png", "b/3.png", "b/same.png", "b/linked/4.png", "b/linked/deep/5.png"],
  );
  assert.equal(skipped.length, 5);
  for (const { reason } of skipped) assert.match(reason, /symbolic link to .* counted already or holds/);
});

test("class names in any language: Unicode's two forms are one class", async () => {
  const composed = "caf\u00e9";
  const decomposed = "cafe\u0301";
  const one = await ImageFolder(tree({ [`${decomposed}/1.png`]: png(), "\u732b/1.png": png() }));
  assert.deepEqual(one.classes, [composed, "\u732b"]);
  const both = tree({ [`${decomposed}/1.png`]: png(), [`${composed}/1.png`]: png() });
  await assert.rejects(ImageFolder(both), (error: Error) => {
    assert.ok(error instanceof FileError);
    assert.match(error.message, /two folders for the class caf\u00e9.*U\+0065 U\+0301/);
    return true;
  });
});

test("parts of a data set are recognised and have the training images' labels", async () => {
  const root = tree({
    "train/a/1.png": png(),
    "train/b/1.png": png(),
    "train/c/1.png": png(),
    "valid/a/1.png": png(),
    "valid/c/1.png": png(),
    "test/1.png": png(),
  });
  assert.deepEqual(
    findSplits(root).map(({ split, folder }) => [split, folder]),
    [
      ["train", "train"],
      ["val", "valid"],
      ["test", "test"],
    ],
  );
  await assert.rejects(
    ImageFolder(root),
    (e: Error) => e instanceof ArgumentError && /train\/, valid\/, test\/.*split: "train"/.test(e.message),
  );
  assert.deepEqual((await ImageFolder(root, { split: "train" })).classes, ["a", "b", "c"]);
  await assert.rejects(ImageFolder(root, { split: "val" }), /no image of class b/);
  const val = await ImageFolder(root, { split: "val", allowEmpty: true });
  assert.deepEqual(
    [val.classes, val.targets],
    [
      ["a", "b", "c"],
      [0, 2],
    ],
  );
  await assert.rejects(ImageFolder(root, { split: "test" }), /1 image but no class folders/);
  await assert.rejects(ImageFolder(root, { split: "dev" }), /no part "dev"; its parts are train/);
  mkdirSync(join(root, "valid/z"));
  writeFileSync(join(root, "valid/z/1.png"), png());
  await assert.rejects(ImageFolder(root, { split: "valid" }), /folder z, which is not one of the classes/);
  const classes = tree({ "train/1.png": png(), "car/1.png": png(), "bus/1.png": png() });
  assert.deepEqual((await ImageFolder(classes)).classes, ["bus", "car", "train"]);
  await assert.rejects(ImageFolder(classes, { split: "train" }), /leave out `split`/);
  const called = tree({ "train/1.png": png(), "test/1.png": png() });
  await assert.rejects(ImageFolder(called), /split: null/);
  assert.deepEqual((await ImageFolder(called, { split: null })).classes, ["test", "train"]);
});

test("folders that no classifier can be trained with are refused with advice", async () => {
  const cases: [Record<string, Uint8Array | string>, RegExp][] = [
    [{ "1.png": png(), "2.png": png() }, /2 images but no class folders.*ImageList/],
    [{ "notes.txt": "x" }, /holds no class folders; expected a folder for each class/],
    [{ "a/1.png": png() }, /one class only, a; .*name the folder above/],
    [{ "all/a/1.png": png(), "all/b/1.png": png() }, /one class only, all; .*its own folders \(a, b\)/],
    [{ "a/1.png": png(), "b/x.txt": "x" }, /no image of class b; add images, .*allowEmpty: true/],
    [
      { "a/1.png": png(), "b/1.png": "x", "b/2.png": "y" },
      /no image of class b \(2 images cannot be read, .*b\/1\.png/,
    ],
  ];
  for (const [files, message] of cases) {
    await assert.rejects(
      ImageFolder(tree(files)),
      (e: Error) => e instanceof FileError && message.test(e.message),
    );
  }
  const missing = join(temporaryFolder(), "missing");
  await assert.rejects(
    ImageFolder(missing),
    (e: Error) => e instanceof FileError && e.message.includes(missing),
  );
  const file = join(tree({ "a.png": png() }), "a.png");
  await assert.rejects(ImageFolder(file), /is a file; expected a folder/);
  await assert.rejects(ImageFolder(3 as never), ArgumentError);
  await assert.rejects(ImageFolder(".", { spilt: "train" } as never), /did you mean `split`/);
  await assert.rejects(ImageFolder(".", { channels: 2 as never }), ArgumentError);
  await assert.rejects(ImageFolder(".", { decoder: "fast" as never }), ArgumentError);
});

test("a folder without permission is listed, not fatal", async (t) => {
  if (process.getuid?.() === 0 || process.platform === "win32")
    return t.skip("needs a user whom permissions stop");
  const root = tree({ "a/1.png": png(), "a/closed/2.png": png(), "b/1.png": png() });
  chmodSync(join(root, "a/closed"), 0);
  const { images, unreadable } = await scanFolder(root);
  chmodSync(join(root, "a/closed"), 0o700);
  assert.equal(images.length, 2);
  assert.match(unreadable[0].reason, /permission denied/);
});

test("an image that fails when it is decoded is named", async () => {
  const damaged = png().slice();
  damaged[45] ^= 0xff;
  const root = tree({ "a/good.png": png(), "a/bad.png": damaged, "b/1.png": png() });
  const dataset = await ImageFolder(root);
  assert.equal(dataset.length, 3);
  await assert.rejects(
    async () => dataset.get(0),
    (e: Error) => e instanceof FileError && e.message.includes(join("a", "bad.png")),
  );
  const loader = DataLoader(dataset, { batchSize: 3, numWorkers: 1 });
  await assert.rejects(loader[Symbol.asyncIterator]().next(), /bad\.png cannot be read/);
  await loader.close();
});

test("images of one batch that differ in size are named, with the remedy", async () => {
  const dataset = await ImageFolder(tree({ "a/1.png": png(4, 3), "b/2.png": png(5, 3) }));
  for (const numWorkers of [0, 1]) {
    const loader = DataLoader(dataset, { batchSize: 2, numWorkers });
    await assert.rejects(loader[Symbol.asyncIterator]().next(), (error: Error) => {
      assert.ok(error instanceof ShapeError);
      assert.match(error.message, /1\.png \(4 x 3 pixels.*2\.png \(5 x 3 pixels.*Resize\(\[224, 224\]\)/);
      return true;
    });
    await loader.close();
  }
});

test("an epoch of random transforms is the same for any number of workers", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`${i % 2 ? "a" : "b"}/${i}.png`, png(8 + i, 20 - i, 10 * i)]),
  );
  const transform = Compose([RandomResizedCrop(6), RandomHorizontalFlip(), ToTensor()]);
  const dataset = await ImageFolder(tree(files), { transform });
  const epochs: unknown[] = [];
  for (const numWorkers of [0, 1, 2, 3]) {
    const loader = DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 5, numWorkers });
    const seen: unknown[] = [];
    for (let epoch = 0; epoch < 2; epoch++)
      for await (const [x, y] of loader) seen.push([x.shape, await x.data(), await y.tolist()]);
    await loader.close();
    epochs.push(seen);
  }
  assert.equal((epochs[0] as unknown[]).length, 8);
  for (const other of epochs.slice(1)) assert.deepEqual(other, epochs[0]);
});

test("options: grey images, bytes, labels of one's own, a function", async () => {
  const root = tree({ "a/1.png": png(4, 3, 100), "b/2.png": png(4, 3, 200) });
  const grey = await ImageFolder(root, {
    channels: 1,
    transform: null,
    targetTransform: (label) => 5 - label,
  });
  const [images, labels] = await grey.getBatch([1, 0]);
  assert.deepEqual(
    [images.shape, images.dtype, images.data[0], images.data[12]],
    [[2, 1, 3, 4], "uint8", 200, 100],
  );
  assert.deepEqual([...labels.data], [4, 5]);
  const shapes: number[][] = [];
  const own = await ImageFolder(root, {
    transform: (image: ArrayBatch) => {
      shapes.push(image.shape);
      return image;
    },
  });
  const loader = DataLoader(own, { batchSize: 2 });
  for await (const [x, y] of loader)
    assert.deepEqual([x.shape, x.dtype, y.dtype], [[2, 3, 3, 4], "uint8", "int64"]);
  assert.deepEqual(shapes, [
    [1, 3, 3, 4],
    [1, 3, 3, 4],
  ]);
});

test("images that are cut short are left out; what lies behind a whole image does no harm", async () => {
  const { decoded } = JSON.parse(readFileSync("test/fixtures/images/images.json", "utf8"));
  const wanted = ["JPEG", "PNG", "GIF", "BMP", "WebP", "PNM"];
  const files: Record<string, Uint8Array> = { "b/1.png": png() };
  for (const { file } of decoded) {
    const bytes = Buffer.from(file, "base64");
    const format = imageFormat(bytes) as string;
    if (!wanted.includes(format)) continue;
    wanted.splice(wanted.indexOf(format), 1);
    const ending = format === "PNM" ? "ppm" : format.toLowerCase();
    files[`a/whole.${ending}`] = bytes;
    files[`a/longer.${ending}`] = Buffer.concat([bytes, Buffer.from("a film, as phones add them")]);
    files[`a/cut.${ending}`] = bytes.subarray(0, Math.floor((bytes.length * 2) / 3));
  }
  assert.deepEqual(wanted, []);
  const { images, unreadable } = await scanFolder(tree(files));
  const a = images.map(({ name }) => name).filter((name) => name.startsWith("a/"));
  assert.deepEqual(
    a,
    Object.keys(files)
      .filter((name) => /^a\/(whole|longer)/.test(name))
      .sort(),
  );
  assert.equal(unreadable.length, 6);
  for (const { path, reason } of unreadable) assert.match(reason, /cut short/, path);
});
