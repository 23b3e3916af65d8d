import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { ArgumentError, FileError, ShapeError } from "../../../src/base/errors.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { stopEngine, tensor, useEngine, zeros } from "../../../src/tensor/index.ts";
import { fit, tensorBoard } from "../../../src/train/index.ts";
import { fixturePath } from "../../io/formats/format_fixtures.ts";
import { type ReadEvent, readEvents } from "../../io/formats/read_events.ts";
import { quadrantLoader } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-board-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "a", "b");
}

function eventsIn(folder: string): ReadEvent[] {
  const names = readdirSync(folder).sort();
  for (const name of names) assert.match(name, /^events\.out\.tfevents\.\d+\./);
  return names.flatMap((name) => readEvents(readFileSync(join(folder, name))));
}

test("scalars and histograms are those of PyTorch's SummaryWriter", async (t) => {
  const theirs = readEvents(readFileSync(fixturePath("tensorboard/events.bin")));
  const bytes = readFileSync(fixturePath("tensorboard/values.f8"));
  const values = new Float64Array(new Uint8Array(bytes).buffer);
  const board = tensorBoard(newFolder(t));
  await board.addScalar("loss/train", 0.625, 7);
  await board.addHistogram("parameters/w", values, 8);
  await board.addHistogram("parameters/ones", tensor([1, 1, 1]), 300);
  const ours = eventsIn(board.folder);
  assert.equal(ours[0].version, "brain.Event:2");
  const plain = (events: ReadEvent[]) =>
    events
      .filter(({ values: all }) => all.length > 0)
      .map(({ step, values: all }) => ({ step, values: all }));
  const [found, expected] = [plain(ours), plain(theirs)];
  assert.equal(expected.length, 3);
  for (const event of [...found, ...expected])
    for (const { histogram } of event.values) {
      // Sums are added in another order by NumPy, and edges are made by repeated multiplication in both.
      for (const i of [3, 4])
        if (histogram !== undefined) histogram[i] = histogram[i].map((sum) => Number(sum.toPrecision(12)));
    }
  assert.deepEqual(found, expected);
});

test("train.fit writes its metrics by step, and histograms of the parameters each epoch", async (t) => {
  const net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.125 });
  const loaders = { trainLoader: quadrantLoader(80, 1), testLoader: quadrantLoader(32, 2) };
  const board = tensorBoard(newFolder(t), { net });
  const { points, step } = await fit(net, { ...loaders, optimizer, epochs: 2, callbacks: board });
  const events = eventsIn(board.folder);
  const scalars = events.filter(({ values }) => values.some(({ scalar }) => scalar !== undefined));
  assert.deepEqual(
    scalars.map((event) => event.step),
    points.map((point) => point.step),
  );
  scalars.forEach(({ values }, i) => {
    const byTag = Object.fromEntries(values.map(({ tag, scalar }) => [tag, scalar]));
    const { trainLoss, trainAccuracy, testLoss, testAccuracy } = points[i];
    const float = (value: number | undefined) => (value === undefined ? undefined : Math.fround(value));
    assert.deepEqual(
      [byTag["loss/train"], byTag["accuracy/train"], byTag["loss/test"], byTag["accuracy/test"], byTag.lr],
      [float(trainLoss), float(trainAccuracy), float(testLoss), float(testAccuracy), 0.125],
    );
  });
  const histograms = events.filter(({ values }) => values.some(({ histogram }) => histogram !== undefined));
  assert.equal(histograms.length, 2);
  assert.equal(histograms[1].step, step);
  assert.deepEqual(
    histograms[1].values.map(({ tag }) => tag),
    net.namedParameters().map(([name]) => `parameters/${name}`),
  );
  const weights = (await net.stateDict()["0.weight"].tolist()) as number[][];
  const [least, most, count] = histograms[1].values[0].histogram ?? assert.fail();
  assert.deepEqual(
    [least, most, count],
    [[Math.min(...weights.flat())], [Math.max(...weights.flat())], [16]],
  );
});

test("images from plain data and from tensors", async (t) => {
  const board = tensorBoard(newFolder(t));
  await board.addImage(
    "plain",
    { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 255, 0) },
    0,
  );
  await board.addImage("tensor", tensor([[[1, 0]], [[0, 1]], [[0, 0]]]), 1);
  await board.addImage("grey", zeros(4, 5), 2);
  const images = eventsIn(board.folder).flatMap(({ values }) =>
    values.map(({ image }) => image ?? assert.fail()),
  );
  assert.deepEqual(
    images.map(({ width, height, channels }) => [width, height, channels]),
    [
      [2, 1, 3],
      [2, 1, 3],
      [5, 4, 1],
    ],
  );
  assert.deepEqual(Buffer.from(images[0].png), Buffer.from(images[1].png));
  assert.deepEqual(Buffer.from(images[0].png.subarray(0, 4)), Buffer.from("\x89PNG", "latin1"));
});

test("values that are not finite are left out of histograms; calls that make no sense are refused", async (t) => {
  const board = tensorBoard(newFolder(t));
  await board.addHistogram("odd", [Number.NaN, Infinity, 2, 2], 0);
  await board.addHistogram("none", [], 1);
  await board.addScalar("nan", Number.NaN, 2);
  for (const [call, error] of [
    [() => board.addScalar("", 1, 0), ArgumentError],
    [() => board.addScalar("a", "1" as never, 0), ArgumentError],
    [() => board.addScalar("a", 1, -1), ArgumentError],
    [() => board.addScalar("a", 1, 0.5), ArgumentError],
    [() => board.addHistogram("a", 5 as never, 0), ArgumentError],
    [() => board.addImage("a", zeros(2, 4, 4), 0), ShapeError],
    [() => board.addImage("a", zeros(4), 0), ShapeError],
  ] as const)
    await assert.rejects(call(), error);
  assert.throws(() => tensorBoard(5 as never), ArgumentError);
  const [, odd, none, nan] = eventsIn(board.folder);
  assert.deepEqual(odd.values[0].histogram?.slice(0, 3), [[2], [2], [2]]);
  assert.deepEqual(none.values[0].histogram?.slice(2, 3), [[0]]);
  assert.ok(Number.isNaN(nan.values[0].scalar));
  const file = `${board.folder}.txt`;
  writeFileSync(file, "");
  await assert.rejects(tensorBoard(join(file, "c")).addScalar("a", 1, 0), FileError);
});
