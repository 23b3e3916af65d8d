import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AutogradError } from "../../src/base/errors.ts";
import * as c from "../../src/index.ts";

before(() => c.useEngine("reference"));
after(() => c.stopEngine());

const leaf = (data: number[]) => c.tensor(data, { dtype: "float32", requiresGrad: true });

test("gradients add up over calls of backward", async () => {
  const x = leaf([1, 2]);
  x.mul(3).sum().backward();
  x.mul(x).sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [5, 7]);
  Object.assign(x, { grad: null });
  x.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [1, 1]);
});

test("backward twice through one graph says how to do it", async () => {
  const x = leaf([1, 2]);
  const y = x.exp().sum();
  y.backward();
  assert.throws(
    () => y.backward(),
    (error: Error) => error instanceof AutogradError && /retainGraph/.test(error.message),
  );
  const z = x.mul(2).sum();
  z.backward({ retainGraph: true });
  z.backward();
  assert.deepEqual(
    await x.grad?.tolist(),
    [Math.fround(Math.E) + 4, Math.fround(Math.exp(2)) + 4].map(Math.fround),
  );
});

test("backward without a graph, or of many elements without a gradient", () => {
  assert.throws(() => c.zeros(1).backward(), /does not require a gradient/);
  assert.throws(() => leaf([1, 2]).mul(2).backward(), /only for one element.*shape \[2\]; pass `gradient`/s);
  const y = c.noGrad(() => leaf([1]).mul(2));
  assert.equal(y.requiresGrad, false);
  assert.throws(() => y.backward(), AutogradError);
});

test("a gradient can be given", async () => {
  const x = leaf([1, 2]);
  x.square().backward(c.tensor([10, 100]).float());
  assert.deepEqual(await x.grad?.tolist(), [20, 400]);
  assert.throws(() => x.square().backward(c.zeros(3)), /expected `gradient` of shape \[2\], got \[3\]/);
});

test("noGrad, enableGrad and detach leave the tape", async () => {
  const x = leaf([3]);
  c.noGrad(() => {
    assert.equal(c.isGradEnabled(), false);
    assert.equal(x.mul(2).requiresGrad, false);
    assert.equal(
      c.enableGrad(() => x.mul(2).requiresGrad),
      true,
    );
  });
  assert.equal(c.isGradEnabled(), true);
  assert.equal(x.detach().requiresGrad, false);
  x.mul(x.detach()).sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [3]);
  assert.throws(() => c.noGrad(async () => 1), /not async/);
  assert.equal(c.isGradEnabled(), true);
});

test("what detach gives can be a leaf of its own, which shares nothing but the memory", async () => {
  const x = leaf([3]);
  const y = x.mul(2);
  const z = y.detach().requiresGrad_();
  assert.deepEqual([z.requiresGrad, z.isLeaf, y.isLeaf], [true, true, false]);
  z.mul(z).sum().backward();
  assert.deepEqual(await z.grad?.tolist(), [12]);
  assert.deepEqual([x.grad], [null]);
  y.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [2]);
  const plain = c.ones(1);
  const other = plain.detach().requiresGrad_();
  assert.deepEqual([plain.requiresGrad, other.requiresGrad], [false, true]);
  assert.throws(() => other.add_(1), /changed in place/);
  c.noGrad(() => other.add_(1));
  assert.deepEqual(await plain.tolist(), [2]);
  const [gradient] = c.grad(other.pow(3).sum(), other);
  assert.deepEqual(await gradient?.tolist(), [12]);
  assert.equal(other.requiresGrad_(false).mul(2).requiresGrad, false);
});

test("a detached tensor is trained like any other leaf", async () => {
  const w = c.full([2], 2).mul(2.5).sub(1).detach().requiresGrad_();
  const optimizer = c.optim.SGD([w], { lr: 0.25 });
  for (let step = 0; step < 3; step++) {
    optimizer.zeroGrad();
    w.mul(w).sum().backward();
    optimizer.step();
  }
  assert.deepEqual(await w.tolist(), [0.5, 0.5]);
});

test("grad gives gradients without touching .grad, and second ones with createGraph", async () => {
  const x = leaf([2]);
  const [first] = c.grad(x.pow(3).sum(), x, { createGraph: true });
  assert.equal(await first?.item(), 12);
  const [second] = c.grad(first as c.Tensor, x, { createGraph: true });
  assert.equal(await second?.item(), 12);
  const [third] = c.grad(second as c.Tensor, x);
  assert.equal(await third?.item(), 6);
  assert.equal(x.grad, null);
});

test("grad of what was not used", () => {
  const [x, y] = [leaf([1]), leaf([1])];
  assert.throws(() => c.grad(x.exp(), y), /was not used.*allowUnused/s);
  assert.deepEqual(c.grad(x.exp(), y, { allowUnused: true }), [null]);
});

test("hooks see and replace gradients, of leaves and of what lies between", async () => {
  const x = leaf([1, 2]);
  const seen: c.Tensor[] = [];
  const handle = x.registerHook((g) => {
    seen.push(g);
  });
  const y = x.mul(2);
  y.registerHook((g) => g.mul(10));
  y.retainGrad();
  y.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [20, 20]);
  assert.deepEqual(await seen[0].tolist(), [20, 20]);
  assert.deepEqual(await y.grad?.tolist(), [10, 10]);
  handle.remove();
  x.sum().backward();
  assert.equal(seen.length, 1);
  assert.throws(() => c.zeros(1).registerHook(() => {}), AutogradError);
});

test("leaves and non-leaves", () => {
  const x = leaf([1]);
  const y = x.exp();
  assert.equal(x.isLeaf, true);
  assert.equal(y.isLeaf, false);
  assert.equal(x.gradFn, null);
  assert.equal(y.gradFn?.name, "exp");
  assert.throws(() => c.tensor([1n]).requiresGrad_(), /only floating-point/);
  assert.throws(() => y.requiresGrad_(false), /use detach/);
});

test("integers and bools cut the tape", () => {
  const x = leaf([1, 2]);
  assert.equal(x.gt(1).requiresGrad, false);
  assert.equal(x.argmax().requiresGrad, false);
  assert.equal(x.long().requiresGrad, false);
  const { values, indices } = x.sort();
  assert.equal(values.requiresGrad, true);
  assert.equal(indices.requiresGrad, false);
});
