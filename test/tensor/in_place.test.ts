import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as c from "../../src/index.ts";

before(() => c.useEngine("reference"));
after(() => c.stopEngine());

test("in-place methods change the tensor and give it back", async () => {
  const x = c.tensor([1, 2, 3]).float();
  assert.equal(x.add_(1), x);
  assert.deepEqual(await x.tolist(), [2, 3, 4]);
  x.mul_(c.tensor([1, 10, 100]).float()).sub_(1);
  assert.deepEqual(await x.tolist(), [1, 29, 399]);
  x.fill_(7);
  assert.deepEqual(await x.tolist(), [7, 7, 7]);
  x.copy_(c.tensor(5));
  assert.deepEqual(await x.tolist(), [5, 5, 5]);
  assert.deepEqual(await x.zero_().tolist(), [0, 0, 0]);
});

test("what was made before a change keeps the old contents, read before or after", async () => {
  const x = c.tensor([1, 2]).float();
  const copy = x.clone();
  const doubled = x.mul(2);
  x.add_(10);
  assert.deepEqual(await x.tolist(), [11, 12]);
  assert.deepEqual(await doubled.tolist(), [2, 4]);
  assert.deepEqual(await copy.tolist(), [1, 2]);
  const tripled = x.mul(3);
  x.zero_();
  assert.deepEqual(await tripled.tolist(), [33, 36]);
  assert.deepEqual(await x.tolist(), [0, 0]);
});

test("a detached tensor shares its memory", async () => {
  const x = c.tensor([1, 2], { dtype: "float32", requiresGrad: true });
  const shared = x.detach();
  shared.add_(1);
  assert.deepEqual(await x.tolist(), [2, 3]);
  assert.equal(x.requiresGrad, true);
});

test("a leaf that requires a gradient is changed only inside noGrad", async () => {
  const x = c.tensor([1, 2], { dtype: "float32", requiresGrad: true });
  assert.throws(() => x.add_(1), /noGrad/);
  c.noGrad(() => x.sub_(0.5));
  assert.deepEqual(await x.tolist(), [0.5, 1.5]);
  x.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [1, 1]);
});

test("gradients flow through changes of what is not a leaf", async () => {
  const x = c.tensor([1, 2], { dtype: "float32", requiresGrad: true });
  const y = x.mul(2);
  y.mul_(y);
  y.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [8, 16]);
});

test("results that do not fit are refused", () => {
  assert.throws(
    () => c.tensor([1n, 2n]).add_(0.5),
    /add_: a result of dtype float32 cannot be stored in a tensor of int64/,
  );
  assert.throws(
    () => c.zeros(2).add_(c.zeros(3, 2)),
    /add_: the result has shape \[3, 2\], the tensor to be changed \[2\]/,
  );
});

test("a loop of changes that is never read does not pile up when submitted by a read at the end", async () => {
  const x = c.zeros(4);
  for (let i = 0; i < 50; i++) x.add_(1);
  assert.deepEqual(await x.tolist(), [50, 50, 50, 50]);
});

test("setAt_ writes where at reads, and gradients follow", async () => {
  const x = c.zeros(3, 4);
  x.setAt_([1, "1:3"], 5).setAt_(["...", -1], c.tensor([1, 2, 3]).float());
  assert.deepEqual(await x.tolist(), [
    [0, 0, 0, 1],
    [0, 5, 5, 2],
    [0, 0, 0, 3],
  ]);
  const v = c.tensor([7, 8], { dtype: "float32", requiresGrad: true });
  const y = c.ones(3);
  y.setAt_([[2, 0]], v);
  y.mul(c.tensor([1, 10, 100]).float())
    .sum()
    .backward();
  assert.deepEqual(await y.tolist(), [8, 1, 7]);
  assert.deepEqual(await v.grad?.tolist(), [100, 1]);
  assert.throws(() => x.setAt_([0], c.zeros(3)), /do not broadcast/);
});

test("a change whose run fails is told of, and leaves what was there before", async () => {
  for (const engine of ["reference", "wasm"]) {
    await c.useEngine(engine);
    const x = c.tensor([1.5, 2.5]);
    x.scatter_(0, c.tensor([5]), c.tensor([9.5]));
    await assert.rejects(x.tolist(), /scatter: index 5 is out of range/);
    assert.deepEqual(await x.tolist(), [1.5, 2.5]);
    assert.deepEqual(await x.add(1).tolist(), [2.5, 3.5]);
    assert.deepEqual(await x.fill_(3).tolist(), [3, 3]);
  }
  await c.useEngine("reference");
});
