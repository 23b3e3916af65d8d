/** Frozen networks keep their weights packed: what that must not change, and what it must notice. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { numbersOf } from "../../src/base/dtype.ts";
import { FrozenNetwork } from "../../src/classifier/freeze.ts";
import { freeze } from "../../src/classifier/index.ts";
import {
  cat,
  isBf16Supported,
  manualSeed,
  nn,
  noGrad,
  profile,
  randn,
  stopEngine,
  type Tensor,
  useEngine,
} from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { inPrecision } from "../../src/train/loop/precision.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { difference } from "./known_network.ts";

after(() => stopEngine());

const list = async (x: Tensor) => Array.from(await x.data(), Number);

/** Three ways through it that do not depend on each other, of different lengths. */
class Branches extends nn.Module {
  readonly narrow = nn.Conv2d(64, 16, 1);
  readonly wide = nn.Sequential(nn.Conv2d(64, 24, 1), nn.ReLU(), nn.Conv2d(24, 32, 3, { padding: 1 }));
  readonly pooled = nn.Sequential(nn.MaxPool2d(3, { stride: 1, padding: 1 }), nn.Conv2d(64, 16, 1));

  override forward(x: Tensor): Tensor {
    return cat([this.narrow(x), this.wide(x), this.pooled(x)], 1);
  }
}

/**
 * Branches, rows and channels that are cut into blocks, Winograd's algorithm, groups, strides, activations that kernels apply in
 * different ways, dense layers.
 */
function manyKinds(): nn.Module {
  manualSeed(3);
  return nn
    .Sequential(
      nn.Conv2d(3, 32, 3, { stride: 2, padding: 1 }),
      nn.ReLU(),
      nn.Conv2d(32, 48, 3, { padding: 1 }),
      nn.Sigmoid(),
      nn.Conv2d(48, 48, 3, { padding: 1, groups: 48 }),
      nn.MaxPool2d(3, { stride: 1, padding: 1 }),
      nn.Conv2d(48, 48, 5, { padding: 2, groups: 48 }),
      nn.Conv2d(48, 64, 5, { padding: 2 }),
      nn.BatchNorm2d(64),
      nn.Tanh(),
      nn.MaxPool2d(4),
      new Branches(),
      nn.Conv2d(64, 200, 3, { padding: 1 }),
      nn.ReLU6(),
      nn.Conv2d(200, 144, 1),
      nn.Flatten(),
      nn.Linear(144 * 25, 90),
      nn.ReLU(),
      nn.Linear(90, 7),
    )
    .eval();
}

const SIDE = 41;
const ENGINES = missingLibrary() === false ? ["wasm", "onednn"] : ["wasm"];

for (const engine of ENGINES)
  describe(engine, () => {
    let bits: Map<string, number[]>;
    before(() => {
      bits = new Map();
    });

    for (const threads of [1, 2])
      for (const batch of [1, 3])
        test(`${threads} threads, ${batch} images: the same as unfrozen, call for call`, async () => {
          await useEngine(engine, { threads });
          const net = manyKinds();
          const frozen = freeze(net);
          const [x, other] = [randn(batch, 3, SIDE, SIDE), randn(batch, 3, SIDE, SIDE)];
          const expected = await list(noGrad(() => net(x)));
          const size = Math.max(...expected.map(Math.abs));
          const first = await list(await frozen.run(x));
          assert.ok(difference(first, expected) < 2e-5 * size);
          const others = await list(await frozen.run(other));
          assert.ok(difference(others, await list(noGrad(() => net(other)))) < 2e-5 * size);
          // The weights were packed by the first call alone.
          assert.deepEqual(await list(await frozen.run(x)), first);
          const key = `${batch} images`;
          assert.deepEqual(first, bits.get(key) ?? first);
          bits.set(key, first);
        });

    test("new weights are packed again, however they come", async () => {
      await useEngine(engine, { threads: 2 });
      const net = manyKinds();
      const frozen = freeze(net);
      const x = randn(1, 3, SIDE, SIDE);
      const check = async () => {
        const expected = await list(noGrad(() => net(x)));
        const found = await list(await frozen.run(x));
        assert.ok(difference(found, expected) < 2e-5 * Math.max(...expected.map(Math.abs)));
        return found;
      };
      const seen = [await check()];
      const weights = net.parameters();
      noGrad(() => weights[2].copy_(randn(...weights[2].shape)));
      seen.push(await check());
      noGrad(() => weights[0].mul_(2));
      seen.push(await check());
      net.loadStateDict(manyKinds().stateDict());
      seen.push(await check());
      assert.equal(new Set(seen.map(String)).size, 3, "the last weights are the first");
      assert.deepEqual(seen[3], seen[0]);
    });

    test("packed weights that are no longer right are freed, and few shapes are kept", async () => {
      await useEngine(engine, { threads: 1 });
      const net = nn.Sequential(nn.Conv2d(16, 64, 3, { padding: 1 }), nn.ReLU()).eval();
      const frozen = freeze(net);
      const [weight] = net.parameters();
      const bytesAfter = async (x: Tensor) => {
        await frozen.run(x);
        await defaultSession().finish();
        return defaultSession().memory().liveBytes;
      };
      const x = randn(1, 16, 24, 24);
      const first = await bytesAfter(x);
      // The weights' own buffers are freed with the garbage.
      const weightBytes = 4 * weight.numel();
      for (let i = 1; i <= 5; i++) {
        noGrad(() => weight.mul_(1.5));
        assert.ok((await bytesAfter(x)) <= first + i * weightBytes);
      }
      const bytes: number[] = [];
      for (let i = 0; i < 24; i++) bytes.push(await bytesAfter(randn(1, 16, 24, 25 + i)));
      assert.ok(bytes[5] > bytes[0], "each shape keeps its own");
      assert.ok(bytes[23] <= bytes[17]);
    });
  });

test("packed weights lie outside of the memory that runs share", async () => {
  await useEngine("wasm", { threads: 1 });
  const frozen = freeze(nn.Sequential(nn.Conv2d(32, 64, 5)));
  const x = randn(1, 32, 12, 12);
  await frozen.run(x);
  const [{ program }] = await profile(() => frozen.run(x));
  assert.ok((program.packedBytes ?? 0) >= 4 * 32 * 64 * 25);
  assert.ok(program.arenaBytes < 4 * 32 * 64 * 25);
});

test("in bfloat16", { skip: missingLibrary() }, async (t) => {
  await useEngine("onednn", { threads: 2 });
  if (!(await isBf16Supported())) return t.skip("the processor has no fast bfloat16");
  const net = manyKinds();
  const frozen = new FrozenNetwork(net, (output) => output, "bf16");
  const x = randn(1, 3, SIDE, SIDE);
  const [pixels, { shape }] = [await x.data(), x];
  const unfrozen = noGrad(() => inPrecision("bf16", () => net(x)).to("float32"));
  const expected = await list(unfrozen);
  for (let call = 0; call < 2; call++) {
    const { data, dtype } = await frozen.call(pixels, shape);
    const found = Array.from(numbersOf(dtype, data));
    assert.ok(difference(found, expected) < 0.03 * Math.max(...expected.map(Math.abs)));
  }
});
