import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { ArgumentError, DTypeError, IndexError } from "../../src/base/errors.ts";
import {
  ConcatDataset,
  DataLoader,
  type Dataset,
  LabelledImages,
  Subset,
  TensorDataset,
  transforms,
} from "../../src/data/index.ts";
import type { BatchFunction } from "../../src/data/labelled_images.ts";
import { fromTypedArray, type Tensor } from "../../src/tensor/tensor.ts";
import { packageUrl } from "../built_package.ts";

const run = promisify(execFile);

/** `count` images of 6 x 6 pixels; image i is filled with i and its label is i. */
function images(
  count: number,
  transform: transforms.Transform | BatchFunction | null = transforms.ToTensor(),
) {
  const data = new Uint8Array(count * 36).map((_, at) => Math.floor(at / 36) + (at % 5));
  return new LabelledImages(
    { data, shape: [count, 1, 6, 6], dtype: "uint8" },
    { data: Float64Array.from({ length: count }, (_, i) => i), shape: [count], dtype: "int64" },
    { transform },
  );
}

async function labelsOf(batches: AsyncIterable<Tensor[]>): Promise<number[][]> {
  const out: number[][] = [];
  for await (const [, y] of batches) out.push([...(await y.data())]);
  return out;
}

async function valuesOf(batches: AsyncIterable<Tensor[]>): Promise<number[][]> {
  const out: number[][] = [];
  for await (const tensors of batches) for (const t of tensors) out.push([...(await t.data())]);
  return out;
}

const RANDOM = transforms.Compose([
  transforms.RandomCrop(5, { padding: 2 }),
  transforms.RandomHorizontalFlip(),
  transforms.RandomResizedCrop(7),
  transforms.ToTensor(),
]);

test("batches are float32 [N, C, H, W] and int64 [N], the last one smaller or left out", async () => {
  const loader = DataLoader(images(10), { batchSize: 4 });
  assert.equal(loader.length, 3);
  const shapes: unknown[] = [];
  for await (const [x, y] of loader) shapes.push([x.dtype, x.shape, y.dtype, y.shape]);
  const of = (n: number) => ["float32", [n, 1, 6, 6], "int64", [n]];
  assert.deepEqual(shapes, [of(4), of(4), of(2)]);
  const dropping = DataLoader(images(10), { batchSize: 4, dropLast: true });
  assert.equal(dropping.length, 2);
  assert.deepEqual(await labelsOf(dropping), [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
});

test("every epoch is another order of all examples, the same for the same seed", async () => {
  const make = (seed: number) => DataLoader(images(50), { batchSize: 8, shuffle: true, seed });
  const loader = make(1);
  const epochs = [await labelsOf(loader), await labelsOf(loader), await labelsOf(loader)];
  for (const epoch of epochs) {
    assert.deepEqual(
      epoch.flat().sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i),
    );
  }
  assert.notDeepEqual(epochs[0], epochs[1]);
  assert.notDeepEqual(epochs[1], epochs[2]);
  assert.deepEqual(await labelsOf(make(1)), epochs[0]);
  assert.notDeepEqual(await labelsOf(make(2)), epochs[0]);
  assert.deepEqual(await labelsOf(make(1).iterate({ epoch: 2 })), epochs[2]);
  const moved = make(1);
  moved.setEpoch(1);
  assert.deepEqual(await labelsOf(moved), epochs[1]);
  assert.deepEqual(await labelsOf(moved), epochs[2]);
});

test("any number of workers gives the same batches, random transforms included", async () => {
  const loaders = [0, 1, 2].map((numWorkers) =>
    DataLoader(images(30, RANDOM), { batchSize: 7, shuffle: true, seed: 3, numWorkers }),
  );
  const [inline, one, two] = await Promise.all(
    loaders.map(async (loader) => [await valuesOf(loader), await valuesOf(loader)]),
  );
  assert.notDeepEqual(inline[0], inline[1]);
  assert.deepEqual(one, inline);
  assert.deepEqual(two, inline);
  for (const loader of loaders) await loader.close();
  // A closed loader starts again when it is used again.
  assert.equal((await valuesOf(loaders[1])).length, 10);
  await loaders[1].close();
});

test("workers build from subsets and concatenations too", async () => {
  const dataset = Subset(ConcatDataset([images(9, RANDOM), images(9, RANDOM)]), [17, 3, 9, 8, 0]);
  const inline = await valuesOf(DataLoader(dataset, { batchSize: 2, seed: 0, numWorkers: 0 }));
  const loader = DataLoader(dataset, { batchSize: 2, seed: 0 });
  assert.deepEqual(await valuesOf(loader), inline);
  await loader.close();
});

test("training goes on in the middle of an epoch as if it had not stopped", async () => {
  const make = () => DataLoader(images(40, RANDOM), { batchSize: 6, shuffle: true, seed: 9, numWorkers: 0 });
  const whole = make();
  await labelsOf(whole);
  const second = await valuesOf(whole);

  const stopped = make();
  await labelsOf(stopped);
  let seen = 0;
  for await (const batch of stopped) {
    assert.equal(batch.length, 2);
    if (++seen === 3) break;
  }
  const state = JSON.parse(JSON.stringify(stopped.state()));
  assert.deepEqual(state, { seed: 9, epoch: 1, batch: 3, example: 18 });
  const resumed = make();
  resumed.loadState(state);
  assert.deepEqual(resumed.state(), state);
  assert.deepEqual(await valuesOf(resumed), second.slice(6));
  assert.deepEqual(resumed.state(), { seed: 9, epoch: 2, batch: 0, example: 0 });
  assert.deepEqual(await valuesOf(make().iterate({ epoch: 1, fromBatch: 3 })), second.slice(6));
  assert.deepEqual(await labelsOf(make().iterate({ epoch: 1, fromBatch: 99 })), []);
  // After a loop that was left, the next one is the next epoch.
  assert.deepEqual(await labelsOf(stopped), await labelsOf(make().iterate({ epoch: 2 })));
  assert.throws(() => DataLoader(images(2), { seed: 1 }).loadState(state), /the state is of seed 9/);
});

test("an error surfaces where the batch is awaited, with its class and message, also out of a worker", async () => {
  const broken = transforms.Compose([transforms.Resize(4), transforms.Normalize([0], [1])]);
  for (const numWorkers of [0, 1]) {
    const loader = DataLoader(images(10, broken), { batchSize: 2, numWorkers });
    await assert.rejects(valuesOf(loader), (error: Error) => {
      assert.ok(error instanceof DTypeError, `${numWorkers} workers: ${error.name}`);
      assert.match(error.message, /Normalize: expected float32, got uint8; put ToTensor/);
      return true;
    });
    await loader.close();
  }
});

test("a worker that dies is reported, not waited for", async () => {
  const loader = DataLoader(images(2000, transforms.Compose([transforms.Resize(300)])), {
    batchSize: 500,
    numWorkers: 1,
  });
  const batches = loader.iterate();
  await batches.next();
  const waiting = batches.next();
  const refused = assert.rejects(waiting, /its workers were stopped|ended unexpectedly/);
  await loader.close();
  await refused.catch(async () => {
    // The batch may have come before the worker was stopped; then the next one must fail.
    await assert.rejects(async () => {
      for await (const _ of batches);
    });
  });
});

test("a transform of one's own runs on batches", async () => {
  const double: BatchFunction = (images) => ({
    ...images,
    data: images.data.map((v) => 2 * v) as Uint8Array,
  });
  const [[x]] = [await valuesOf(DataLoader(images(3, double), { batchSize: 3 }))];
  assert.equal(x[36], 4);
});

test("sampler, batchSampler and collateFn take the place of the defaults", async () => {
  const dataset = images(10);
  assert.deepEqual(await labelsOf(DataLoader(dataset, { batchSize: 2, sampler: [9, 0, 5] })), [[9, 0], [5]]);
  assert.equal(DataLoader(dataset, { batchSize: 2, sampler: [9, 0, 5] }).length, 2);
  const chosen = DataLoader(dataset, { batchSampler: [[1], [2, 3]] });
  assert.equal(chosen.length, 2);
  assert.deepEqual(await labelsOf(chosen), [[1], [2, 3]]);
  const counted = DataLoader(dataset, {
    batchSize: 4,
    collateFn: (examples) => [fromTypedArray(Int32Array.of(examples.length), [1], "int32")],
  });
  assert.deepEqual(await valuesOf(counted), [[4], [4], [2]]);
});

test("PyTorch's leading arguments by position", async () => {
  const loader = DataLoader(images(10), 4, true, { seed: 5 });
  assert.deepEqual([loader.batchSize, loader.shuffle, loader.seed], [4, true, 5]);
  assert.ok(new DataLoader(images(1)) instanceof DataLoader);
  assert.equal(DataLoader({ dataset: images(3) }).length, 3);
});

test("options that make no sense are refused", () => {
  const make = (options: object) => () => DataLoader(images(3), options as { batchSize: number });
  for (const options of [
    { batchSize: 0 },
    { batchSize: 1.5 },
    { seed: -1 },
    { numWorkers: -1 },
    { prefetchFactor: 0 },
    { sampler: [1], shuffle: true },
    { batchSampler: [[1]], batchSize: 2 },
    { batchsize: 2 },
  ]) {
    assert.throws(make(options), ArgumentError, JSON.stringify(options));
  }
  assert.throws(
    make({ batchsize: 2 }),
    /unknown argument `batchsize` of DataLoader; did you mean `batchSize`/,
  );
  assert.throws(
    () => DataLoader(Promise.resolve() as unknown as Dataset),
    /expected `dataset` to be a Dataset/,
  );
});

test("an example that does not exist", async () => {
  await assert.rejects(valuesOf(DataLoader(images(3), { sampler: [7] })), IndexError);
});

test("an empty data set has no batches", async () => {
  const empty = TensorDataset(fromTypedArray(new Float32Array(0), [0, 2], "float32"));
  assert.deepEqual(await valuesOf(DataLoader(empty, { batchSize: 2, shuffle: true })), []);
});

test("a script whose loader has workers ends by itself, also when it leaves the loop early", async () => {
  const script = `
    import { DataLoader, LabelledImages, transforms } from ${JSON.stringify(packageUrl("data"))};
    const dataset = new LabelledImages(
      { data: new Uint8Array(640 * 36), shape: [640, 1, 6, 6], dtype: "uint8" },
      { data: new Float64Array(640), shape: [640], dtype: "int64" },
      { transform: transforms.Resize(20) },
    );
    const loader = DataLoader(dataset, { batchSize: 64, numWorkers: 2 });
    let n = 0;
    for await (const [x] of loader) n += x.shape[0];
    for await (const [x] of loader) break;
    console.log(n);
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { timeout: 30_000 });
  assert.equal(stdout.trim(), "640");
});
