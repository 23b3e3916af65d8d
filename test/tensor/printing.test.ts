/** What people see of tensors, networks, optimisers and loaders: consoles, template strings, JSON, assertions. */

import loose from "node:assert";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import * as c from "../../src/index.ts";

const { data, nn, optim, tensor } = c;
after(() => c.stopEngine());

/** What is printed while `body` runs. */
async function printed(body: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...args: unknown[]) => void lines.push(args.join(" "));
  try {
    await body();
  } finally {
    console.log = log;
  }
  return lines;
}

test("a console shows shape, dtype, requiresGrad, and the elements that are here", async () => {
  assert.equal(
    inspect(tensor([[1, 2], [3, 4.5]])), // biome-ignore format: rows
    "tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]], shape=[2, 2], dtype=float32, requiresGrad=false)",
  );
  const w = tensor([1.5], { requiresGrad: true });
  assert.equal(inspect(w), "tensor([1.5000], shape=[1], dtype=float32, requiresGrad=true)");
  const later = w.mul(2);
  assert.match(
    inspect(later),
    /^tensor\(shape=\[1\], dtype=float32, requiresGrad=true, not computed yet.*await x\.print\(\)/,
  );
  await later.tolist();
  assert.match(inspect(later), /^tensor\(\[3\.\], shape/);
  // Inside of other objects, large ones are one line.
  assert.equal(
    inspect({ weight: tensor(new Float32Array(100)) }),
    "{ weight: tensor(shape=[100], dtype=float32, requiresGrad=false) }",
  );
  assert.ok(inspect(c.Tensor.prototype).length < 40);
});

test("print prints what PyTorch prints, when it is computed", async () => {
  const w = tensor([1, 2.5], { requiresGrad: true });
  const forms: [c.Tensor, string][] = [
    [tensor([1, 2]).add(1), "tensor([2., 3.])"],
    [w, "tensor([1.0000, 2.5000], requires_grad=True)"],
    [w.mul(2), "tensor([2., 5.], grad_fn=<MulBackward0>)"],
    [nn.Parameter(tensor([1])), "Parameter containing:\ntensor([1.], requires_grad=True)"],
    [tensor([1n, 2n]), "tensor([1, 2])"],
    [c.zeros(0, 2), "tensor([], size=(0, 2))"],
    [c.zeros([0], { dtype: "int64" }), "tensor([], dtype=int64)"],
    [tensor(3), "tensor(3.)"],
  ];
  for (const [x, text] of forms) assert.deepEqual(await printed(() => x.print()), [text]);
});

test("template strings and JSON show the same, and name the way to the values", () => {
  assert.equal(`${tensor([1n])}`, "tensor([1])");
  assert.match(
    `${tensor([1]).add(1)}`,
    /^tensor\(shape=\[1\], dtype=float32, requiresGrad=false, not computed yet/,
  );
  assert.equal(
    JSON.stringify([tensor([1n])]),
    '["tensor([1], shape=[1], dtype=int64, requiresGrad=false); JSON.stringify(await x.tolist()) gives the values"]',
  );
});

test("JavaScript's operators say what to write instead", () => {
  const [a, b] = [tensor([1]), tensor([2])] as unknown as [number, number];
  for (const misuse of [() => a + b, () => a - b, () => a > b, () => +a, () => a < b, () => `${a + 1}`]) {
    assert.throws(misuse, {
      name: "ArgumentError",
      message: /write a\.add\(b\) for a \+ b, a\.gt\(b\) for a > b .*await a\.item\(\)/,
    });
  }
});

test("assertions compare tensors by kind and elements, and never the internals", async () => {
  assert.deepEqual(tensor([1, 2]), tensor([1, 2]));
  assert.deepEqual({ x: tensor([1, 2]) }, { x: tensor([1, 2]) });
  const different: [c.Tensor, c.Tensor][] = [
    [tensor([1, 2]), tensor([1, 2.000001])],
    [tensor([1, 2]), tensor([1n, 2n])],
    [tensor([1, 2]), tensor([[1, 2]])],
    [c.zeros(2000), tensor(Float32Array.from({ length: 2000 }, (_, i) => Number(i === 1000)))],
    // Nothing is known of these.
    [c.randn(2).mul(1), c.randn(2).mul(1)],
  ];
  await different[3][0].tolist();
  for (const [a, b] of different) {
    assert.notDeepEqual(a, b);
    loose.notDeepEqual(a, b);
    assert.throws(
      () => assert.deepEqual(a, b),
      (error: Error) => error.message.length < 12_000,
    );
  }
  const pending = c.randn(2).mul(2);
  assert.deepEqual(pending, pending);
  assert.throws(() => assert.deepEqual(pending, tensor([1, 2])), /compare await x\.tolist\(\)/);
});

test("a tensor has no properties of its own to list", () => {
  const x = tensor([1], { requiresGrad: true });
  x.mul(2).sum().backward();
  assert.deepEqual(Reflect.ownKeys(x), []);
  const seen: string[] = [];
  for (const key in x) seen.push(key);
  assert.deepEqual(seen, []);
});

test("networks, optimisers, schedulers, data sets, loaders and transforms print their settings", () => {
  const net = nn.Sequential(nn.Linear(2, 3), nn.ReLU());
  const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
  const dataset = data.TensorDataset(c.rand(8, 2), c.arange(8));
  const forms: [object, string][] = [
    [net, "Sequential(\n  (0): Linear(in_features=2, out_features=3, bias=True)\n  (1): ReLU()\n)"],
    [nn.CrossEntropyLoss(), "CrossEntropyLoss()"],
    [
      optimizer,
      "SGD (\nParameter Group 0\n    lr: 0.5\n    momentum: 0\n    dampening: 0\n    weightDecay: 0\n" +
        "    nesterov: false\n    maximize: false\n)",
    ],
    [dataset, "TensorDataset(8 examples)"],
    [data.Subset(dataset, [1, 2]), "Subset(2 examples)"],
    [
      data.DataLoader(dataset, { batchSize: 2, seed: 1 }),
      "DataLoader(TensorDataset(8 examples), batchSize=2, shuffle=false, dropLast=false, seed=1)",
    ],
    [data.transforms.CenterCrop(2), "CenterCrop(size=[2, 2])"],
  ];
  for (const [object, text] of forms) {
    assert.equal(inspect(object), text);
    assert.equal(`${object}`, text);
    assert.ok(JSON.stringify(object).startsWith(JSON.stringify(text).slice(0, -1)));
  }
  const scheduler = optim.StepLR(optimizer, { stepSize: 3 });
  assert.equal(inspect(scheduler), "StepLR(lastEpoch=0, stepSize=3, gamma=0.1, lastLr=[0.5])");
});
