/** Whose error it is: that of the values that depend on the failed run, and of no other. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import * as c from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { packageUrl } from "../built_package.ts";

const { nn, optim } = c;
const ENGINES = [
  ["reference", {}],
  ["wasm", { threads: 1 }],
  ["wasm", { threads: 2 }],
] as const;

after(() => c.stopEngine());

/** A network, its optimiser, and a step whose labels are computed on the device. */
function loop(seed: number, options: { batchNorm?: boolean } = {}) {
  c.manualSeed(seed);
  const net = nn.Sequential(
    nn.Linear(4, 8),
    ...(options.batchNorm === true ? [nn.BatchNorm1d(8)] : []),
    nn.ReLU(),
    nn.Linear(8, 3),
  );
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const x = c.rand(6, 4);
  const labels = c.randint(0, 3, [6]);
  const step = (off = 0) => {
    const loss = nn.functional.crossEntropy(net(x), labels.add(off));
    optimizer.zeroGrad();
    loss.backward();
    return { loss, progress: optimizer.step() };
  };
  const state = async () => {
    // Without the number of batches, which counts calls of `forward`.
    const remembered = [...optimizer.state.values()].flatMap((one) => Object.values(one));
    const tensors = [...Object.values(net.stateDict()), ...remembered].flatMap((one) =>
      one instanceof c.Tensor && one.dtype !== "int64" ? one : [],
    );
    return Promise.all(tensors.map((tensor) => tensor.tolist()));
  };
  return { net, optimizer, step, state };
}

const OUT_OF_RANGE = { name: "IndexError", message: /out of range|expected/ };
const BAD = 50;

for (const [name, options] of ENGINES) {
  const engine = `${name} ${JSON.stringify(options)}`;

  test(`${engine}: of two loops, the one with the bad label fails, and the other ends in the same bits`, async () => {
    await c.useEngine(name, options);
    const STEPS = 12;
    const alone = loop(1);
    for (let i = 0; i < STEPS; i++) await alone.step().loss.item();
    const expected = await alone.state();
    for (let round = 0; round < 8; round++) {
      const [good, bad] = [loop(1), loop(2)];
      const turn = () => new Promise((resolve) => setTimeout(resolve, round % 3));
      const goodLoop = async () => {
        for (let i = 0; i < STEPS; i++) {
          const { loss, progress } = good.step();
          if ((i + round) % 3 === 0) await loss.item();
          else if ((i + round) % 3 === 1) await progress;
          else await turn();
        }
        return good.state();
      };
      const badLoop = async () => {
        for (let i = 0; i < STEPS; i++) {
          const { loss, progress } = bad.step(i === 4 ? BAD : 0);
          if ((i + round) % 2 === 0) await turn();
          else if (round % 2 === 0) await loss.item();
          else await progress;
        }
      };
      const [goodEnd, badEnd] = await Promise.allSettled([goodLoop(), badLoop()]);
      assert.deepEqual(goodEnd, { status: "fulfilled", value: expected }, `round ${round}`);
      assert.equal(badEnd.status, "rejected", `round ${round}`);
      assert.equal(badEnd.reason.name, "IndexError");
    }
  });

  test(`${engine}: weights, momentum and statistics are those before the failed step, also with steps after it`, async () => {
    await c.useEngine(name, options);
    const { step, state } = loop(3, { batchNorm: true });
    await step().loss.item();
    await step().loss.item();
    const before = await state();
    const [failed, later, last] = [step(BAD), step(), step()];
    for (const { loss } of [failed, later, last]) await assert.rejects(loss.item(), OUT_OF_RANGE);
    assert.deepEqual(await state(), before);
    assert.ok(Number.isFinite(await step().loss.item()));
  });

  test(`${engine}: a loop that reads nothing hears of it at a later step; once, then it goes on`, async () => {
    await c.useEngine(name, options);
    const { step, state } = loop(4);
    await step().loss.item();
    const before = await state();
    step(BAD);
    await defaultSession().finish();
    assert.equal(await c.ones(3).sum().item(), 3);
    assert.throws(() => step(), OUT_OF_RANGE);
    assert.deepEqual(await state(), before);
    await step().progress;
    assert.notDeepEqual(await state(), before);
  });

  test(`${engine}: weights that are read after a failed step say so once`, async () => {
    await c.useEngine(name, options);
    const { net, step } = loop(5);
    await step().loss.item();
    const before = await net.parameters()[0].tolist();
    step(BAD);
    await defaultSession().finish();
    await assert.rejects(net.parameters()[0].tolist(), OUT_OF_RANGE);
    assert.deepEqual(await net.parameters()[0].tolist(), before);
  });

  test(`${engine}: a change that another loop's run sends along fails by itself`, async () => {
    await c.useEngine(name, options);
    const mine = c.zeros(3);
    mine.add_(1);
    await mine.realize();
    mine.add_(c.gather(c.ones(3), 0, c.tensor([7, 0, 0]).long()));
    const { step } = loop(6);
    await step().loss.item();
    await assert.rejects(mine.tolist(), OUT_OF_RANGE);
    assert.deepEqual(await mine.tolist(), [1, 1, 1]);
  });

  test(`${engine}: what is computed from a failed value fails with its error, also when recorded later`, async () => {
    await c.useEngine(name, options);
    const bad = c.gather(c.ones(3), 0, c.tensor([7]).long());
    const sum = bad.add(1);
    await assert.rejects(sum.item(), OUT_OF_RANGE);
    await assert.rejects(sum.mul(2).item(), OUT_OF_RANGE);
    await assert.rejects(sum.item(), OUT_OF_RANGE);
    const { step } = loop(7);
    const mixed = step().loss.detach().add(sum);
    await assert.rejects(mixed.item(), OUT_OF_RANGE);
    assert.ok(Number.isFinite(await step().loss.item()));
  });

  test(`${engine}: an unread error rejects stopEngine, once`, async () => {
    await c.useEngine(name, options);
    const { step, state } = loop(8);
    await step().loss.item();
    const before = await state();
    step(BAD);
    await assert.rejects(c.stopEngine(), OUT_OF_RANGE);
    await c.stopEngine();
    assert.deepEqual(await state(), before);
  });
}

test("an unread error is printed at the end of the process, which fails", async () => {
  const script = `
    import * as c from ${JSON.stringify(packageUrl("index"))};
    const w = c.ones(3, { requiresGrad: true });
    c.nn.functional.crossEntropy(w.view(1, 3), c.tensor([9]).long()).backward();
    c.optim.SGD([w], { lr: 1 }).step();
    console.log("done");
  `;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  await assert.rejects(run, (error: Error & { code: number; stdout: string; stderr: string }) => {
    assert.equal(error.code, 1);
    assert.equal(error.stdout, "done\n");
    assert.match(error.stderr, /nothing that depends on it was read: IndexError/);
    return true;
  });
});
