import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ConvoyantError } from "../../src/base/errors.ts";
import { compareEntry } from "../../src/experiments/classic/classic_compare.ts";
import { compareSvg, crossingSentence, crossings } from "../../src/experiments/classic/compare_crossings.ts";
import { augmentationsOf, configAtSize } from "../../src/experiments/classic/compare_network.ts";
import { loadClassic } from "../../src/experiments/classic/saved_classic.ts";
import { type ClassicSettingsGiven, refuseUnused } from "../../src/experiments/classic/unused_settings.ts";
import { openImages } from "../../src/experiments/training_parts.ts";
import { root } from "../architecture/sources.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { folderWith, pngBytes } from "./data_files.ts";
import { temporaryFolder } from "./run_cli.ts";
import "../../src/tensor/index.ts";

const SIDE = 32;
const fixtures = join(root, "test/fixtures");

/** Stripes of one direction, moved along by `shift`. */
function stripes(upright: boolean, shift: number): Uint8Array {
  const grey = Array.from({ length: SIDE * SIDE }, (_, i) => {
    const along = upright ? i % SIDE : Math.floor(i / SIDE);
    return ((along + shift) >> 2) % 2 === 0 ? 220 : 30;
  });
  return pngBytes(SIDE, SIDE, grey);
}

/** Twelve images of each class. */
function photos(root: string, classes: readonly string[]): string {
  for (const name of classes) {
    const files = Array.from({ length: 12 }, (_, i) => [`${i}.png`, stripes(name === "upright", i)] as const);
    folderWith(join(root, name), Object.fromEntries(files));
  }
  return root;
}

describe("convoyant classic", () => {
  const data = photos(join(temporaryFolder(), "photos"), ["flat", "upright"]);

  test("trains and tests, and leaves a folder with a model and a report", async () => {
    const out = join(temporaryFolder(), "run");
    const args = ["classic", "--data", data, "--side", "32", "--features", "hog", "--classifier", "rbf-svm"];
    const { code, events, stderr } = await convoyantHere([...args, "--out", out, "--json"]);
    assert.equal(code, 0, stderr);
    const end = events.at(-1) as Record<string, unknown>;
    assert.equal(end.testAccuracy, 1);
    assert.equal(end.features, "hog");
    assert.equal(end.classifier, "rbf-svm");
    assert.ok((end.trainSeconds as number) > 0 && (end.predictPerSecond as number) > 0);
    assert.ok(events.some(({ event, phase }) => event === "progress" && phase === "training"));
    const page = readFileSync(join(out, "report.html"), "utf8");
    for (const heading of ["Confusion matrix", "What HOG sees", "To repeat it"])
      assert.ok(page.includes(heading), heading);
    const record = JSON.parse(readFileSync(join(out, "classic.json"), "utf8"));
    assert.equal(record.results.testAccuracy, 1);
    const saved = await loadClassic(join(out, "model.safetensors"), "hog");
    assert.deepEqual(saved.classes, ["flat", "upright"]);
    await assert.rejects(loadClassic(join(out, "model.safetensors"), "pixels"), {
      name: "ArgumentError",
      message: /is a model of the features hog, not of pixels/,
    });
  });

  test("images of every kind are trained on, what is none is named and counted", async () => {
    const folder = photos(join(temporaryFolder(), "kinds"), ["flat", "upright"]);
    const read = (name: string) => JSON.parse(readFileSync(join(fixtures, "images", `${name}.json`), "utf8"));
    const pngs: { name: string; png: string }[] = read("png");
    const png = (kind: string) =>
      Buffer.from(pngs.find(({ name }) => name.startsWith(kind))?.png as string, "base64");
    const decoded: { name: string; file: string }[] = read("images").decoded;
    const cmyk = decoded.find(({ name }) => name.includes("CMYK"))?.file as string;
    const stripe = stripes(true, 0);
    folderWith(join(folder, "upright"), {
      "16bit.png": png("colour 2, 16 bit"),
      "palette.png": png("colour 3, 8 bit"),
      "alpha.png": png("colour 6, 8 bit"),
      "cmyk.jpg": Buffer.from(cmyk, "base64"),
      "one.png": pngBytes(1, 1, [77]),
      "wide.png": pngBytes(30_000, 33, new Uint8Array(990_000).fill(99)),
      "cut.png": stripe.subarray(0, stripe.length - 40),
      "none.png": "not an image",
    });
    const args = ["classic", "--data", folder, "--side", "80", "--features", "surf+hog", "--words", "3"];
    const out = join(temporaryFolder(), "kinds-run");
    const { code, events, stderr } = await convoyantHere([...args, "--out", out, "--json"]);
    assert.equal(code, 0, stderr);
    for (const name of ["cut.png", "none.png"]) assert.match(stderr, new RegExp(`left out: .*${name}`));
    assert.match(stderr, /2 files could not be read, and were left out/);
    assert.equal(events.at(-1)?.unreadable, 2);
    const page = readFileSync(join(out, "report.html"), "utf8");
    for (const heading of ["What HOG sees", "Key points of SURF", "Visual words of surf"])
      assert.ok(page.includes(heading), heading);
  });

  test("bad input is named, and nothing is written", async () => {
    const one = photos(join(temporaryFolder(), "one"), ["upright"]);
    const empty = photos(join(temporaryFolder(), "empty"), ["flat", "upright"]);
    mkdirSync(join(empty, "void"));
    const cases: [args: string[], message: RegExp][] = [
      [["--data", one], /one holds one class only, upright; a classifier needs two or more/],
      [["--data", empty], /void/],
      [["--features", "hogg"], /hogg.*did you mean `hog`/],
      [["--classifier", "svm"], /svm/],
      [["--C", "0"], /expected a number above 0, got "0"/],
      [
        ["--data", data, "--side", "32", "--features", "sift", "--words", "60000"],
        /expected at least as many descriptors as words, got \d+ descriptors of 19 images for 60000 words/,
      ],
      [["--data", data, "--train-size", "1000"], /training images; 1000 were asked for/],
      [
        ["--data", "/nonexistent"],
        /there is neither a data set nor a folder \/nonexistent; expected one of the data sets .*fashion-mnist.*, or a folder/,
      ],
      [["--encoding", "vlad"], /--encoding has no effect on --features hog, which have no visual words/],
      [
        ["--classifier", "knn", "--C", "2"],
        /--C has no effect on --classifier knn: leave it out, or choose /,
      ],
    ];
    for (const [args, message] of cases) {
      const out = join(temporaryFolder(), "none");
      const { code, stderr } = await convoyantHere(["classic", ...args, "--out", out]);
      assert.ok(code === 1 || code === 2, `${args.join(" ")}: ${code}`);
      assert.match(stderr, message);
      assert.equal(existsSync(out), false);
    }
  });

  test("settings that would have no effect are refused, in words of the command's options", async () => {
    const file = join(temporaryFolder(), "photo.png");
    writeFileSync(file, stripes(true, 0));
    const usual = { features: "hog", classifier: "rbf-svm", data: "fashion-mnist" };
    const cases: [given: Partial<ClassicSettingsGiven>, message: RegExp][] = [
      [
        { words: 64 },
        /^--words has no effect on --features hog, .* or choose sift, dense-sift, daisy, surf$/,
      ],
      [{ features: "pixels+hog", pyramid: 1 }, /^--pyramid has no effect on --features pixels\+hog/],
      [
        { features: "daisy", encoding: "soft" },
        /^--encoding has no effect without --words: .*add --words 256/,
      ],
      [{ classifier: "linear-svm", gamma: 1 }, /--gamma has no effect .* choose rbf-svm, chi2-svm$/],
      [{ classifier: "intersection-svm", gamma: 1 }, /--gamma has no effect/],
      [{ side: 64 }, /^--side has no effect on fashion-mnist, whose images have one size/],
      [{ data, dataDir: "." }, /^--data-dir has no effect on the folder .*photos/],
      [
        { data: "fashion-mnits" },
        /neither a data set nor a folder fashion-mnits; did you mean `fashion-mnist`/,
      ],
      [{ data: file }, /photo.png is a file; expected one of the data sets/],
    ];
    for (const [given, message] of cases)
      await assert.rejects(refuseUnused({ ...usual, ...given }), { name: "ArgumentError", message });
    const fine: Partial<ClassicSettingsGiven>[] = [
      ...[{}, { C: 2, gamma: 1 }, { features: "hog+sift", encoding: "vlad" as const, pyramid: 2 }],
      ...[
        { features: "dense-sift", words: 8, encoding: "fisher" as const },
        { data, side: 64 },
        { dataDir: "." },
      ],
      { features: "pixels+dense-sift", words: 8, pyramid: 1 },
    ];
    for (const given of fine) await refuseUnused({ ...usual, ...given });
  });

  test("compares pipelines over sizes and draws them", async () => {
    const file = join(temporaryFolder(), "compare.svg");
    const args = ["classic", "compare", "pixels:softmax", "hog:knn", "--data", data, "--side", "32"];
    const { code, events, stderr } = await convoyantHere([...args, "--sizes", "12,18", "-o", file, "--json"]);
    assert.equal(code, 0, stderr);
    const end = events.at(-1) as { points: { name: string; size: number }[] };
    assert.deepEqual(
      end.points.map(({ name, size }) => `${name} ${size}`),
      ["pixels:softmax 12", "pixels:softmax 18", "hog:knn 12", "hog:knn 18"],
    );
    assert.match(readFileSync(file, "utf8"), /<svg/);
  });
});

describe("where learned features overtake", () => {
  const point = (name: string, learned: boolean, size: number, testAccuracy: number) => ({
    ...{ name, learned, size, testAccuracy },
    ...{ trainSeconds: 1, predictPerSecond: 1, modelBytes: 1 },
  });
  const points = [
    ...[point("hog", false, 100, 0.8), point("hog", false, 1000, 0.85), point("hog", false, 10_000, 0.9)],
    // The best pipeline counts at each size.
    ...[point("pixels", false, 100, 0.7), point("pixels", false, 10_000, 0.95)],
    ...[point("lenet", true, 100, 0.7), point("lenet", true, 1000, 0.8), point("lenet", true, 10_000, 1)],
    ...[point("late", true, 100, 0.9), point("late", true, 1000, 0.8), point("late", true, 10_000, 0.94)],
    ...[point("first", true, 100, 0.8), point("first", true, 1000, 0.9), point("first", true, 10_000, 0.97)],
    point("run", true, 10_000, 0.5),
  ];

  test("for good, between two sizes on a logarithmic scale; or nowhere, or from the first size on", () => {
    assert.deepEqual(crossings(points), [
      // Behind by 0.05 at 1,000, ahead by 0.05 at 10,000.
      { network: "lenet", pipeline: "pixels", size: 3162, isAlwaysAhead: false },
      { network: "late", pipeline: "pixels", size: null, isAlwaysAhead: false },
      { network: "first", pipeline: "hog", size: 100, isAlwaysAhead: true },
      { network: "run", pipeline: "pixels", size: null, isAlwaysAhead: false },
    ]);
  });

  test("a sentence says so, and the drawing marks the crossing alone", () => {
    assert.deepEqual(crossings(points).map(crossingSentence), [
      "lenet overtakes pixels at about 3,162 training images (interpolated between two sizes, on a logarithmic scale).",
      "late does not overtake pixels within these sizes.",
      "first is ahead of hog at every size.",
      "run does not overtake pixels within these sizes.",
    ]);
    const drawing = compareSvg(points, "Accuracy");
    assert.match(drawing, /lenet overtakes at 3,162/);
    assert.doesNotMatch(drawing, /(late|first|run) overtakes/);
  });
});

describe("how a network of a comparison is trained", () => {
  const of = { data: "fashion-mnist", epochs: 10, seed: 3 };

  test("as the chapter does, with as many steps at every size", () => {
    const lenet = compareEntry("lenet");
    assert.ok(lenet.kind === "network");
    const { lr, optimizer, epochs, batchSize } = configAtSize(lenet, 6000, 60_000, of);
    assert.deepEqual(
      { lr, optimizer, epochs, batchSize },
      { lr: 0.9, optimizer: "sgd", epochs: 100, batchSize: 256 },
    );
  });

  test("or by a recipe", () => {
    const text =
      "lenet,activation=relu,batchNorm=true,optimizer=adam,lr=0.002,scheduler=step:stepSize=5,epochs=4";
    const one = compareEntry(text);
    assert.ok(one.kind === "network");
    const config = configAtSize(one, 100, 1000, of);
    assert.equal(one.name, text);
    assert.deepEqual(config.network, { activation: "relu", batchNorm: true });
    assert.deepEqual(config.scheduler, { name: "step", options: { stepSize: 5 } });
    const { epochs, optimizer, lr, batchSize, seed } = config;
    assert.deepEqual(
      { epochs, optimizer, lr, batchSize, seed },
      { epochs: 40, optimizer: "adam", lr: 0.002, batchSize: 100, seed: 3 },
    );
  });

  test("a recipe may change images at random, and have fewer steps at small sizes", async () => {
    const recipe = "resnet9,width=8,lr=0.2,scheduler=onecycle,augment=crop+flip,growth=0.5,epochs=10";
    const one = compareEntry(recipe);
    assert.ok(one.kind === "network");
    assert.deepEqual(one.augment, ["crop", "flip"]);
    const config = configAtSize(one, 600, 60_000, of);
    assert.deepEqual(config.network, { width: 8 });
    // Ten times as many epochs for a hundredth of the images.
    assert.equal(config.epochs, 100);
    assert.equal(config.scheduler?.options.epochs, 100);
  });

  test("random changes move images by up to a fourteenth of their side and mirror them", async () => {
    const image = Uint8Array.from({ length: 14 * 14 }, (_, i) => i);
    const images = { data: image, shape: [1, 1, 14, 14], dtype: "uint8" as const };
    const labels = { data: Int32Array.of(0), shape: [1], dtype: "int64" as const };
    const set = { locate: async () => ({ images, labels }), classes: ["a"] } as never;
    const open = async (augment: readonly string[], seed: number) => {
      const opened = await openImages(
        set,
        true,
        { resize: null, dataDir: null },
        () => {},
        augmentationsOf(augment),
      );
      const [batch] = await opened.getBatch([0], { seed, epoch: 0 });
      return Array.from(batch.data, (value) => Math.round(Number(value) * 255));
    };
    const plain = Array.from(image);
    assert.deepEqual(await open([], 0), plain);
    const mirrored = plain.map((_, i) => plain[i - (i % 14) + 13 - (i % 14)]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const flipped = await open(["flip"], seed);
      const isPlain = String(flipped) === String(plain);
      assert.deepEqual(flipped, isPlain ? plain : mirrored);
      seen.add(String(isPlain));
      const moved = await open(["crop"], seed);
      const places = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx]));
      const fits = places.filter(([dy, dx]) =>
        moved.every((value, i) => {
          const [y, x] = [Math.floor(i / 14) + dy, (i % 14) + dx];
          return value === (y < 0 || x < 0 || y > 13 || x > 13 ? 0 : plain[14 * y + x]);
        }),
      );
      assert.equal(fits.length, 1);
      seen.add(String(fits[0]));
    }
    assert.ok(seen.has("true") && seen.has("false") && seen.size > 4, [...seen].join(" "));
  });

  test("what cannot be is named before anything is trained", () => {
    const cases: [text: string, message: RegExp][] = [
      ["lenet,activaton=relu", /lenet has no setting activaton; did you mean `activation`/],
      ["lenet,relu", /expected <network>,name=value,name=value, got "lenet,relu"/],
      ["lenet,scheduler=cosin", /cosin/],
      ["lenet,augment=crop+turn", /expected augment=crop\+flip, or one of them, got "crop\+turn"/],
      [
        "lenet,growth=2",
        /expected growth from 0 \(as many epochs at every size\) to 1 \(as many steps\), got "2"/,
      ],
      [
        "lenett",
        /expected <features>:<classifier>, a network as <name> or <name>,setting=value, or a run's folder/,
      ],
    ];
    for (const [text, message] of cases)
      assert.throws(() => compareEntry(text), { name: "ArgumentError", message }, text);
    for (const text of ["lenet,activation=none", "lenet,lr=fast", "resnet18"]) {
      const one = compareEntry(text);
      assert.ok(one.kind === "network");
      assert.throws(() => configAtSize(one, 100, 1000, of), ConvoyantError, text);
    }
  });
});
