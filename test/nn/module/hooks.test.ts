import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nn, ones, optim, stopEngine, type Tensor, tensor, useEngine } from "../../../src/index.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

function twice(): nn.Sequential {
  const net = nn.Sequential(nn.Linear(2, 2, { bias: false }), nn.ReLU(), nn.Linear(2, 1, { bias: false }));
  net.loadStateDict({
    "0.weight": tensor([
      [1, 2],
      [-3, -4],
    ]).to("float32"),
    "2.weight": tensor([[2, 5]]).to("float32"),
  });
  return net;
}

test("a forward hook sees inputs and output, which stay readable after the step", async () => {
  const net = twice();
  const seen: Tensor[] = [];
  const handle = net.at(1).registerForwardHook((module, inputs, output) => {
    assert.ok(module instanceof nn.ReLU);
    seen.push(inputs[0], output, output.mul(10));
  });
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  net(ones(1, 2)).sum().backward();
  optimizer.step();
  assert.deepEqual(await Promise.all(seen.map((one) => one.tolist())), [[[3, -7]], [[3, 0]], [[30, 0]]]);
  handle.remove();
  net(ones(1, 2));
  assert.equal(seen.length, 3);
});

test("forward hooks may exchange inputs and outputs", async () => {
  const net = twice();
  const first = net.at(0).registerForwardPreHook((_module, [x]) => [x.mul(2)]);
  const last = net.registerForwardHook((_module, _inputs, output) => output.add(1));
  assert.deepEqual(await net(ones(1, 2)).tolist(), [[13]]);
  first.remove();
  assert.deepEqual(await net(ones(1, 2)).tolist(), [[7]]);
  last.remove();
  assert.deepEqual(await net(ones(1, 2)).tolist(), [[6]]);
});

test("a backward hook sees the gradients of one layer, and may exchange the input's", async () => {
  const net = twice();
  const seen: (Tensor | null)[][] = [];
  const handle = net.at(1).registerFullBackwardHook((_module, gradInput, gradOutput) => {
    seen.push(gradInput, gradOutput);
  });
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  net(ones(1, 2)).sum().backward();
  optimizer.step();
  assert.equal(seen.length, 2);
  assert.deepEqual([await seen[0][0]?.tolist(), await seen[1][0]?.tolist()], [[[2, 0]], [[2, 5]]]);
  handle.remove();
  const other = twice();
  other.at(1).registerFullBackwardHook((_module, [grad]) => [grad?.mul(100) ?? null]);
  other(ones(1, 2)).sum().backward();
  assert.deepEqual(await other.getParameter("0.weight").grad?.tolist(), [
    [200, 200],
    [0, 0],
  ]);
});

test("a backward hook on the first layer gets null for an input without a gradient", async () => {
  const net = twice();
  const seen: (Tensor | null)[][] = [];
  net.at(0).registerFullBackwardHook((_module, gradInput, gradOutput) => {
    seen.push(gradInput, gradOutput);
  });
  net(ones(1, 2)).sum().backward();
  assert.equal(seen[0][0], null);
  assert.deepEqual(await seen[1][0]?.tolist(), [[2, 0]]);
});

test("the same input used elsewhere does not disturb what a hook sees", async () => {
  const layer = nn.ReLU();
  const seen: (Tensor | null)[] = [];
  layer.registerFullBackwardHook((_module, [grad]) => {
    seen.push(grad);
  });
  const x = tensor([1, -1], { dtype: "float32", requiresGrad: true });
  layer(x).sum().add(x.mul(7).sum()).backward();
  assert.deepEqual(
    [await seen[0]?.tolist(), await x.grad?.tolist()],
    [
      [1, 0],
      [8, 7],
    ],
  );
});
