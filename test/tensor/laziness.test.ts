import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as c from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";

before(() => c.useEngine("reference"));
after(() => c.stopEngine());

const leafOf = (x: c.Tensor) => x.requiresGrad_();

test("nothing runs before a value is read; then everything in one program", async () => {
  const { statistics } = defaultSession();
  const runs = statistics.runs;
  const x = c.tensor([1, 2, 3]).float();
  const y = x.exp().log().mul(2).sum();
  assert.equal(statistics.runs, runs);
  assert.ok(Math.abs((await y.item()) - 12) < 1e-4);
  assert.equal(statistics.runs, runs + 1);
});

test("another step of the same structure finds the program, whatever the numbers", async () => {
  const step = async (x: c.Tensor, rate: number) => {
    const noise = c.randn(3).mul(0);
    return (await x.mul(rate).add(noise).clamp(-rate, 50).pow(2).add(rate).tolist()) as number[];
  };
  const { statistics } = defaultSession();
  assert.deepEqual(await step(c.tensor([1, 2, 3]).float(), 2), [6, 18, 38]);
  const programs = statistics.programs;
  assert.deepEqual(await step(c.tensor([3, 2, 1]).float(), 3), [84, 39, 12]);
  assert.equal(statistics.programs, programs);
});

test("a shape error is thrown where the call is, not where the value is read", () => {
  assert.throws(() => c.zeros(2, 3).matmul(c.zeros(2, 3)), /inner sizes 3 and 2 differ/);
});

test("an error in the data arrives with the read, and the next call works", async () => {
  const bad = c
    .tensor([1, 2])
    .float()
    .gather(0, c.tensor([5]));
  await assert.rejects(
    bad.tolist(),
    (error: Error) => error.name === "IndexError" && /index 5 is out of range/.test(error.message),
  );
  assert.equal(await c.ones(3).sum().item(), 3);
});

test("values read once are there the next time, and both readers get their own array", async () => {
  const x = c.ones(2).add(1);
  const [first, second] = [await x.data(), await x.data()];
  first[0] = 99;
  assert.equal(second[0], 2);
  assert.deepEqual(await x.tolist(), [2, 2]);
});

test("other handles on a value that is on its way get it too", async () => {
  const x = leafOf(c.arange(3).float().mul(2));
  const y = c.arange(3).float().mul(3);
  const reading = Promise.all([x.data(), y.data()]);
  const detached = x.detach().add(1);
  const parameter = c.nn.Parameter(y);
  const sum = parameter.add(1);
  const copy = c.zeros(3);
  copy.copy_(y);
  const product = copy.mul(2);
  y.requiresGrad_();
  const late = y.mul(10);
  await reading;
  assert.deepEqual(await detached.tolist(), [1, 3, 5]);
  assert.deepEqual(await sum.tolist(), [1, 4, 7]);
  assert.deepEqual(await product.tolist(), [0, 6, 12]);
  assert.deepEqual(await late.tolist(), [0, 30, 60]);
  assert.deepEqual(await copy.tolist(), [0, 3, 6]);
});

test("tensors move along when the engine is exchanged", async () => {
  const x = c.ones(2).add(1);
  const w = c.ones(2);
  w.add_(5);
  await x.realize();
  await c.useEngine("reference");
  assert.deepEqual(await x.tolist(), [2, 2]);
  assert.deepEqual(await w.tolist(), [6, 6]);
});

test("the unread text says so, the printed one has values", async () => {
  const x = c.ones(2).add(1);
  assert.match(String(x), /not computed yet/);
  assert.equal(await x.print(), "tensor([2., 2.])");
  assert.equal(String(x), "tensor([2., 2.])");
});

test("a mask that is not computed yet cannot be an index, a known one can", async () => {
  const x = c.tensor([3, -1, 2]);
  const mask = x.gt(0);
  assert.throws(() => x.at(mask), { name: "DTypeError", message: /not computed yet; use where/ });
  await mask.realize();
  assert.deepEqual(await x.at(mask).tolist(), [3, 2]);
});
