import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodePng } from "../../src/io/images/encode_png.ts";
import { png, tree } from "../data/folders/image_tree.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const cli = (...args: string[]) => convoyantHere(args, { cwd: folder });

/** Images of a level each. */
function images(levels: Readonly<Record<string, number>>, count: number): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(levels).flatMap(([name, level]) =>
      Array.from({ length: count }, (_, i) => {
        const data = Uint8Array.from({ length: 3 * 40 * 40 }, (_, k) => level + ((k * (i + 3)) % 23));
        return [`photos/${name}/${i}.png`, encodePng({ width: 40, height: 40, channels: 3, data })] as const;
      }),
    ),
  );
}

tree({ ...images({ dark: 20, light: 200 }, 6), "photos/dark/notes.txt": "none" }, folder);

const QUICK = [
  "--from",
  "scratch",
  "--model",
  "squeezenet1-1",
  "--resize",
  "32",
  "--engine",
  "wasm",
  "--threads",
  "1",
];

test("train takes a folder, says in three lines what it chose, and leaves a classifier", async () => {
  const { code, stdout, stderr } = await cli(
    "train",
    "./photos",
    ...QUICK,
    "--epochs",
    "1",
    "--out",
    "first",
  );
  assert.equal(code, 0, stderr);
  const [first, second, third, fourth, fifth] = stdout.split("\n");
  assert.match(first, /^images: 12 in 2 classes \(6 each\): 10 to train on, 2 to judge by \(--val-split/);
  assert.match(second, /^network: squeezenet1-1 from scratch, images of 32 x 32 \(--from/);
  assert.match(third, /^training: 1 epoch of all layers, one cycle .*light augmentation.* \(--epochs/);
  assert.match(fourth, /^left out: 1 file \(.*notes\.txt: not an image\)/);
  assert.equal(fifth, "run: first");
  assert.match(stdout, /report: first\/report\.html/);
  for (const name of ["best.safetensors", "report.html", "results.json", "photos.json"])
    assert.ok(existsSync(join(folder, "first", name)), name);
});

test("with --json each line is an event, and the run is known to the other commands", async () => {
  const { code, events, stderr } = await cli(
    "train",
    "photos",
    ...QUICK,
    "--epochs",
    "1",
    "--out",
    "second",
    "--json",
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(events[0].classes, ["dark", "light"]);
  assert.deepEqual(events[0].images, { train: 10, val: 2, test: 0 });
  assert.deepEqual(
    [...new Set(events.map(({ event }) => event))],
    ["start", "left out", "checkpoint", "point", "end"],
  );
  const end = events.at(-1) as Record<string, any>;
  assert.deepEqual([end.run, end.outcome, end.testAccuracy], ["second", "finished", null]);
  const listed = await cli("runs", "--in", ".", "--json");
  assert.deepEqual(
    listed.events.filter(({ event }) => event === "run").map(({ run, state }) => [run, state]),
    [
      ["first", "finished"],
      ["second", "finished"],
    ],
  );
  // What judged its epochs is called what it is.
  const table = await cli("runs", "--in", ".");
  assert.match(table.stdout, /best val/);
  assert.doesNotMatch(table.stdout, /best test/);
  assert.match((await cli("runs", "show", "second")).stdout, /^validation accuracy +\d.* \(epoch \d+, /m);
  const evaluated = await cli("eval", "second", "--engine", "wasm", "--json");
  assert.equal(evaluated.code, 0, evaluated.stderr);
  assert.equal(evaluated.events.at(-1)?.examples, 2);
  assert.equal(evaluated.events.at(-1)?.testAccuracy, end.valAccuracy);
  const exported = await cli("export", "second", "-o", "second.onnx", "--json");
  assert.equal(exported.code, 0, exported.stderr);
  assert.deepEqual(exported.events.at(-1)?.classes, ["dark", "light"]);
});

test("a run goes on when images were removed, and says so", async () => {
  rmSync(join(folder, "photos/light/0.png"));
  const { code, stdout, stderr } = await cli("train", "--resume", "second");
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /since the run began: 1 image removed \(light\/0\.png\); the split of the 11 images that stayed is kept/,
  );
  assert.match(stdout, /validation: accuracy/);
  assert.ok(readFileSync(join(folder, "second/photos.json"), "utf8").includes("light/1.png"));
});

test("what does not belong together gets one clear error", async () => {
  writeFileSync(join(folder, "photo.png"), png());
  const cases: [string[], number, RegExp][] = [
    [
      ["train", "./missing"],
      1,
      /there is no \.\/missing; name a folder that holds a folder of images for each class/,
    ],
    [["train", "photo.png"], 1, /photo\.png is neither a folder nor a \.csv list/],
    [
      ["train", "photos", "--momentum", "0.9"],
      2,
      /--momentum is for the networks and data sets of the chapter/,
    ],
    [["train", "photos", "--weights", "first"], 2, /--from names weights to start with/],
    [
      ["train", "lenet", "--augment", "light"],
      2,
      /--augment is for photographs; name their folder in place of a model/,
    ],
    [["train", "--resume", "first", "--epochs", "3"], 2, /goes on with its own settings: omit --epochs/],
    [["train", "photos", ...QUICK, "--out", "first"], 2, /first holds a run already: go on with it/],
    [["compare", "photos", "--set", "lr=0.1"], 2, /compare trains networks of the chapter by their names/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stderr } = await cli(...args);
    assert.match(stderr, message, args.join(" "));
    assert.equal(code, expected, args.join(" "));
  }
});
