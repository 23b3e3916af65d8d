/** Modules of 16-bit parameters: conversion, gradients, state dicts and their files. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as convoyant from "../../../src/index.ts";
import { readSafetensors } from "../../../src/io/safetensors/safetensors_file.ts";

const { nn, tensor } = convoyant;
type Tensor = convoyant.Tensor;

after(() => convoyant.stopEngine());

const network = () => {
  convoyant.manualSeed(1);
  return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3));
};
const numbers = async (t: Tensor) => Array.from(await t.data());

test("half(), bfloat16() and to() convert what is floating and nothing else", async () => {
  for (const [dtype, convert] of [
    ["float16", (m: convoyant.nn.Module) => m.half()],
    ["bfloat16", (m: convoyant.nn.Module) => m.bfloat16()],
    ["bfloat16", (m: convoyant.nn.Module) => m.to("bfloat16")],
  ] as const) {
    const net = network();
    const before = await numbers(net.parameters()[0]);
    convert(net);
    for (const [name, one] of Object.entries(net.stateDict()))
      assert.equal((one as Tensor).dtype, name.endsWith("num_batches_tracked") ? "int64" : dtype, name);
    const weight = net.parameters()[0];
    assert.deepEqual(await numbers(weight), await numbers(tensor(before, { dtype })));
    // And from one 16-bit dtype to the other, and back.
    net.to("float32");
    assert.deepEqual(await numbers(weight), await numbers(tensor(before, { dtype })));
    net.half().bfloat16();
    assert.ok((await numbers(weight)).every((x, i) => Math.abs(x - before[i]) < 0.01));
  }
});

for (const engine of ["reference", "wasm"]) {
  test(`a network of 16-bit parameters learns, with gradients of its dtype, on ${engine}`, async () => {
    await convoyant.useEngine(engine);
    for (const dtype of ["bfloat16", "float16"] as const) {
      const net = network().to(dtype);
      const optimizer = convoyant.optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
      const x = convoyant.randn(8, 1, 4, 4, { dtype });
      const y = tensor([0, 1, 2, 0, 1, 2, 0, 1]);
      const losses: number[] = [];
      for (let step = 0; step < 15; step++) {
        const output = net(x);
        assert.equal(output.dtype, dtype);
        const loss = nn.functional.crossEntropy(output.float(), y);
        optimizer.zeroGrad();
        loss.backward();
        for (const p of net.parameters()) assert.equal(p.grad?.dtype, dtype);
        optimizer.step();
        losses.push(await loss.item());
      }
      assert.ok(losses[14] < 0.5 * losses[0], `${dtype}: ${losses}`);
    }
  });
}

test("state dicts convert to what the parameters are, as copy_ does", async () => {
  const wide = network();
  for (const dtype of ["bfloat16", "float16"] as const) {
    const narrow = network().to(dtype);
    const rounded = await numbers((wide.stateDict()["4.weight"] as Tensor).to(dtype));
    narrow.loadStateDict(wide.stateDict());
    const weight = narrow.stateDict()["4.weight"] as Tensor;
    assert.equal(weight.dtype, dtype);
    assert.deepEqual(await numbers(weight), rounded);
    const again = network();
    again.loadStateDict(narrow.stateDict());
    const back = again.stateDict()["4.weight"] as Tensor;
    assert.equal(back.dtype, "float32");
    assert.deepEqual(await numbers(back), rounded);
    const copied = convoyant.zeros(3, 8).copy_(weight);
    assert.deepEqual(await numbers(copied), rounded);
  }
});

test("files of 16-bit weights hold 16 bits and are loaded again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const dtype of ["bfloat16", "float16"] as const) {
    const net = network().to(dtype);
    const path = join(folder, `${dtype}.safetensors`);
    await convoyant.save(net.stateDict(), path);
    const stored = (await readSafetensors(path)).tensors.get("4.weight");
    assert.equal(stored?.dtype, dtype);
    assert.ok(stored?.data instanceof Uint16Array && stored.data.length === 24);
    const loaded = await convoyant.load(path);
    const expected = await numbers(net.stateDict()["4.weight"] as Tensor);
    assert.deepEqual(await numbers((loaded as Record<string, Tensor>)["4.weight"]), expected);
    const wide = network();
    wide.loadStateDict(loaded);
    assert.deepEqual(await numbers(wide.stateDict()["4.weight"] as Tensor), expected);
  }
});

test("optimiser states of 16 bits are saved and loaded", async () => {
  const make = () => {
    const p = nn.Parameter(tensor([1, 2], { dtype: "bfloat16" }));
    return { p, optimizer: convoyant.optim.Adagrad([p], { lr: 0.5, initialAccumulatorValue: 2 }) };
  };
  const step = ({ p, optimizer }: ReturnType<typeof make>) => {
    optimizer.zeroGrad();
    p.mul(p).sum().backward();
    optimizer.step();
  };
  const first = make();
  step(first);
  // 1 - 0.5 * 2 / sqrt(2 + 4), 2 - 0.5 * 4 / sqrt(2 + 16)
  assert.deepEqual(await numbers(first.p), await numbers(tensor([0.59175, 1.5286], { dtype: "bfloat16" })));
  const second = make();
  second.p.detach().copy_(first.p.detach());
  await first.p.data();
  second.optimizer.loadStateDict(first.optimizer.stateDict());
  const third = make();
  third.optimizer.loadStateDict(second.optimizer.stateDict());
  const [sum] = Object.values(third.optimizer.stateDict().state).map(
    (s) => (s as Record<string, Tensor>).sum,
  );
  assert.equal(sum.dtype, "bfloat16");
  assert.deepEqual(await numbers(sum), [6, 18]);
});

for (const affine of [true, false]) {
  test(`running statistics of a 16-bit BatchNorm1d(affine=${affine}) are PyTorch's`, async () => {
    // torch.nn.BatchNorm1d(2, affine=affine, momentum=0.3).to(dtype)((torch.arange(24).reshape(4, 2, 3) % 7).to(dtype) * 0.75)
    const recorded = {
      bfloat16: { mean: [0.67578125, 0.5625], variance: [1.8046875, 1.0546875] },
      float16: { mean: [0.6748046875, 0.5625], variance: [1.8046875, 1.052734375] },
    } as const;
    for (const dtype of ["bfloat16", "float16"] as const) {
      const norm = nn.BatchNorm1d(2, { affine, momentum: 0.3 }).to(dtype);
      norm(convoyant.arange(24).reshape(4, 2, 3).remainder(7).to(dtype).mul(0.75));
      assert.equal(norm.runningMean?.dtype, dtype);
      assert.deepEqual(await norm.runningMean?.tolist(), recorded[dtype].mean);
      assert.deepEqual(await norm.runningVar?.tolist(), recorded[dtype].variance);
    }
  });
}
