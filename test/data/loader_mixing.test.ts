import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import { collate, DataLoader, LabelledImages, TensorDataset, transforms } from "../../src/data/index.ts";
import { fromTypedArray, manualSeed, rand, type Tensor } from "../../src/tensor/index.ts";

const CLASSES = 4;
const { MixUp, CutMix } = transforms;
const BOTH = [MixUp({ numClasses: CLASSES }), CutMix({ numClasses: CLASSES, p: 0.75 })];

/** 22 images of 6 x 6, cropped at random; image i is bright in proportion to i, and of class i % 4. */
function images() {
  const data = new Uint8Array(22 * 36).map((_, at) => 10 * Math.floor(at / 36) + (at % 7));
  const labels = Float64Array.from({ length: 22 }, (_, i) => i % CLASSES);
  return new LabelledImages(
    { data, shape: [22, 1, 6, 6], dtype: "uint8" },
    { data: labels, shape: [22], dtype: "int64" },
    { transform: transforms.Compose([transforms.RandomCrop(5), transforms.ToTensor()]) },
  );
}

const loaderOf = (options = {}) =>
  DataLoader(images(), { batchSize: 5, shuffle: true, seed: 3, mix: BOTH, ...options });

async function batchesOf(batches: AsyncIterable<Tensor[]>, most = Number.POSITIVE_INFINITY) {
  const out: number[][][] = [];
  for await (const [x, y] of batches) {
    out.push([[...((await x.data()) as Float32Array)], [...((await y.data()) as Float32Array)]]);
    if (out.length === most) break;
  }
  return out;
}

test("a loader mixes its batches: the same bits with any number of workers, and in its place a mix by hand", async () => {
  const [first, second] = await (async () => {
    const loader = loaderOf({ numWorkers: 0 });
    return [await batchesOf(loader), await batchesOf(loader)];
  })();
  assert.notDeepEqual(first, second);
  for (const numWorkers of [1, 2, undefined]) {
    const loader = loaderOf({ numWorkers });
    assert.deepEqual([await batchesOf(loader), await batchesOf(loader)], [first, second]);
    await loader.close();
  }
  const mix = MixUp({ alpha: 0.4, numClasses: CLASSES });
  const plain = loaderOf({ mix: null, numWorkers: 0 });
  const mixed = await batchesOf(loaderOf({ mix, numWorkers: 0 }));
  let batch = 0;
  for await (const [x, y] of plain) {
    const [byHand, labels] = await mix(x, y, { seed: 3, epoch: 0, batch });
    assert.deepEqual(mixed[batch], [[...(await byHand.data())], [...(await labels.data())]]);
    batch++;
  }
  assert.equal(batch, mixed.length);
});

test("it goes on after an interruption with the same mixed batches, with and without a seed", async () => {
  for (const seed of [3, undefined]) {
    manualSeed(8);
    const whole = await batchesOf(loaderOf({ seed, numWorkers: 0 }));
    manualSeed(8);
    const interrupted = loaderOf({ seed, numWorkers: 2 });
    const before = await batchesOf(interrupted, 2);
    const again = loaderOf({ seed, numWorkers: 1 });
    again.loadState(interrupted.state());
    assert.deepEqual([...before, ...(await batchesOf(again))], whole);
    await Promise.all([interrupted.close(), again.close()]);
  }
});

test("of several mixes each batch draws one, and leaves some alone if p says so", async () => {
  const all = new Set<string>();
  const loader = loaderOf({ batchSize: 2, numWorkers: 0 });
  for (let epoch = 0; epoch < 4; epoch++) {
    const plain = loaderOf({ batchSize: 2, mix: [], numWorkers: 0 });
    plain.setEpoch(epoch);
    const before = await batchesOf(plain);
    (await batchesOf(loader)).forEach(([x, y], i) => {
      const [was] = before[i];
      assert.equal(y.length, 2 * CLASSES);
      for (const row of [y.slice(0, CLASSES), y.slice(CLASSES)])
        assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-6);
      // A cut image keeps some pixels, and has others of its neighbour; a mixed one is new throughout.
      const kept = x.filter((value, at) => value === was[at]).length;
      all.add(kept === x.length ? "left" : kept === 0 ? "MixUp" : "CutMix");
    });
  }
  assert.deepEqual([...all].sort(), ["CutMix", "MixUp", "left"]);
});

test("it mixes what a collateFn and a data set of tensors give, and parts beyond the labels stay", async () => {
  const dataset = TensorDataset(rand(6, 1, 4, 4), rand(6, CLASSES).softmax(1), rand(6));
  const options = { batchSize: 6, seed: 1, mix: MixUp() };
  const [x, y, z] = await first(DataLoader(dataset, options));
  const collated = await first(
    DataLoader(dataset, { ...options, collateFn: async (list) => (await collate(list)).map(asTensor) }),
  );
  assert.deepEqual(await Promise.all(collated.map((t) => t.tolist())), [
    await x.tolist(),
    await y.tolist(),
    await z.tolist(),
  ]);
  assert.deepEqual(await z.tolist(), await (dataset.tensors[2] as Tensor).tolist());
  assert.match(String(DataLoader(dataset, options)), /seed=1, mix=MixUp\)$/);
});

test("what cannot be mixed is refused", async () => {
  assert.throws(() => loaderOf({ mix: transforms.ToTensor() }), /expected `mix` to be transforms.MixUp/);
  assert.throws(() => loaderOf({ mix: [MixUp(), "CutMix"] }), ArgumentError);
  const noClasses = loaderOf({ mix: CutMix(), numWorkers: 1 });
  await assert.rejects(batchesOf(noClasses), /CutMix: give `numClasses`/);
  await noClasses.close();
  const alone = DataLoader(TensorDataset(rand(4, 1, 4, 4)), { mix: MixUp(), numWorkers: 0 });
  await assert.rejects(batchesOf(alone), /MixUp: expected batches of images and labels, got images alone/);
});

async function first(batches: AsyncIterable<Tensor[]>): Promise<Tensor[]> {
  for await (const tensors of batches) return tensors;
  throw new Error("no batch");
}

function asTensor({ data, shape, dtype }: { data: unknown; shape: number[]; dtype: unknown }): Tensor {
  return fromTypedArray(data as Float32Array, shape, dtype as "float32");
}
