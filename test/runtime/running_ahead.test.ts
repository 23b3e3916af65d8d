/** Loops that send steps without waiting for one. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as c from "../../src/index.ts";
import { tooFarAhead } from "../../src/runtime/running_ahead.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";

const { nn, optim } = c;

before(() => c.useEngine("wasm", { threads: 1 }));
after(() => c.stopEngine());

function trainer() {
  const net = nn.Linear(4, 1);
  const optimizer = optim.SGD(net.parameters(), { lr: 0.01 });
  const x = c.rand(2, 4);
  const step = () => {
    optimizer.zeroGrad();
    net(x).square().mean().backward();
    return optimizer.step();
  };
  return { net, step };
}

test("a loop that never waits is stopped at 1,000 steps, says what to write, and leaves nothing behind", async () => {
  const { net, step } = trainer();
  for (let i = 0; i < 1000; i++) step();
  const sent = net.weight.detach();
  assert.throws(() => step(), {
    name: "EngineError",
    message: /1000 steps wait to be computed, .*`await optimizer\.step\(\)`/,
  });
  assert.throws(() => step(), { name: "EngineError" });
  const after = await sent.tolist();
  assert.deepEqual(await net.weight.tolist(), after);
  await step();
  assert.notDeepEqual(await net.weight.tolist(), after);
});

test("a loop that awaits its steps has a few under way, however many it takes", async () => {
  const { step } = trainer();
  let most = 0;
  for (let i = 0; i < 1500; i++) {
    await step();
    most = Math.max(most, defaultSession().engine.pending());
  }
  assert.ok(most <= 3, `${most} under way`);
});

test("large inputs are bounded by their bytes", () => {
  assert.equal(tooFarAhead(999, 2 ** 30), null);
  assert.equal(tooFarAhead(4, 2 ** 34), null);
  assert.match(
    tooFarAhead(5, 2 ** 30 + 1) as string,
    /^5 steps wait to be computed, with 1\.0 GiB of inputs/,
  );
  assert.match(tooFarAhead(1000, 0) as string, /await optimizer\.step\(\)/);
});

test("many values can be read at once", async () => {
  const values = Array.from({ length: 1500 }, (_, i) => c.ones(1).mul(i));
  const numbers = await Promise.all(values.map((value) => value.item()));
  assert.deepEqual(numbers.slice(-2), [1498, 1499]);
});
