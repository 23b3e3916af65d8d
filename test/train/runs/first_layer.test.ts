/** Snapshots of the first convolution. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { data, nn, optim, rand, randint, stopEngine, train, useEngine } from "../../../src/index.ts";
import { firstLayerLine, parseFirstLayer } from "../../../src/train/runs/first_layer.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-first-"));
before(() => useEngine("wasm", { threads: 1 }));
after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

test("a line holds the weights to a 127th of the largest", async () => {
  const net = nn.Sequential(nn.Identity(), nn.Conv2d(3, 4, 5));
  const [snapshot] = parseFirstLayer((await firstLayerLine(net, 7)) ?? "");
  assert.deepEqual([snapshot.epoch, snapshot.layer, snapshot.shape], [7, "1", [4, 3, 5, 5]]);
  const weights = [...(await net.getParameter("1.weight").data())].map(Number);
  const far = Math.max(...weights.map(Math.abs));
  weights.forEach((weight, i) => assert.ok(Math.abs(weight - snapshot.data[i]) <= far / 253));
});

test("a line takes some kilobytes, whatever the layer", async () => {
  const line = (await firstLayerLine(nn.Conv2d(3, 96, 11), 0)) ?? "";
  assert.ok(line.length < 12_000, `${line.length}`);
  assert.deepEqual(parseFirstLayer(line)[0].shape, [22, 3, 11, 11]);
  assert.equal(await firstLayerLine(nn.Conv2d(1024, 8, 3), 0), undefined);
  assert.equal(await firstLayerLine(nn.Linear(3, 8), 0), undefined);
  assert.equal(await firstLayerLine(nn.Sequential(nn.LazyConv2d(8, 3)), 0), undefined);
});

test("lines that are damaged are left out", async () => {
  const line = (await firstLayerLine(nn.Conv2d(1, 2, 3), 1)) ?? "";
  const bad = ["null", "{}", line.slice(0, 40), line.replace("[2,1,3,3]", "[2,1,3,4]").trim(), "x"];
  assert.deepEqual(
    parseFirstLayer([line.trim(), ...bad, line].join("\n")).map(({ epoch }) => epoch),
    [1, 1],
  );
});

test("a run notes its filters before training and after each epoch; resumed, each once", async () => {
  const dataset = data.TensorDataset(rand(32, 1, 8, 8), randint(0, 3, [32]));
  const loader = () => data.DataLoader(dataset, { batchSize: 8 });
  const out = join(folder, "run");
  const fit = (epochs: number, resume: boolean) => {
    const net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3));
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    return train.fit(net, { trainLoader: loader(), testLoader: loader(), optimizer, epochs, out, resume });
  };
  const path = join(out, "first_layer.jsonl");
  const epochs = () => parseFirstLayer(readFileSync(path, "utf8")).map(({ epoch }) => epoch);
  await fit(2, false);
  assert.deepEqual(epochs(), [0, 1, 2]);
  const [first, , last] = parseFirstLayer(readFileSync(path, "utf8"));
  assert.notDeepEqual(first.data, last.data);
  // As if the process had been killed after it had noted an epoch and before its checkpoint.
  writeFileSync(
    path,
    `${readFileSync(path, "utf8")}${readFileSync(path, "utf8").trim().split("\n")[2].replace('"epoch":2', '"epoch":3')}\n{"epo`,
  );
  await fit(4, true);
  assert.deepEqual(epochs(), [0, 1, 2, 3, 4]);
  const report = readFileSync(join(out, "report.html"), "utf8");
  assert.match(report, /before training.*after 4 epochs/s);
  // Labels at random: some are taken for others.
  assert.match(report, /Most confused pairs.*class \d taken for class \d.*<img src="data:image.*>test:\d+</s);
});
