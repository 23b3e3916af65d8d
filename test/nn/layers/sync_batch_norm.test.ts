import assert from "node:assert/strict";
import { test } from "node:test";
import { manualSeed, models, nn, optim, randn, tensor } from "../../../src/index.ts";
import { convertSyncBatchNorm } from "../../../src/nn/layers/sync_batch_norm.ts";

test("convertSyncBatchNorm keeps parameters, statistics, keys, modes and what an optimiser holds", async () => {
  manualSeed(1);
  const shared = nn.BatchNorm2d(3, { eps: 1e-3, momentum: 0.2 });
  const net = nn.Sequential(
    nn.Conv2d(1, 3, 3),
    shared,
    nn.Sequential(shared, nn.BatchNorm2d(3, { affine: false, momentum: null }).eval()),
    nn.Flatten(),
    nn.BatchNorm1d(3 * 26 * 26, { trackRunningStats: false, bias: false }),
  );
  const before = Object.entries(net.stateDict()).map(([key, value]) => [key, value]);
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const x = randn(4, 1, 28, 28);
  const expected = await net(x).tolist();
  net.apply((module) => {
    if (module instanceof nn.BatchNorm2d) module.resetRunningStats();
  });
  assert.equal(nn.convertSyncBatchNorm(net), net);
  assert.deepEqual(
    Object.keys(net.stateDict()),
    before.map(([key]) => key),
  );
  const [first, inner] = [net.at(1), net.at(2) as nn.Sequential];
  assert.ok(first instanceof nn.SyncBatchNorm);
  assert.equal(inner.at(0), first, "a layer with two places stays one");
  assert.equal(inner.at(1).training, false);
  assert.equal(first.weight, shared.weight);
  assert.equal(first.runningMean, shared.runningMean);
  assert.match(String(net.at(4)), /^SyncBatchNorm\(2028, .*bias=False, track_running_stats=False\)$/);
  // Alone it is batch normalisation.
  assert.deepEqual(await net(x).tolist(), expected);
  net(x).square().mean().backward();
  optimizer.step();
  const { weight } = first;
  assert.notDeepEqual(await weight?.tolist(), [1, 1, 1]);
});

test("a batch norm layer itself is replaced, others stay; what cannot be converted is refused", () => {
  const layer = nn.BatchNorm1d(4);
  const made = nn.convertSyncBatchNorm(layer);
  assert.ok(made instanceof nn.SyncBatchNorm);
  assert.equal(made.bias, layer.bias);
  assert.equal(nn.convertSyncBatchNorm(made), made);
  const lenet = models.lenet();
  assert.equal(nn.convertSyncBatchNorm(lenet), lenet);
  assert.throws(
    () => nn.convertSyncBatchNorm(nn.Sequential(nn.LazyBatchNorm2d())),
    /convertSyncBatchNorm: LazyBatchNorm2d \(0\) has no parameters yet/,
  );
  assert.throws(() => convertSyncBatchNorm(3 as never), /convertSyncBatchNorm: expected a module, got 3/);
  assert.throws(
    () => nn.SyncBatchNorm(4)(tensor([1, 2])),
    /SyncBatchNorm \(net\): expected an input \[N, C, \.\.\.\]/,
  );
  assert.throws(() => nn.SyncBatchNorm(2)(randn(1, 2)), /more than 1 value per channel/);
});
