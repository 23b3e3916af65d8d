import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { philox4x32, uniformFloat32 } from "../../../src/base/philox.ts";
import {
  engineName,
  manualSeed,
  nn,
  ones,
  stopEngine,
  type Tensor,
  useEngine,
  zeros,
} from "../../../src/index.ts";
import { fillNormal, fillUniform } from "../../../src/nn/init/random_fill.ts";
import { openKernel, WORDS_BY_LOOP } from "../../../src/nn/init/random_words.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly low: number;
  readonly high: number;
}

async function momentsOf(tensor: Tensor): Promise<Moments> {
  const data = await tensor.data();
  let [sum, squares, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of data) {
    sum += x;
    squares += x * x;
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const mean = sum / data.length;
  return { mean, std: Math.sqrt(squares / data.length - mean * mean), low, high };
}

/** Whether a sample has the mean and deviation of U(-bound, bound), and fills its range. */
async function assertUniform(tensor: Tensor, bound: number): Promise<void> {
  const { mean, std, low, high } = await momentsOf(tensor);
  const n = tensor.numel();
  assert.ok(low >= -bound && high <= bound, `range ${low} to ${high}, bound ${bound}`);
  assert.ok(
    high > bound * (1 - 30 / n) && low < -bound * (1 - 30 / n),
    `range ${low} to ${high} of ${bound}`,
  );
  assert.ok(Math.abs(mean) < (5 * bound) / Math.sqrt(3 * n), `mean ${mean}`);
  assert.ok(Math.abs(std / (bound / Math.sqrt(3)) - 1) < 5 / Math.sqrt(n), `deviation ${std}`);
}

async function assertNormal(tensor: Tensor, mean: number, std: number): Promise<void> {
  const got = await momentsOf(tensor);
  const n = tensor.numel();
  assert.ok(Math.abs(got.mean - mean) < (5 * std) / Math.sqrt(n), `mean ${got.mean}`);
  assert.ok(Math.abs(got.std / std - 1) < 5 / Math.sqrt(n), `deviation ${got.std}`);
  const data = await tensor.data();
  const within = data.filter((x) => Math.abs(x - mean) < std).length / n;
  assert.ok(Math.abs(within - 0.6827) < 3 / Math.sqrt(n), `${within} within one deviation`);
}

test("many numbers at once are the generator's numbers", () => {
  const out = new Float32Array(40_003);
  fillUniform(out, { seedLow: 0xdeadbeef, seedHigh: 7, streamLow: 0xffffffff, streamHigh: 3 }, 0, 1);
  for (const index of [0, 1, 2, 3, 4, 16_383, 16_384, 40_002]) {
    const block = philox4x32([index >> 2, 0, 0xffffffff, 3], [0xdeadbeef, 7]);
    assert.equal(out[index], uniformFloat32(block[index & 3]), `number ${index}`);
  }
});

test("numbers of the kernel are those of the loop, to the bit", () => {
  const kernel = openKernel();
  assert.ok(kernel !== null);
  const keys = [
    { seedLow: 0xdeadbeef, seedHigh: 7, streamLow: 0xffffffff, streamHigh: 3 },
    { seedLow: 0, seedHigh: -1, streamLow: 1, streamHigh: 0x80000000 },
  ];
  for (const key of keys) {
    for (const first of [0, 4096, 2 ** 32 - 4096, 2 ** 32, 3 * 2 ** 40]) {
      for (const count of [1, 3, 4, 4096]) {
        const words = WORDS_BY_LOOP.words(key, first, count).slice(0, 4 * count);
        assert.deepEqual(kernel.words(key, first, count).slice(0, 4 * count), words);
        for (const bound of [0.0123, 1, 3e38]) {
          const scale = 2 * bound * 2 ** -24;
          const floats = WORDS_BY_LOOP.uniform(key, first, count, -bound, scale).slice(0, 4 * count);
          assert.deepEqual(kernel.uniform(key, first, count, -bound, scale).slice(0, 4 * count), floats);
        }
      }
    }
  }
});

test("arrays of every kind hold the same numbers, rounded to theirs", () => {
  const key = { seedLow: 1, seedHigh: 2, streamLow: 3, streamHigh: 4 };
  for (const fill of [fillUniform, fillNormal]) {
    for (const length of [0, 1, 2, 7, 16_383, 16_384, 16_389]) {
      const wide = new Float64Array(length);
      fill(wide, key, -0.3, 0.7);
      const narrow = new Float32Array(length);
      fill(narrow, key, -0.3, 0.7);
      assert.deepEqual(narrow, Float32Array.from(wide));
      const shared = new Float32Array(new SharedArrayBuffer(4 * length));
      fill(shared, key, -0.3, 0.7);
      assert.deepEqual(Float32Array.from(shared), narrow);
    }
  }
});

test("layers draw PyTorch's default distributions", async () => {
  manualSeed(1);
  const linear = nn.Linear(100, 300);
  await assertUniform(linear.weight, 0.1);
  await assertUniform(linear.bias as Tensor, 0.1);
  const conv = nn.Conv2d(16, 64, 5, { groups: 2 });
  await assertUniform(conv.weight, 1 / Math.sqrt(8 * 25));
  await assertUniform(nn.ConvTranspose2d(64, 16, 5).weight, 1 / Math.sqrt(16 * 25));
  await assertNormal(nn.Embedding(100, 50).weight, 0, 1);
  const padded = await nn.Embedding(4, 2, { paddingIdx: -1 }).weight.tolist();
  assert.deepEqual(padded[3], [0, 0]);
  const norm = nn.BatchNorm2d(3);
  assert.deepEqual(
    [await norm.weight?.tolist(), await norm.bias?.tolist(), await norm.runningVar?.tolist()],
    [
      [1, 1, 1],
      [0, 0, 0],
      [1, 1, 1],
    ],
  );
  assert.deepEqual(await nn.PReLU().weight.tolist(), [0.25]);
});

test("nn.init draws what its names say", async () => {
  manualSeed(2);
  const { init } = nn;
  const w = zeros(120, 30, 3, 3);
  const [fanIn, fanOut] = [270, 1080];
  assert.deepEqual(init.calculateFanInAndFanOut(w), [fanIn, fanOut]);
  await assertUniform(init.uniform_(w, -2, 2), 2);
  await assertNormal(init.normal_(w, 3, 0.5), 3, 0.5);
  await assertNormal(init.normal_(w, { std: 0.01 }), 0, 0.01);
  await assertUniform(init.xavierUniform_(w), Math.sqrt(6 / (fanIn + fanOut)));
  await assertNormal(init.xavierNormal_(w, 2), 0, 2 * Math.sqrt(2 / (fanIn + fanOut)));
  await assertUniform(init.kaimingUniform_(w, { nonlinearity: "relu" }), Math.sqrt(6 / fanIn));
  await assertNormal(
    init.kaimingNormal_(w, { mode: "fan_out", a: Math.sqrt(5) }),
    0,
    Math.sqrt(2 / 6 / fanOut),
  );
  const cut = await momentsOf(init.truncNormal_(w, 0, 1, -1, 2));
  assert.ok(cut.low >= -1 && cut.high <= 2 && cut.high > 1.9);
  await assert.rejects(async () => init.truncNormal_(w, 0, 1, 2, 1), /`a` to be below `b`/);
  assert.deepEqual(await init.constant_(zeros(2), 7).tolist(), [7, 7]);
  assert.deepEqual(await init.ones_(zeros(2)).tolist(), [1, 1]);
  assert.deepEqual(await init.zeros_(ones(2)).tolist(), [0, 0]);
  assert.deepEqual(await init.eye_(ones(2, 3)).tolist(), [
    [1, 0, 0],
    [0, 1, 0],
  ]);
  const dirac = await init.dirac_(ones(4, 2, 3), { groups: 2 }).tolist();
  assert.deepEqual(dirac[0], [
    [0, 1, 0],
    [0, 0, 0],
  ]);
  assert.deepEqual(dirac[3], [
    [0, 0, 0],
    [0, 1, 0],
  ]);
  const sparse = await init.sparse_(zeros(10, 4), 0.25).tolist();
  for (let column = 0; column < 4; column++)
    assert.equal(sparse.filter((row: number[]) => row[column] === 0).length, 3);
  assert.throws(() => init.xavierUniform_(zeros(3)), /at least 2 dimensions, got \[3\]/);
  assert.throws(() => init.calculateGain("rellu"), /unknown nonlinearity "rellu"; did you mean `relu`/);
  assert.equal(init.calculateGain("tanh"), 5 / 3);
  assert.equal(init.calculateGain("leaky_relu", 0.2), Math.sqrt(2 / 1.04));
});

test("orthogonal weights are orthogonal, tall or wide", async () => {
  for (const shape of [
    [5, 12],
    [12, 5],
    [6, 6],
    [4, 2, 3],
  ]) {
    const w = nn.init.orthogonal_(zeros(shape), { gain: 2 }).flatten(1);
    const gram = shape[0] <= w.shape[1] ? w.matmul(w.t()) : w.t().matmul(w);
    const rows = await gram.tolist();
    rows.forEach((row: number[], i: number) => {
      row.forEach((x, j) => {
        assert.ok(Math.abs(x - (i === j ? 4 : 0)) < 1e-5);
      });
    });
  }
});

test("the same seed makes the same network, whatever is asked for first", async () => {
  const make = () => {
    manualSeed(42);
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2));
  };
  const [a, b] = [make(), make()];
  const last = await b.getParameter("1.weight").tolist();
  assert.deepEqual(await a.getParameter("0.weight").tolist(), await b.getParameter("0.weight").tolist());
  assert.deepEqual(await a.getParameter("1.weight").tolist(), last);
  assert.notDeepEqual(await nn.Linear(3, 4).weight.tolist(), await a.getParameter("0.weight").tolist());
  assert.equal(engineName(), "reference");
});
