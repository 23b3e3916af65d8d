import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DataLoader,
  type DataLoaderOptions,
  LabelledImages,
  randomSplit,
  TensorDataset,
  transforms,
} from "../../src/data/index.ts";
import { fromTypedArray, Generator, getRngState, manualSeed, type Tensor } from "../../src/tensor/index.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const numbers = (count: number) =>
  TensorDataset(fromTypedArray(Float64Array.from(range(count)), [count], "int64"));

async function seen(batches: AsyncIterable<Tensor[]>): Promise<number[]> {
  const out: number[] = [];
  for await (const [x] of batches) out.push(...((await x.data()) as ArrayLike<number> as number[]));
  return out;
}

const loaderOf = (options: DataLoaderOptions = {}) =>
  DataLoader(numbers(40), { batchSize: 6, shuffle: true, ...options });

test("manualSeed decides the order of a loader without a seed, again in each epoch, as in PyTorch", async () => {
  const loader = loaderOf();
  assert.equal(loader.seed, null);
  const run = async (seed: number, made = loader) => {
    manualSeed(seed);
    return [await seen(made), await seen(made)];
  };
  const first = await run(1);
  assert.notDeepEqual(first[0], first[1]);
  for (const epoch of first)
    assert.deepEqual(
      [...epoch].sort((a, b) => a - b),
      range(40),
    );
  // The same loader seeded again, and another one.
  assert.deepEqual(await run(1), first);
  assert.deepEqual(await run(1, loaderOf()), first);
  assert.notDeepEqual((await run(2))[0], first[0]);
});

test("a seed of the loader's own leaves the global generator alone, and the order is the one of before", async () => {
  manualSeed(1);
  const before = getRngState();
  const order = await seen(loaderOf({ seed: 3 }));
  assert.deepEqual(getRngState(), before);
  // What seed 3 has always given.
  assert.deepEqual(order.slice(0, 8), FIRST_OF_SEED_3);
});
const FIRST_OF_SEED_3 = [5, 13, 18, 4, 27, 26, 35, 12];

test("a generator of the loader's own decides alone", async () => {
  manualSeed(1);
  const before = getRngState();
  const run = (seed: number) => seen(loaderOf({ generator: new Generator().manualSeed(seed) }));
  const first = await run(5);
  assert.deepEqual(await run(5), first);
  assert.notDeepEqual(await run(6), first);
  assert.deepEqual(getRngState(), before);
  assert.throws(
    () => loaderOf({ generator: new Generator(), seed: 1 }),
    /give `seed` or `generator`, not both/,
  );
  assert.throws(() => loaderOf({ generator: 3 as never }), /expected `generator` to be a Generator, got 3/);
});

test("random transforms follow manualSeed too, with any number of workers", async () => {
  const images = new LabelledImages(
    { data: new Uint8Array(20 * 36).map((_, i) => i % 251), shape: [20, 1, 6, 6], dtype: "uint8" },
    { data: new Float64Array(20), shape: [20], dtype: "int64" },
    { transform: transforms.Compose([transforms.RandomCrop(4), transforms.ToTensor()]) },
  );
  const run = async (seed: number, numWorkers: number) => {
    const loader = DataLoader(images, { batchSize: 5, numWorkers });
    manualSeed(seed);
    const both = [await seen(loader), await seen(loader)];
    await loader.close();
    return both;
  };
  const first = await run(1, 0);
  assert.notDeepEqual(first[0], first[1]);
  assert.deepEqual(await run(1, 2), first);
  assert.notDeepEqual((await run(2, 0))[0], first[0]);
});

test("randomSplit follows manualSeed, a generator, or its seed", () => {
  const split = (options?: object) => [...randomSplit(numbers(20), [5, 15], options as never)[0].indices];
  const seeded = (seed: number, options?: object) => {
    manualSeed(seed);
    return split(options);
  };
  assert.deepEqual(seeded(1), seeded(1));
  assert.notDeepEqual(seeded(1), seeded(2));
  assert.notDeepEqual(split(), split());
  assert.deepEqual(seeded(1, { seed: 7 }), seeded(2, { seed: 7 }));
  const generator = () => ({ generator: new Generator().manualSeed(4) });
  assert.deepEqual(seeded(1, generator()), seeded(2, generator()));
});

test("an epoch goes on with batches of another size: every example once, whatever the sizes", async () => {
  for (const options of [{ seed: 3 }, {}]) {
    for (const [before, after] of [
      [8, 32],
      [8, 4],
      [6, 7],
      [7, 40],
      [3, 1],
    ]) {
      const stopped = loaderOf({ ...options, batchSize: before });
      const done: number[] = [];
      for await (const [x] of stopped as AsyncIterable<Tensor[]>) {
        done.push(...((await x.data()) as unknown as number[]));
        if (done.length >= 2 * before) break;
      }
      const state = JSON.parse(JSON.stringify(stopped.state()));
      const resumed = loaderOf({ ...options, batchSize: after });
      resumed.loadState(state);
      const rest = await seen(resumed);
      assert.deepEqual(
        [...done, ...rest].sort((a, b) => a - b),
        range(40),
        `${before} to ${after}`,
      );
      // The next loop is a whole epoch again.
      assert.deepEqual(
        (await seen(resumed)).sort((a, b) => a - b),
        range(40),
      );
    }
  }
});

test("the batches of a rest are counted so that the last one is the epoch's last", async () => {
  const loader = loaderOf({ batchSize: 32 });
  assert.equal(loader.batchAt(16), 1);
  assert.equal(loader.batchAt(40), 2);
  assert.equal(loaderOf({ batchSize: 4 }).batchAt(16), 4);
  const sizes: number[] = [];
  for await (const [x] of loader.iterate({ fromExample: 2 }) as AsyncIterable<Tensor[]>) {
    sizes.push(x.size(0));
    if (sizes.length === 1) assert.deepEqual([loader.state().batch, loader.state().example], [1, 34]);
  }
  assert.deepEqual(sizes, [32, 6]);
});

test("a generator as sampler or batchSampler is refused, in words; what can be walked again is not", async () => {
  const generator = (function* () {
    yield* [3, 1, 2];
  })();
  const message =
    /DataLoader: `sampler` is a generator, which can be walked only once.*give an array \(\[\.\.\.sampler\]\)/;
  assert.throws(() => DataLoader(numbers(5), { sampler: generator }), { name: "ArgumentError", message });
  assert.throws(() => DataLoader(numbers(5), { sampler: [1, 2].values() }), message);
  assert.throws(
    () =>
      DataLoader(numbers(5), {
        batchSampler: (function* () {
          yield [1];
        })(),
      }),
    /`batchSampler` is a generator/,
  );
  assert.throws(() => DataLoader(numbers(5), { sampler: 3 as never }), /expected `sampler` to be an array/);
  // Nothing was used up by the refusal.
  assert.deepEqual([...generator], [3, 1, 2]);
  let walks = 0;
  const epochs: number[] = [];
  const sampler = {
    setEpoch: (epoch: number) => void epochs.push(epoch),
    *[Symbol.iterator]() {
      walks++;
      yield* [3, 1, 2];
    },
    length: 3,
  };
  const loader = DataLoader(numbers(5), { sampler, batchSize: 2 });
  assert.deepEqual([loader.length, loader.length, walks], [2, 2, 0]);
  assert.deepEqual(
    [await seen(loader), await seen(loader)],
    [
      [3, 1, 2],
      [3, 1, 2],
    ],
  );
  assert.deepEqual(epochs, [0, 1]);
  const nested = DataLoader(numbers(5), { batchSampler: new Set([new Set([4, 0]), [2]]) });
  assert.deepEqual([nested.length, await seen(nested), await seen(nested)], [2, [4, 0, 2], [4, 0, 2]]);
  for (const bad of [-1, 1.5, Number.NaN, "1"])
    assert.throws(
      () => DataLoader(numbers(5), { sampler: [bad as number] }).iterate(),
      /the numbers of examples, from 0, got/,
    );
});
