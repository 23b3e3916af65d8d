import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as convoyant from "../../src/index.ts";

const { AutogradError, ShapeError, Tensor, arange, fromTypedArray, nn, noGrad, ones, optim, tensor, zeros } =
  convoyant;
type Tensor = convoyant.Tensor;

before(() => convoyant.useEngine("wasm", { threads: 1 }));
after(() => convoyant.stopEngine());

test("data is the detached tensor, and reads the elements when it is called", async () => {
  const x = tensor([1, 2], { requiresGrad: true });
  assert.ok(x.data instanceof Tensor);
  assert.equal(x.data.requiresGrad, false);
  x.data.at(0).fill_(7);
  assert.deepEqual([...(await x.data())], [7, 2]);
  assert.deepEqual(await x.data.mul(2).tolist(), [14, 4]);
  assert.ok(x.requiresGrad && x.isLeaf);
});

test("setting data exchanges the memory, and the tensor keeps its place on the tape", async () => {
  const x = tensor([1, 2], { requiresGrad: true });
  const [old, next] = [x.detach(), zeros(3)];
  x.data = next;
  next.fill_(4);
  assert.deepEqual(await x.tolist(), [4, 4, 4]);
  assert.deepEqual(await old.tolist(), [1, 2]);
  x.mul(2).sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [2, 2, 2]);
  const y = tensor([1, 2], { requiresGrad: true });
  const twice = y.mul(2);
  twice.data = zeros(2);
  twice.sum().backward();
  assert.deepEqual(
    [await twice.tolist(), await y.grad?.tolist()],
    [
      [0, 0],
      [2, 2],
    ],
  );
  assert.throws(() => {
    twice.data = zeros(3);
  }, AutogradError);
  assert.throws(() => {
    x.data = 3 as unknown as Tensor;
  }, convoyant.ArgumentError);
  const plain = ones(2, 2);
  plain.data = tensor([5]);
  assert.deepEqual(await plain.tolist(), [5]);
});

test("a parameter shares memory with the tensor that it is made from, also while it is trained", async () => {
  const start = ones(2);
  const weight = nn.Parameter(start);
  start.fill_(3);
  assert.deepEqual(await weight.tolist(), [3, 3]);
  const view = nn.Parameter(start.view(2, 1));
  for (const parameter of [weight, view]) {
    const optimizer = optim.SGD([parameter], { lr: 1 });
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      parameter.sum().backward();
      optimizer.step();
    }
  }
  assert.deepEqual(await weight.tolist(), [-3, -3]);
  assert.deepEqual(
    [await start.tolist(), await view.tolist()],
    [
      [-3, -3],
      [[-3], [-3]],
    ],
  );
  assert.equal(start.requiresGrad, false);
});

test("writes through views change a module's parameters and buffers, and its state dict shows them", async () => {
  const [conv, norm] = [nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)];
  const net = nn.Sequential(conv, norm);
  const state = net.stateDict();
  noGrad(() => conv.weight.at(0).copy_(tensor([[[5]]])));
  conv.weight.data.at(1).fill_(6);
  norm.runningMean?.at(1).fill_(9);
  noGrad(() => nn.init.constant_(conv.bias?.narrow(0, 1, 1) as Tensor, 8));
  assert.deepEqual(await conv.weight.flatten().tolist(), [5, 6]);
  assert.deepEqual(await state["0.weight"].flatten().tolist(), [5, 6]);
  assert.deepEqual(await state["1.running_mean"].tolist(), [0, 9]);
  const bias = (await conv.bias?.tolist()) as number[];
  assert.equal(bias[1], 8);
  assert.throws(() => conv.weight.at(0).zero_(), { name: "AutogradError", message: /noGrad/ });
  const optimizer = optim.SGD(net.parameters(), { lr: 1 });
  const row = conv.weight.detach().at(0);
  for (let step = 0; step < 2; step++) {
    optimizer.zeroGrad();
    conv(ones(1, 1, 1, 1))
      .sum()
      .backward();
    conv.weight.grad?.at(1).zero_();
    optimizer.step();
  }
  assert.deepEqual(await conv.weight.flatten().tolist(), [3, 6]);
  assert.deepEqual(await row.flatten().tolist(), [3]);
});

test("a view that forward returned can be read and changed after the step", async () => {
  for (const part of [(x: Tensor) => x.flatten(1), (x: Tensor) => x.at(":", 0)]) {
    class Net extends nn.Module {
      inner = nn.Linear(2, 2, { bias: false });

      override forward(input: Tensor): Tensor {
        return part(this.inner(input).unsqueeze(2));
      }
    }
    const net = new Net();
    noGrad(() => net.inner.weight.fill_(1));
    const optimizer = optim.SGD(net.parameters(), { lr: 1 });
    const output = net(ones(1, 2));
    output.sum().backward();
    optimizer.step();
    noGrad(() => output.mul_(3));
    assert.ok((await output.flatten().tolist()).every((x: number) => x === 6));
  }
});

test("a view that was read does not hold on to what it was computed from", async () => {
  const net = nn.Linear(4, 3);
  const input = fromTypedArray(new Float32Array(8), [2, 4], "float32");
  for (const view of [(x: Tensor) => x.at(0), (x: Tensor) => x.view(-1)]) {
    class Net extends nn.Module {
      inner = net;

      override forward(x: Tensor): Tensor {
        return view(this.inner(x));
      }
    }
    const output = noGrad(() => new Net()(input));
    await output.tolist();
    const { value } = output.cell.storage;
    const inputs = value.isMaterialised ? [] : (value.node?.inputs ?? []);
    assert.ok(inputs.every((one) => one.isMaterialised));
  }
});

test("strides tell the layout as PyTorch has it", () => {
  const x = arange(24).reshape(2, 3, 4);
  assert.deepEqual(x.stride(), [12, 4, 1]);
  assert.deepEqual(x.transpose(0, 2).stride(), [1, 4, 12]);
  const part = x.at(1, ":", "1::2");
  assert.deepEqual([part.stride(), part.storageOffset(), part.isView()], [[4, 2], 13, true]);
  assert.deepEqual(x.at(0).expand(5, 3, 4).stride(), [0, 4, 1]);
  assert.deepEqual(x.diagonal(0, 1, 2).stride(), [12, 5]);
  assert.ok(x.at(1).isContiguous() && !x.mT.isContiguous() && x.mT.contiguous().isContiguous());
  assert.equal(x.contiguous(), x);
  assert.equal(x.isView(), true);
  assert.equal(x.clone().isView(), false);
  assert.throws(() => x.mT.view(-1), { name: "ShapeError", message: /use reshape\(\)/ });
  assert.ok(!x.mT.reshape(-1).isView());
  assert.throws(() => x.view(5), ShapeError);
});
