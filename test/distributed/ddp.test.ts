/** Losses beside those of PyTorch's DistributedDataParallel on the same shards (test/fixtures/distributed/record_ddp.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isMissing, runRanks } from "./ranks.ts";

const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/distributed/ddp_losses.json", import.meta.url), "utf8"),
);

const PROGRAM = `
await distributed.init({ shards: 2, timeout: 60 });
await useEngine("wasm", { threads: 1 });
const [STEPS, BATCH] = [12, 16];
const wave = (count, speed, shift) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * speed + shift));
const of = (values, shape) => tensor(values).reshape(shape);
function lenet(norm) {
  const after = (channels, images) => (norm ? [images ? nn.BatchNorm2d(channels) : nn.BatchNorm1d(channels)] : []);
  return nn.Sequential(
    nn.Conv2d(1, 6, 5, { padding: 2 }), ...after(6, true), nn.Sigmoid(), nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5), ...after(16, true), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
    nn.Linear(400, 120), ...after(120, false), nn.Sigmoid(), nn.Linear(120, 84), ...after(84, false), nn.Sigmoid(),
    nn.Linear(84, 10),
  );
}
const trainLoader = Array.from({ length: STEPS }, (_, step) => [
  of(wave(BATCH * 784, 0.37, step), [BATCH, 1, 28, 28]),
  tensor(Array.from({ length: BATCH }, (_, i) => (i + step) % 10), { dtype: "int64" }),
]);
const [losses, statistics] = [{}, {}];
for (const name of ["lenet", "bnLenet", "syncBnLenet"]) {
  const norm = name !== "lenet";
  const net = lenet(norm);
  convoyant.noGrad(() => {
    for (const [i, parameter] of [...net.parameters()].entries()) {
      const values = of(wave(parameter.numel(), 0.7, i), parameter.shape);
      parameter.copy_(norm && parameter.ndim === 1 ? values.mul(0.1).add(1) : values.mul(0.2));
    }
  });
  if (name === "syncBnLenet") nn.convertSyncBatchNorm(net);
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const { points } = await train.fit(net, { trainLoader, optimizer, epochs: 1, pointsPerEpoch: STEPS, progress: false });
  // Points are running means of the epoch.
  losses[name] = points.map(({ trainLoss }, i) => trainLoss * (i + 1) - (i > 0 ? points[i - 1].trainLoss * i : 0));
  if (name === "syncBnLenet")
    for (const [key, buffer] of net.namedBuffers()) if (key.includes("running")) statistics[key] = await buffer.tolist();
}
// mpirun mixes long lines of ranks.
if (distributed.rank() === 0) tell({ ...losses, statistics });
`;

for (const [vendor, ranks] of [
  ["openmpi", 2],
  ["mpich", 1],
] as const) {
  test(`losses of DistributedDataParallel: ${vendor}, ${ranks}`, { skip: isMissing(vendor) }, async () => {
    const { code, told, stderr } = await runRanks(vendor, ranks, PROGRAM);
    assert.equal(code, 0, stderr);
    const { losses, statistics } = recorded.syncBnLenet;
    const [of] = told;
    assertNear("lenet", of.lenet, recorded.lenet);
    assertNear("bnLenet", of.bnLenet, recorded.bnLenet);
    // SyncBatchNorm, whatever the number of ranks: plain batch normalisation over the whole batch.
    assertNear("syncBnLenet", of.syncBnLenet, losses);
    assert.deepEqual(Object.keys(of.statistics), Object.keys(statistics));
    for (const key in statistics) assertNear(key, of.statistics[key], statistics[key]);
  });
}

function assertNear(what: string, actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries())
    assert.ok(Math.abs(value - expected[i]) < 1e-4, `${what}, place ${i}: ${value}, not ${expected[i]}`);
}
