/** A network that PyTorch exported, trained here and in PyTorch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { load, nn, noGrad, onnx, optim, type Tensor, toBytes } from "../../../src/index.ts";
import { fixturePath } from "../../io/formats/format_fixtures.ts";

const expected = await load(fixturePath("onnx/network.safetensors"));
const loaded = () => onnx.load(fixturePath("onnx/network.onnx"));

async function assertNear(found: Tensor, name: string, within = 1e-5): Promise<void> {
  const [a, b] = [await found.data(), await expected[name].data()];
  assert.deepEqual(found.shape, expected[name].shape, name);
  for (let i = 0; i < a.length; i++)
    assert.ok(
      Math.abs(a[i] - b[i]) <= within * (1 + Math.abs(b[i])),
      `${name}[${i}]: ${a[i]}, expected ${b[i]}`,
    );
}

/** Names of the state dict that PyTorch's lacks, and the other way round, but for counters. */
const stateNames = Object.keys(expected)
  .filter((name) => name.startsWith("state "))
  .map((name) => name.slice(6));

test("weights have PyTorch's names; running statistics are buffers", async () => {
  const net = await loaded();
  assert.deepEqual(Object.keys(net.stateDict()).sort(), [...stateNames].sort());
  assert.equal(net.training, false);
  const buffers = net.namedBuffers().map(([name]) => name);
  assert.deepEqual(buffers.sort(), stateNames.filter((name) => name.includes("running_")).sort());
  assert.deepEqual(net.inputs, [{ name: "images", dtype: "float32", shape: ["batch", 3, 16, 16] }]);
  assert.deepEqual([net.outputNames, net.opset], [["logits"], 17]);
});

test("it computes what PyTorch does, for other batches too", async () => {
  const net = await loaded();
  await assertNear(
    noGrad(() => net(expected.x)),
    "eval",
  );
  const one = noGrad(() => net({ images: expected.x.slice(0, 0, 1) }));
  const first = await expected.eval.slice(0, 0, 1).data();
  (await one.data()).forEach((value: number, i: number) => {
    assert.ok(Math.abs(value - first[i]) < 1e-5);
  });
});

test("two steps of training give PyTorch's losses, gradients, weights and running statistics", async () => {
  const net = await loaded();
  net.train();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  for (const step of [1, 2]) {
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(net(expected.x), expected.labels);
    loss.backward();
    await assertNear(loss, `loss ${step}`);
    if (step === 1)
      for (const [name, parameter] of net.namedParameters())
        await assertNear(parameter.grad as Tensor, `grad ${name}`, 2e-5);
    optimizer.step();
  }
  for (const [name, tensor] of Object.entries(net.stateDict()))
    await assertNear(tensor, `state ${name}`, 2e-5);
  net.eval();
  await assertNear(
    noGrad(() => net(expected.x)),
    "eval after",
    5e-5,
  );
});

test("what is trained is saved, and loaded into the network again", async () => {
  const net = await loaded();
  const trained = Object.fromEntries(stateNames.map((name) => [name, expected[`state ${name}`]]));
  net.loadStateDict(await load(await toBytes(trained)));
  await assertNear(
    noGrad(() => net(expected.x)),
    "eval after",
    5e-5,
  );
});
