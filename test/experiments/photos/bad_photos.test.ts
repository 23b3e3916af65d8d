/** What cannot be trained on gets one clear error, before a folder is made for the run. */
import assert from "node:assert/strict";
import { existsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { resumePhotos, trainPhotos } from "../../../src/experiments/index.ts";
import { models, save, stopEngine } from "../../../src/index.ts";
import { png, temporaryFolder, tree } from "../../data/folders/image_tree.ts";
import { COLOURS, noisyPng, photoFolder, SMALL } from "./photo_folder.ts";

after(() => stopEngine());

const runs = temporaryFolder();
const good = photoFolder({ green: 4, red: 4 });

/** @param options - beside those of the small network. */
async function refused(photos: string, expected: RegExp, options: object = {}, name?: string): Promise<void> {
  const out = join(runs, "refused");
  await assert.rejects(trainPhotos(photos, { ...SMALL, out, ...options }), (error: Error) => {
    assert.match(error.message, expected);
    assert.match(
      error.name,
      name === undefined ? /^(FileError|ArgumentError|StateDictError)$/ : new RegExp(name),
    );
    return true;
  });
  assert.equal(existsSync(out), false);
}

test("folders that no classifier can be trained on", async () => {
  await refused(join(runs, "missing"), /there is no .*missing; name a folder/);
  await refused(photoFolder({ green: 5 }), /holds one class only, green; a classifier needs two or more/);
  await refused(
    tree({
      "cat/1.png": noisyPng(COLOURS.red, 1),
      "cat/2.png": noisyPng(COLOURS.red, 2),
      "dog/1.png": noisyPng(COLOURS.green, 1),
    }),
    /holds 3 images in all, in 2 classes; every class needs one image to train on and another to check with/,
  );
  await refused(
    tree({
      "cat/1.png": noisyPng(COLOURS.red, 1),
      "cat/2.png": noisyPng(COLOURS.red, 2),
      "cat/3.png": noisyPng(COLOURS.red, 3),
      "dog/1.png": noisyPng(COLOURS.green, 1),
    }),
    /has one image only of the class dog \(dog\/1\.png\)/,
  );
  await refused(
    tree({
      "cat/1.png": noisyPng(COLOURS.red, 1),
      "cat/2.png": noisyPng(COLOURS.red, 2),
      "dog/readme.txt": "none",
    }),
    /has no image of class dog; add images, or remove the folder/,
  );
  await refused(
    tree({ "val/a/1.png": png(), "test/a/1.png": png() }),
    /no folder train\/ of images to train on/,
  );
});

test("images without variation", async () => {
  const same = png(20, 20, 90);
  const files = Object.fromEntries(["a/1", "a/2", "b/1", "b/2"].map((name) => [`${name}.png`, same]));
  await refused(tree(files), /all 4 images are the same, pixel for pixel \(as a\/1\.png\)/);
  const notes: string[] = [];
  const flat = photoFolder({ green: 4, red: 4 });
  writeFileSync(join(flat, "red", "flat.png"), same);
  const out = join(runs, "flat");
  await trainPhotos(flat, {
    ...SMALL,
    settings: { ...SMALL.settings, epochs: 1 },
    out,
    onNote: (text) => notes.push(text),
  });
  assert.match(notes.join("\n"), /1 image of one level without any variation, such as red\/flat\.png/);
});

test("networks and weights that do not fit", async () => {
  await refused(good, /--from nothing: it is neither a network that is known by name, nor a file/, {
    from: "nothing",
  });
  await refused(good, /lenet takes images of one channel, and photographs have three/, {
    from: "lenet",
    model: null,
  });
  const other = join(runs, "other.safetensors");
  await save(models.create("lenet").stateDict(), other);
  await refused(good, /does not say which network its weights belong to; name it with --model/, {
    from: other,
    model: null,
  });
  await refused(good, /its weights do not fit small-photo-net: \d+ of the network's tensors are missing/, {
    from: other,
  });
});

test("weights for other classes get a new head, and a word about it", async () => {
  const path = join(runs, "seven.safetensors");
  await save(models.create("small-photo-net", { numClasses: 2 }).stateDict(), path);
  const notes: string[] = [];
  const three = photoFolder({ green: 4, red: 4, violet: 4 });
  const options = { ...SMALL, from: path, settings: { ...SMALL.settings, epochs: 1, freezeEpochs: 1 } };
  const trained = await trainPhotos(three, {
    ...options,
    out: join(runs, "seven"),
    onNote: (text) => notes.push(text),
  });
  assert.equal(trained.val?.confusion.length, 3);
  assert.match(
    notes.join("\n"),
    /is for 2 classes, and the photographs have 3: its last layer \(fc\) is replaced by a new one/,
  );
});

test("weights that are larger than the memory are not read", async () => {
  const path = join(runs, "huge.safetensors");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 42);
  await refused(
    good,
    /it has 4 TiB, and this machine has .* of memory; use a smaller network/,
    { from: path },
    "FileError",
  );
});

test("settings out of their range, and runs that are none", async () => {
  const shares = { ...SMALL.settings, valSplit: 0.6, testSplit: 0.5 };
  await refused(good, /leave no images to train on/, { settings: shares });
  await refused(good, /epochs is not as expected/, { settings: { ...SMALL.settings, epochs: -1 } });
  await assert.rejects(resumePhotos(good), /is not a run on photographs/);
  const broken = tree({ "photos.json": "{" });
  await assert.rejects(resumePhotos(broken), /photos\.json is damaged/);
});
