/**
 * Batches in slices: the same step as with the whole batch, in less memory. Which algorithm a convolution takes depends on
 * the size of its batch: by plain sums (`exactConvolutions`) slices differ from the whole by little.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as book from "../../../src/book/index.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { defaultSession } from "../../../src/runtime/runtime.ts";
import {
  crossEntropy,
  fromTypedArray,
  manualSeed,
  stopEngine,
  type Tensor,
  useEngine,
} from "../../../src/tensor/index.ts";
import { evaluate, fit, microBatches } from "../../../src/train/index.ts";
import type { FitOptions } from "../../../src/train/loop/fit_options.ts";

after(stopEngine);

const MIB = 2 ** 20;

/** Images of 16 x 16 in four classes. */
function batch(count: number, seed = 1): [Tensor, Tensor] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const x = Float32Array.from({ length: count * 256 }, next);
  const y = Int32Array.from({ length: count }, () => Math.floor(next() * 4));
  return [fromTypedArray(x, [count, 1, 16, 16], "float32"), fromTypedArray(y, [count], "int32")];
}

/** Its activations are large, its weights small. */
function network(extra: nn.Module[] = [], dropout = 0): nn.Sequential {
  manualSeed(11);
  return nn.Sequential(
    nn.Conv2d(1, 16, 3, { padding: 1 }),
    ...extra,
    nn.ReLU(),
    nn.Conv2d(16, 16, 3, { padding: 1 }),
    nn.ReLU(),
    nn.AvgPool2d(4),
    nn.Flatten(),
    nn.Dropout(dropout),
    nn.Linear(256, 4),
  );
}

type Trained = {
  weights: number[][];
  losses: number[];
  accuracies: number[];
  notes: string[];
  steps: number;
};

/** What a training leaves behind. */
async function trained(
  net: nn.Module,
  sizes: readonly number[],
  options: Partial<FitOptions> = {},
): Promise<Trained> {
  const notes: string[] = [];
  const points: { trainLoss: number; trainAccuracy: number }[] = [];
  const result = await fit(net, {
    trainLoader: sizes.map((size, i) => batch(size, i + 1)),
    optimizer: optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, dampening: 0.1 }),
    epochs: 1,
    pointsPerEpoch: sizes.length,
    ...options,
    callbacks: { onNote: (text) => notes.push(text), onPoint: (point) => points.push(point) },
  });
  const weights: number[][] = [];
  for (const parameter of net.parameters()) weights.push([...((await parameter.data()) as Float32Array)]);
  return {
    weights,
    losses: points.map((point) => point.trainLoss),
    accuracies: points.map((point) => point.trainAccuracy),
    notes,
    steps: result.step,
  };
}

async function gradientsOf(net: nn.Module): Promise<number[][]> {
  const gradients: number[][] = [];
  for (const { grad } of net.parameters()) {
    assert.ok(grad);
    gradients.push([...((await grad.data()) as Float32Array)]);
  }
  return gradients;
}

function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((number, i) => {
    const error = Math.abs(number - expected[i]);
    assert.ok(error <= tolerance, `element ${i}: ${number} instead of ${expected[i]}`);
  });
}

function assertSame(actual: Trained, expected: Trained): void {
  actual.weights.forEach((weight, i) => {
    assertNear(weight, expected.weights[i], 2e-6);
  });
  assertNear(actual.losses, expected.losses, 1e-6);
  assert.deepEqual(actual.accuracies, expected.accuracies);
  assert.equal(actual.steps, expected.steps);
}

for (const engine of ["reference", "wasm"]) {
  test(`${engine}: slices give the step of the whole batch, also when it cannot be divided`, async () => {
    await useEngine(engine);
    // The reference engine takes its time.
    const [sizes, slices] =
      engine === "reference"
        ? [[8, 8, 4], [3]]
        : [
            [20, 20, 7],
            [1, 6, 7, 19],
          ];
    const whole = await trained(network(), sizes);
    for (const microBatch of slices) {
      assertSame(await trained(network(), sizes, { microBatch }), whole);
    }
    assert.deepEqual(await trained(network(), sizes, { microBatch: sizes[0] }), whole);
  });
}

test("clipped gradients, schedulers and optimisers with state take one step for all slices", async () => {
  await useEngine("wasm", { exactConvolutions: true });
  const run = async (microBatch: "auto" | number) => {
    const net = network();
    const optimizer = optim.Adam(net.parameters(), { lr: 0.01 });
    const scheduler = optim.StepLR(optimizer, 1, 0.5);
    const done = await trained(net, [12, 12], {
      optimizer,
      scheduler,
      schedulerStep: "step",
      clipGradNorm: 0.05,
      microBatch,
    });
    assert.equal(optimizer.paramGroups[0].lr, 0.0025);
    return done;
  };
  const [whole, slices] = [await run("auto"), await run(5)];
  assertNear(slices.weights.flat(), whole.weights.flat(), 2e-5);
  assertNear(slices.losses, whole.losses, 1e-5);
});

test("in a small memory: slices are found, remembered, and change nothing", async () => {
  const sizes = [100, 100, 64, 100];
  await useEngine("wasm", { exactConvolutions: true });
  const whole = await trained(network(), sizes);
  await useEngine("wasm", { memoryLimit: 6 * MIB, exactConvolutions: true });
  const limited = await trained(network(), sizes);
  assertSame(limited, whole);
  assert.equal(limited.notes.length, 1, limited.notes.join("\n"));
  assert.match(
    limited.notes[0],
    /A step on 100 examples at once does not fit .* slices of at most (25|50)\./,
  );
  assert.ok(defaultSession().memory().arenaBytes < 6 * MIB);
});

test("in a small memory: the optimiser's own state and the random numbers start as without it", async () => {
  const run = (net: nn.Sequential) =>
    trained(net, [60, 60], { optimizer: optim.Adam(net.parameters(), { lr: 0.01 }) });
  await useEngine("wasm", { exactConvolutions: true });
  const whole = await run(network());
  await useEngine("wasm", { memoryLimit: 4 * MIB, exactConvolutions: true });
  const limited = await run(network());
  assert.equal(limited.notes.length, 1);
  assertNear(limited.weights.flat(), whole.weights.flat(), 2e-5);

  const withDropout = await trained(network([], 0.5), [100], { microBatch: "auto" });
  const slices = Number(/at most (\d+)/.exec(withDropout.notes[0])?.[1]);
  const explicit = await trained(network([], 0.5), [100], { microBatch: slices });
  assert.deepEqual(withDropout.weights, explicit.weights, "a refused attempt draws nothing");
});

test("steps in slices keep no memory: as much is taken after ten as after two", async () => {
  await useEngine("wasm", { memoryLimit: 6 * MIB, exactConvolutions: true });
  const net = network();
  const taken: number[] = [];
  const programs: number[] = [];
  await fit(net, {
    trainLoader: Array.from({ length: 10 }, () => batch(100)),
    optimizer: optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 }),
    epochs: 1,
    callbacks: {
      onStep: async () => {
        await defaultSession().finish();
        const { liveBytes, arenaBytes } = defaultSession().memory();
        taken.push(liveBytes + arenaBytes);
        programs.push(defaultSession().statistics.programs);
      },
    },
  });
  assert.equal(taken[9], taken[1]);
  assert.equal(programs[9], programs[1]);
});

test("a run that goes on keeps the size of its slices", async () => {
  await useEngine("wasm", { memoryLimit: 6 * MIB, exactConvolutions: true });
  const folder = mkdtempSync(join(tmpdir(), "convoyant-slices-"));
  const run = async (name: string, epochs: number[]) => {
    let done: Trained | null = null;
    for (const [i, until] of epochs.entries()) {
      const out = join(folder, name);
      done = await trained(network(), [70, 100], { epochs: until, out, resume: i > 0 });
    }
    return done as Trained;
  };
  const undisturbed = await run("once", [2]);
  const resumed = await run("twice", [1, 2]);
  rmSync(folder, { recursive: true });
  assert.deepEqual(resumed.weights, undisturbed.weights);
  assert.equal(resumed.notes.length, 0, "nothing has to be found out again");
});

test("evaluation runs in slices when a batch does not fit", async () => {
  const net = network();
  await useEngine("wasm", { exactConvolutions: true });
  const loader = [batch(300, 1), batch(300, 2)];
  const whole = await evaluate(net, loader);
  await useEngine("wasm", { memoryLimit: 3 * MIB, exactConvolutions: true });
  const limited = await evaluate(net, loader);
  assert.equal(limited.accuracy, whole.accuracy);
  assertNear([limited.loss], [whole.loss], 1e-6);
  assert.deepEqual(limited.confusion, whole.confusion);
});

test("batch normalisation: refused by itself, done when asked for", async () => {
  await useEngine("wasm", { memoryLimit: 6 * MIB, exactConvolutions: true });
  for (const layer of [nn.BatchNorm2d(16), book.BatchNorm(16, 4)]) {
    const net = network([layer]);
    await assert.rejects(trained(net, [100]), {
      name: "TrainingError",
      message:
        /mixes the examples of a batch: (batch normalisation|a sum over the batch) \(net\.1\).*microBatch: 50/s,
    });
  }
  const net = network([nn.BatchNorm2d(16)]);
  const { steps } = await trained(net, [100], { microBatch: 25 });
  assert.equal(steps, 1);
  const norm = net.at(1) as InstanceType<typeof nn.BatchNorm2d>;
  assert.equal(Number(await norm.numBatchesTracked?.item()), 4, "each slice moves the running statistics");
});

test("batch normalisation that is frozen is not an obstacle", async () => {
  await useEngine("wasm", { memoryLimit: 6 * MIB, exactConvolutions: true });
  const frozen = nn.BatchNorm2d(16);
  Object.defineProperty(frozen, "training", { get: () => false, set: () => {} });
  const { notes } = await trained(network([frozen]), [100]);
  assert.equal(notes.length, 1);
});

test("a loss that is not a mean over the examples is refused, any mean is taken", async () => {
  await useEngine("wasm", { exactConvolutions: true });
  const sum = (o: Tensor, y: Tensor) => crossEntropy(o, y, { reduction: "sum" });
  for (const microBatch of [1, 5]) {
    await assert.rejects(trained(network(), [10], { loss: sum, microBatch }), {
      name: "ArgumentError",
      message: /`loss` must be a mean over its examples; on \d+ examples it gave/,
    });
  }
  const smoothed = (o: Tensor, y: Tensor) => crossEntropy(o, y, { labelSmoothing: 0.1 });
  const whole = await trained(network(), [10], { loss: smoothed });
  assertSame(await trained(network(), [10], { loss: smoothed, microBatch: 3 }), whole);
});

test("where not one example fits, or not as many as were asked for, the engine says what it needs", async () => {
  await useEngine("wasm", { memoryLimit: MIB + 64 * 1024, exactConvolutions: true });
  const big = () => nn.Sequential(nn.Flatten(), nn.Linear(256, 4096), nn.ReLU(), nn.Linear(4096, 4));
  const refused = { name: "OutOfMemoryError", message: /out of memory: .* needs .* of at most/ };
  await assert.rejects(trained(big(), [4]), refused);
  await useEngine("wasm", { memoryLimit: 4 * MIB, exactConvolutions: true });
  await assert.rejects(trained(network(), [100], { microBatch: 100 }), refused);
});

test("a step that does not fit changes nothing, in a loop of one's own as well", async () => {
  await useEngine("wasm", { memoryLimit: 4 * MIB, exactConvolutions: true });
  const net = network();
  const optimizer = optim.Adam(net.parameters(), { lr: 0.01 });
  const [weight] = net.parameters();
  const before = await weight.tolist();
  const step = (count: number) => {
    const [x, y] = batch(count);
    optimizer.zeroGrad();
    crossEntropy(net(x), y).backward();
    optimizer.step();
  };
  assert.throws(() => step(200), { name: "OutOfMemoryError" });
  assert.equal(optimizer.state.size, 0);
  assert.deepEqual(await weight.tolist(), before);
  optimizer.zeroGrad();
  step(4);
  assert.notDeepEqual(await weight.tolist(), before);
});

test("microBatches: a loop of one's own", async () => {
  await useEngine("wasm", { exactConvolutions: true });
  const [x, y] = batch(23);
  const whole = network();
  crossEntropy(whole(x), y).backward();
  await gradientsOf(whole);
  const net = network();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const shares: number[] = [];
  const losses: Tensor[] = [];
  const runs = defaultSession().statistics.runs;
  for await (const [xs, ys, share] of microBatches(x, y, 8)) {
    const loss = crossEntropy(net(xs), ys).mul(share);
    loss.backward();
    shares.push(Math.round(share * 23));
    losses.push(loss);
  }
  assert.equal(defaultSession().statistics.runs - runs, 2, "the last slice waits for the step");
  optimizer.step();
  assert.deepEqual(shares, [8, 8, 7]);
  const expectedGradients = await gradientsOf(whole);
  for (const [i, gradient] of (await gradientsOf(net)).entries())
    assertNear(gradient, expectedGradients[i], 1e-6);
  // Losses of all slices can be read after the step.
  const numbers = await Promise.all(losses.map((loss) => loss.item()));
  const expected = await crossEntropy(whole(x), y).item();
  assertNear([numbers.reduce((a, b) => a + b)], [expected], 1e-6);
});

test("microBatches: the gradients of several backward() calls before one step, as in PyTorch", async () => {
  await useEngine("wasm", { exactConvolutions: true });
  const [x, y] = batch(20);
  const plain = network();
  for (const [from, size] of [
    [0, 8],
    [8, 8],
    [16, 4],
  ])
    crossEntropy(plain(x.narrow(0, from, size)), y.narrow(0, from, size))
      .mul(size / 20)
      .backward();
  const net = network();
  for await (const [xs, ys, share] of microBatches(x, y, 7)) crossEntropy(net(xs), ys).mul(share).backward();
  const expected = await gradientsOf(plain);
  for (const [i, gradient] of (await gradientsOf(net)).entries()) assertNear(gradient, expected[i], 1e-6);
});

test("microBatches: bad input", async () => {
  const [x, y] = batch(4);
  const first = (...args: Parameters<typeof microBatches>) => microBatches(...args).next();
  await assert.rejects(first(x, y, 0), { name: "ArgumentError", message: /`most`/ });
  await assert.rejects(first(x, batch(3)[1], 2), { name: "ShapeError", message: /got 4 and 3/ });
  const net = network();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  for (const microBatch of [0, 1.5, "some"]) {
    const options = { trainLoader: [[x, y]], optimizer, epochs: 1, microBatch } as unknown as FitOptions;
    await assert.rejects(fit(net, options), {
      name: "ArgumentError",
      message: /`microBatch` to be "auto", or/,
    });
  }
  for (const memoryLimit of [0, 1000, 2 ** 33, Number.NaN])
    await assert.rejects(useEngine("wasm", { memoryLimit }), { name: "EngineError", message: /memoryLimit/ });
});
