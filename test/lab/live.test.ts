/** `train --lab`: what a page is told of a training of the command line, from its start to its end. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodePng } from "../../src/io/images/encode_png.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "../cli/run_cli.ts";
import { tree } from "../data/folders/image_tree.ts";

const page = fileURLToPath(new URL("../../lab/index.html", import.meta.url));
const skip = existsSync(page) ? false : "the Lab has not been built: npm run lab:build";
const folder = temporaryFolder();

interface Told {
  readonly stderr: string;
  readonly code: number | null;
  /** Of the page's list of what is there, when the training began. */
  readonly folders: readonly { readonly name: string }[];
  readonly events: readonly (readonly [string, any])[];
}

/** Trains, and listens as the page does until the training's process ends. */
async function trainTold(...args: string[]): Promise<Told> {
  let told: Promise<Pick<Told, "folders" | "events">> | null = null;
  const onLine = (line: string) => {
    const [, url] = /^watch it learn: (\S+)$/.exec(line) ?? [];
    if (url !== undefined) told = listen(url);
  };
  const options = ["--engine", "wasm", "--threads", "1", "--lab", "0", ...args];
  const { code, stderr } = await convoyant(["train", ...options], { cwd: folder, onLine });
  assert.ok(told, stderr);
  return { code, stderr, ...(await (told as Promise<Pick<Told, "folders" | "events">>)) };
}

async function listen(url: string): Promise<Pick<Told, "folders" | "events">> {
  const [list, stream] = await Promise.all([fetch(`${url}lab.json`), fetch(`${url}lab/live`)]);
  const { folders } = (await list.json()) as Told;
  const events = (await stream.text())
    .split("\n\n")
    .filter(Boolean)
    .map((text) => {
      const [, name, json] = /^event: (.*)\ndata: (.*)$/s.exec(text) ?? [];
      return [name, JSON.parse(json)] as const;
    });
  return { folders, events };
}

const named = ({ events }: Told, name: string) =>
  events.filter(([each]) => each === name).map(([, what]) => what);

test("a network of the chapter: names of the classes, points, confusion matrix, the end", {
  skip: skip || (await fashionMnistIsMissing()),
}, async () => {
  const told = await trainTold(
    "lenet",
    "--limit-batches",
    "2",
    "--epochs",
    "2",
    "--batch-size",
    "20",
    "--out",
    "lenet",
  );
  assert.equal(told.code, 0, told.stderr);
  const [start] = named(told, "start");
  const { classes, points: _points, ...rest } = start;
  assert.deepEqual(rest, {
    model: "lenet",
    name: "lenet",
    batchSize: 20,
    learningRate: 0.9,
    part: "whole",
    epochs: 2,
    stepsPerEpoch: 2,
  });
  assert.equal(classes.length, 10);
  assert.deepEqual(classes[8], { en: "bag", zh: "包" });
  assert.equal(named(told, "point").at(-1).epoch, 2);
  assert.equal(named(told, "epoch").at(-1).confusion[0][0] >= 0, true);
  assert.deepEqual(told.events.at(-1), ["end", { outcome: "finished" }]);
});

test("photographs: the head, then the whole network, and the images can be opened too", {
  skip,
}, async () => {
  const image = (level: number, i: number) => {
    const data = Uint8Array.from({ length: 3 * 40 * 40 }, (_, k) => level + ((k * (i + 3)) % 23));
    return encodePng({ width: 40, height: 40, channels: 3, data });
  };
  const photos: Record<string, Uint8Array> = {};
  for (let i = 0; i < 6; i++) {
    photos[`photos/dark/${i}.png`] = image(20, i);
    photos[`photos/light/${i}.png`] = image(200, i);
  }
  tree(photos, folder);
  const small = ["--model", "squeezenet1-1", "--resize", "32"];
  const scratch = await trainTold("./photos", "--from", "scratch", ...small, "--epochs", "1", "--out", "one");
  assert.equal(scratch.code, 0, scratch.stderr);
  assert.deepEqual(
    scratch.folders.map(({ name }) => name),
    ["photos"],
  );
  const tuned = await trainTold(
    "./photos",
    "--from",
    "one",
    "--freeze-epochs",
    "3",
    "--epochs",
    "2",
    "--out",
    "two",
  );
  assert.equal(tuned.code, 0, tuned.stderr);
  const starts = named(tuned, "start");
  assert.deepEqual(
    starts.map(({ part, epochs, classes, name }) => ({ part, epochs, classes, name })),
    [
      { part: "head", epochs: 3, classes: ["dark", "light"], name: "two" },
      { part: "whole", epochs: 2, classes: ["dark", "light"], name: "two" },
    ],
  );
  assert.equal(named(tuned, "epoch").at(-1).confusion.length, 2);
  assert.deepEqual(named(tuned, "end"), [{ outcome: "finished" }]);
  const { code, stderr } = await convoyant(["train", "./photos", "--lab", "--find-lr"], { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /--find-lr trains nothing that --lab could show/);
});
