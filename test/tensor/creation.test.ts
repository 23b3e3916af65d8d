/** The dtype rule of data, what `tensor` takes, and whole floats as positions and labels. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as c from "../../src/index.ts";
import type { TensorData } from "../../src/tensor/creation.ts";

const { tensor, nn } = c;
const { functional: F } = nn;
after(() => c.stopEngine());

test("the dtype follows from the type of the data, not from its values", () => {
  const expected: [TensorData, string][] = [
    [2, "float32"],
    [2.5, "float32"],
    [2n, "int64"],
    [true, "bool"],
    [[2.0], "float32"],
    [[], "float32"],
    [[1n, 2n], "int64"],
    [[true, false], "bool"],
    [[1, 2n], "float32"],
    [[true, 2n], "int64"],
    [[true, 2], "float32"],
    [new Float32Array(2), "float32"],
    [new Float64Array(2), "float64"],
    [new Int8Array(2), "int32"],
    [new Int16Array(2), "int32"],
    [new Int32Array(2), "int32"],
    [new Uint8Array(2), "uint8"],
    [new Uint8ClampedArray(2), "uint8"],
    [new Uint16Array(2), "int32"],
    [new Uint32Array(2), "int64"],
    [new BigInt64Array(2), "int64"],
    [new BigUint64Array(2), "int64"],
    [Buffer.of(1, 2), "uint8"],
    [[new Int32Array(2), new Int32Array(2)], "int32"],
    [[new Uint8Array(2), [1, 2]], "float32"],
    [[tensor(1n), tensor(2n)], "int64"],
  ];
  for (const [data, dtype] of expected) assert.equal(tensor(data).dtype, dtype, String(data));
  assert.equal(c.full([2], 3).dtype, "float32");
  assert.equal(c.full([2], 3n).dtype, "int64");
  assert.equal(c.full([2], true).dtype, "bool");
  assert.equal(c.zeros(2).dtype, "float32");
  assert.equal(c.arange(3).dtype, "int64");
  assert.equal(c.arange(0, 1, 0.5).dtype, "float32");
  assert.equal(c.randint(3, [2]).dtype, "int64");
});

test("typed arrays of every kind keep their numbers", async () => {
  assert.deepEqual(await tensor(new Int8Array([-128, 127])).tolist(), [-128, 127]);
  assert.deepEqual(await tensor(new Uint16Array([65535])).tolist(), [65535]);
  assert.deepEqual(await tensor(new Uint32Array([4294967295])).tolist(), [4294967295]);
  assert.deepEqual(await tensor(new BigInt64Array([-(2n ** 53n - 1n)])).tolist(), [-(2 ** 53 - 1)]);
  assert.throws(() => tensor([2n ** 53n]), /DTypeError|9007199254740992 is outside what int64 holds/);
  assert.equal(
    await tensor([2n ** 60n], { dtype: "float64" })
      .sum()
      .item(),
    2 ** 60,
  );
  const Half = (globalThis as { Float16Array?: new (values: number[]) => Float32Array }).Float16Array;
  if (Half !== undefined) {
    const half = tensor(new Half([0.1, 2]));
    assert.equal(half.dtype, "float16");
    assert.deepEqual(await half.tolist(), [0.0999755859375, 2]);
  }
});

test("lists of typed arrays and of tensors are stacked, off the tape", async () => {
  const rows = tensor([new Float32Array([1, 2]), new Float32Array([3, 4])]);
  assert.deepEqual(await rows.tolist(), [
    [1, 2],
    [3, 4],
  ]);
  const w = tensor([1, 2], { requiresGrad: true });
  const computed = w.mul(3);
  const stacked = tensor([computed, w, [7, 8]]);
  assert.equal(stacked.requiresGrad, false);
  assert.deepEqual(await stacked.tolist(), [
    [3, 6],
    [1, 2],
    [7, 8],
  ]);
  assert.deepEqual(await tensor([computed.sum(), tensor(1), 2]).tolist(), [9, 1, 2]);
  const leaf = tensor(computed, { requiresGrad: true });
  assert.equal(leaf.isLeaf, true);
  leaf.mul(2).sum().backward();
  assert.deepEqual(await leaf.grad?.tolist(), [2, 2]);
  assert.equal(w.grad, null);
  // A copy: changes in place do not reach it.
  const copy = tensor(w.detach());
  c.noGrad(() => w.add_(1));
  assert.deepEqual(await copy.tolist(), [1, 2]);
  assert.throws(() => tensor([tensor([1, 2]), tensor([1])]), c.ShapeError);
});

test("a parameter, a mean and rows that happen to be whole are float32", async () => {
  const scale = nn.Parameter(tensor([2.0]));
  assert.equal(scale.requiresGrad, true);
  assert.equal(await tensor([1, 2, 4, 5]).mean().item(), 3);
  const whole = await c.data.collate([[tensor([1, 2]), 3.0]]);
  const mixed = await c.data.collate([[tensor([1.5, 2]), 3.5]]);
  assert.deepEqual(
    whole.map((part) => part.dtype),
    mixed.map((part) => part.dtype),
  );
});

test("what is not a number is refused by one clear error", () => {
  const circular: unknown[] = [];
  circular.push(circular);
  const deep = (levels: number) => {
    let list: unknown = 1;
    for (let i = 0; i < levels; i++) list = [list];
    return list as TensorData;
  };
  const bad = (data: unknown, error: RegExp) =>
    assert.throws(
      () => tensor(data as TensorData),
      (thrown: Error) => {
        assert.ok(thrown instanceof c.ConvoyantError, thrown.stack);
        assert.match(thrown.message, error);
        return true;
      },
    );
  bad(circular, /at most 64 dimensions, got a list that contains itself/);
  bad(deep(20_000), /at most 64 dimensions, got lists that are nested deeper/);
  assert.equal(tensor(deep(64)).ndim, 64);
  bad(["1"], /got a string in a list/);
  bad(new Array(2), /got undefined in a list/);
  bad([null], /got null in a list/);
  bad(Promise.resolve(1), /got a Promise; await it first/);
  bad(new ArrayBuffer(8), /got a ArrayBuffer; make a typed array of it/);
  bad(new DataView(new ArrayBuffer(8)), /got a DataView/);
  bad([[], 1], /equal length/);
  bad([1, []], /equal length/);
  bad([[[]], []], /equal length/);
  bad([new Float32Array(2), new Float32Array(3)], /equal length/);
  bad([new Float32Array(2), 1], /equal length/);
});

for (const engine of ["reference", "wasm"]) {
  test(`whole floats and plain lists are positions and labels, on ${engine}`, async () => {
    await c.useEngine(engine);
    const x = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: rows
    const here = tensor([2, 0]);
    const later = tensor([1, 0]).add(tensor([1, 0]));
    for (const index of [[2, 0], [2n, 0n], new Int32Array([2, 0]), here, later, here.to("float16")]) {
      assert.deepEqual(await c.indexSelect(x, 1, index).tolist(), [[3, 1], [6, 4]]); // biome-ignore format: rows
      assert.deepEqual(await x.at(":", index).tolist(), [[3, 1], [6, 4]]); // biome-ignore format: rows
      assert.deepEqual(await c.take(x, index).tolist(), [3, 1]);
      assert.deepEqual(await F.embedding(index, tensor([[1], [2], [3]])).tolist(), [[3], [1]]);
      assert.deepEqual(await F.oneHot(index, 3).tolist(), [[0, 0, 1], [1, 0, 0]]); // biome-ignore format: rows
    }
    assert.deepEqual(await c.gather(x, 1, [[2], [0]]).tolist(), [[3], [4]]);
    assert.deepEqual(await x.at([[0, 1], [1, 0]], [0]).tolist(), [[1, 4], [4, 1]]); // biome-ignore format: rows
    assert.deepEqual(await x.at([[true, false, true], [false, true, false]]).tolist(), [1, 3, 5]); // biome-ignore format: rows
    assert.deepEqual(await c.bincount(tensor([1, 1, 3])).then((t) => t.tolist()), [0, 2, 0, 1]);

    const labels = await F.crossEntropy(x, tensor([2n, 0n])).item();
    for (const target of [here, later]) {
      assert.equal(await F.crossEntropy(x, target).item(), labels);
      assert.equal(await F.nllLoss(c.logSoftmax(x, 1), target).item(), labels);
    }
    // Of the input's shape, floats are probabilities.
    const probabilities = tensor([[0, 0, 1], [1, 0, 0]]); // biome-ignore format: rows
    assert.equal(await F.crossEntropy(x, probabilities).item(), labels);
    const margin = await F.multiMarginLoss(x, tensor([2n, 0n])).item();
    assert.equal(await F.multiMarginLoss(x, later).item(), margin);
  });

  test(`a float that is not whole is not a position, on ${engine}`, async () => {
    await c.useEngine(engine);
    const x = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: rows
    const half = tensor([0.5, 1]);
    const expected = /expected (indices|class labels) of an integer dtype.* 0.5 at position 0 is not/;
    assert.throws(() => c.indexSelect(x, 1, half), expected);
    assert.throws(() => c.indexSelect(x, 1, [0.5]), expected);
    assert.throws(() => x.at(":", half), expected);
    assert.throws(() => F.crossEntropy(x, half), expected);
    const later = () => half.mul(tensor([1, 1]));
    const computed = (result: c.Tensor) => assert.rejects(result.tolist(), expected);
    await computed(c.indexSelect(x, 1, later()));
    await computed(F.crossEntropy(x, later()));
    await computed(x.at(":", later()));
    assert.throws(() => c.indexSelect(x, 1, tensor([true])), /indices of an integer dtype, got bool/);
  });
}

test("bigints stand beside tensors as Python's ints do", async () => {
  assert.equal(tensor([1n]).add(1n).dtype, "int64");
  assert.equal(tensor([1n]).add(1).dtype, "int64");
  assert.equal(tensor([1n]).add(0.5).dtype, "float32");
  assert.deepEqual(await tensor([1, 2]).mul(2n).tolist(), [2, 4]);
  assert.deepEqual(await c.arange(2n, 4n).tolist(), [2, 3]);
  assert.deepEqual(await c.zeros(2).fill_(3n).tolist(), [3, 3]);
});

test("a data set whose labels are plain numbers is trained and judged as a classifier", async () => {
  c.manualSeed(1);
  class Signs extends c.data.Dataset {
    override get length(): number {
      return 32;
    }
    override async get(index: number): Promise<c.data.Example> {
      const sign = index % 2 === 0 ? 1 : -1;
      return [tensor([sign, sign]), sign === 1 ? 1 : 0];
    }
  }
  const loader = c.data.DataLoader(new Signs(), { batchSize: 8 });
  const net = nn.Linear(2, 2);
  const optimizer = c.optim.SGD(net.parameters(), { lr: 0.5 });
  await c.train.fit(net, { trainLoader: loader, optimizer, epochs: 3, progress: false });
  const { accuracy, confusion } = await c.train.evaluate(net, loader);
  assert.equal(accuracy, 1);
  assert.deepEqual(confusion, [[16, 0], [0, 16]]); // biome-ignore format: rows
  assert.equal(await c.book.evaluateAccuracy(net, loader), 1);
  // Floats that are not labels are targets of a regression.
  const values = c.data.DataLoader(c.data.TensorDataset(c.rand(8, 2), c.rand(8)), { batchSize: 8 });
  const loss = (output: c.Tensor, target: c.Tensor) => F.mseLoss(output.sum(1), target);
  await c.train.fit(net, { trainLoader: values, optimizer, epochs: 1, loss, progress: false });
});
