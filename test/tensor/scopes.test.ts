import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ArgumentError,
  allclose,
  autocast,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  maskedSelect,
  nn,
  noGrad,
  ones,
  optim,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
} from "../../src/index.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

const SCOPES: Record<string, <T>(body: () => T) => T> = { noGrad, enableGrad, inferenceMode, autocast };

test("a scope gives the promise of what is read in it", async () => {
  const x = tensor([1, 2], { requiresGrad: true });
  for (const [name, scope] of Object.entries(SCOPES)) {
    assert.deepEqual(await scope(() => x.mul(2).tolist()), [2, 4], name);
    assert.equal(await scope(() => x.sum().item()), 3, name);
    assert.deepEqual([...(await scope(() => x.data()))], [1, 2], name);
    assert.equal(await scope(() => allclose(x, x)), true, name);
    assert.equal(await scope(() => x.realize()), x, name);
    assert.equal(isGradEnabled(), true, name);
  }
});

test("a scope refuses what goes on after it, and says what to write", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  const bodies: Record<string, () => unknown> = {
    async: async () => x.mul(2),
    "async after an await": async () => {
      await x.tolist();
      return x.mul(2);
    },
    "what then gives": () => x.tolist().then(() => x.mul(2)),
    all: () => Promise.all([x.tolist()]),
  };
  for (const [name, scope] of Object.entries(SCOPES)) {
    for (const [what, body] of Object.entries(bodies)) {
      assert.throws(
        () => scope(body),
        (error: Error) =>
          error instanceof ArgumentError &&
          error.message.startsWith(`${name}: expected a function that is not async`) &&
          error.message.includes("await y.tolist()"),
        `${name}, ${what}`,
      );
      assert.equal(isGradEnabled(), true);
    }
    assert.throws(() => scope(7 as unknown as () => void), ArgumentError);
  }
});

test("what a function makes of what it has read is on the tape where it was called", async () => {
  const x = tensor([1, -2, 3], { requiresGrad: true });
  const [inside, outside] = [noGrad(() => maskedSelect(x, x.gt(0))), maskedSelect(x, x.gt(0))];
  assert.equal((await inside).requiresGrad, false);
  assert.equal((await outside).requiresGrad, true);
});

test("a promise used as a value says that it is to be awaited", async () => {
  const loss = ones(2).sum();
  const reading = loss.item() as unknown as number;
  const said = { name: "ArgumentError", message: /await it first.*\(await loss\.item\(\)\) < 0\.1/ };
  assert.throws(() => reading < 0.1, said);
  assert.throws(() => reading + 1, said);
  assert.throws(() => `${reading}`, said);
  assert.ok(loss.item() instanceof Promise);
  assert.equal(await reading, 2);
  await assert.rejects(ones(2).item(), { name: "ShapeError" });
});

test("a missing zeroGrad is reported once; accumulation, and gradients set to zero by hand, are not", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const train = (each: (optimizer: optim.Optimizer, step: number, weight: Tensor) => void, steps = 8) => {
    const net = nn.Linear(2, 1);
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    for (let step = 0; step < steps; step++) {
      net(ones(1, 2)).sum().backward();
      each(optimizer, step, net.weight);
    }
  };
  train((optimizer) => {
    optimizer.step();
    optimizer.zeroGrad();
  });
  train((optimizer) => {
    optimizer.step();
    optimizer.zeroGrad({ setToNone: false });
  });
  train((optimizer, step) => {
    if (step % 4 < 3) return;
    optimizer.step();
    optimizer.zeroGrad();
  });
  train((optimizer) => {
    optimizer.step();
    for (const { params } of optimizer.paramGroups) for (const p of params) p.grad?.zero_();
  });
  // The same gradients used again and again, without a backward pass.
  train((optimizer) => {
    for (let i = 0; i < 5; i++) optimizer.step();
  }, 1);
  train((optimizer) => optimizer.step(), 3);
  assert.equal(warn.mock.callCount(), 0);
  train((optimizer) => optimizer.step());
  train((optimizer) => optimizer.step());
  assert.equal(warn.mock.callCount(), 1);
  assert.match(String(warn.mock.calls[0].arguments[0]), /SGD\.step: .*call optimizer\.zeroGrad\(\)/);
});
