/** Labels likely wrong, by the network of a run. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ArgumentError, FileError } from "../../../src/base/errors.ts";
import { DataLoader, ImageFolder, transforms } from "../../../src/data/index.ts";
import { checkData } from "../../../src/experiments/data_check/check_data.ts";
import { networkFromFile } from "../../../src/experiments/model_file.ts";
import { save } from "../../../src/io/state_dict_file.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { manualSeed, stopEngine, useEngine } from "../../../src/tensor/index.ts";
import { fit } from "../../../src/train/index.ts";
import { put, scene } from "./checked_folder.ts";

const top = mkdtempSync(join(tmpdir(), "convoyant-labels-"));
const root = join(top, "photos");
const run = join(top, "run");
const MODEL = join(top, "net.mjs");
const SIZE: [number, number] = [24, 32];

before(async () => {
  await useEngine("wasm", { threads: 1 });
  for (const [hue, label] of ["red", "green", "blue"].entries())
    for (let i = 0; i < 20; i++) put(root, `${label}/${i}.jpg`, scene(100 * hue + i, hue));
  put(top, "net.mjs", new TextEncoder().encode(NET_MODULE));
  const dataset = await ImageFolder(root, {
    transform: transforms.Compose([transforms.Resize(SIZE), transforms.ToTensor()]),
  });
  manualSeed(2);
  const net = await networkFromFile(MODEL);
  await fit(net, {
    trainLoader: DataLoader(dataset, { batchSize: 12, shuffle: true, numWorkers: 0 }),
    optimizer: optim.Adam(net.parameters(), { lr: 0.01 }),
    epochs: 8,
    out: run,
  });
});
after(async () => {
  await stopEngine();
  rmSync(top, { recursive: true });
});

/** A module that makes the network, with the classes that this test has loaded. */
// The copy of nn that is tested: a bundle of tests has its own.
Object.assign(globalThis, { testedLayers: nn });

const NET_MODULE = `
const nn = globalThis.testedLayers;
export default () =>
  nn.Sequential(nn.Conv2d(3, 8, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 3));
`;

test("images that were put into another class are found by the features of a run's network", async () => {
  renameSync(join(root, "red/3.jpg"), join(root, "blue/moved.jpg"));
  renameSync(join(root, "green/7.jpg"), join(root, "red/moved.jpg"));
  const notes: string[] = [];
  const check = await checkData(root, {
    run,
    network: { model: MODEL },
    onNote: (note) => void notes.push(note),
  });
  assert.deepEqual(notes, []);
  assert.equal(check.labelsNotChecked, null);
  assert.ok(check.checks.includes("wrong-label"));
  const found = check.issues.filter((issue) => issue.check === "wrong-label");
  assert.deepEqual(found.map(({ message }) => message).sort(), [
    "blue/moved.jpg is labelled blue, and looks like red",
    "red/moved.jpg is labelled red, and looks like green",
  ]);
  for (const { value } of found) assert.ok((value ?? 0) > 1 / 3 && (value ?? 0) <= 1);
});

test("a network that cannot take the images is named, and the other checks are made", async () => {
  const other = join(top, "deep.mjs");
  put(top, "deep.mjs", new TextEncoder().encode(NET_MODULE.replace("Conv2d(3,", "Conv2d(5,")));
  const net = await networkFromFile(other);
  const weights = join(top, "deep.safetensors");
  await save(net.stateDict(), weights);
  copyFileSync(join(root, "red/0.jpg"), join(root, "red/again.jpg"));
  const notes: string[] = [];
  const check = await checkData(root, {
    run: weights,
    network: { model: other },
    onNote: (note) => void notes.push(note),
  });
  rmSync(join(root, "red/again.jpg"));
  assert.match(
    check.labelsNotChecked ?? "",
    /labels were not checked: the network of .*deep\.safetensors cannot take/,
  );
  assert.deepEqual(notes, [check.labelsNotChecked]);
  assert.ok(!check.checks.includes("wrong-label"));
  assert.deepEqual(
    check.issues.map((issue) => issue.check),
    ["exact-duplicates"],
  );
});

test("a run that is not there is an error, and so is one whose network is not known", async () => {
  await assert.rejects(checkData(root, { run: join(top, "no run") }), FileError);
  await assert.rejects(checkData(root, { run }), ArgumentError);
  // Nothing is opened for a check that is left out.
  const check = await checkData(root, { run: join(top, "no run"), skip: ["wrong-label"] });
  assert.equal(check.labelsNotChecked, null);
});
