/** Messages stay short, and bad input of any size or depth ends in one typed error. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isTooManyFiles, loadedModule, TOO_MANY_FILES } from "../../src/base/open_files.ts";
import { formatShape } from "../../src/base/shape.ts";
import { shownText, shownValue } from "../../src/base/shown_value.ts";
import * as c from "../../src/index.ts";

const { nn, optim, tensor } = c;
const { functional: F } = nn;
after(() => c.stopEngine());

test("values are shown in a few words", () => {
  assert.equal(shownValue([1, "a", null, [true]]), '[1, "a", null, [true]]');
  assert.equal(
    shownValue(Array.from({ length: 1e6 }, (_, i) => i)),
    "[0, 1, 2, 3, 4, 5, 6, 7, ... (1000000 in all)]",
  );
  assert.equal(shownValue("x".repeat(1e6)).length, 85);
  assert.equal(shownText("abc"), "abc");
  assert.equal(shownValue(10n ** 500n).length, 83);
  assert.equal(shownValue({}), "an object");
  assert.equal(shownValue(Object.create(null)), "an object");
  assert.equal(shownValue({ constructor: { name: 5 } }), "an object");
  assert.equal(shownValue(Symbol("s")), "Symbol(s)");
  assert.equal(formatShape([2, 3]), "[2, 3]");
  assert.ok(formatShape(new Array(1e6).fill(1)).length < 100);
});

const circular: unknown[] = [];
circular.push(circular, circular);
let deep: unknown = 1;
for (let i = 0; i < 20_000; i++) deep = [deep];
const huge = new Array(300_000).fill(0.5);

const x = tensor([[1, 2], [3, 4]]); // biome-ignore format: rows
const calls: Record<string, (bad: any) => unknown> = {
  tensor: (bad) => tensor([bad, 1]),
  "tensor's dtype": (bad) => tensor([1], { dtype: bad }),
  "tensor's shape": (bad) => tensor([1], { shape: bad }),
  zeros: (bad) => c.zeros(bad),
  full: (bad) => c.full([2], bad),
  arange: (bad) => c.arange(bad),
  randint: (bad) => c.randint(3, bad),
  "a reshape": (bad) => x.reshape(bad),
  "an expansion": (bad) => x.expand(bad),
  "an index": (bad) => x.at(bad),
  "an index with a bool": (bad) => x.at([true, bad]),
  gather: (bad) => c.gather(x, 0, bad),
  "a sum's dimension": (bad) => x.sum(bad),
  "an operand": (bad) => x.add(bad),
  permute: (bad) => x.permute(bad),
  split: (bad) => c.tensorSplit(x, bad),
  roll: (bad) => c.roll(x, bad),
  pad: (bad) => F.pad(x, bad),
  "a loss's reduction": (bad) => F.mseLoss(x, x, { reduction: bad }),
  "a loss's target": (bad) => F.crossEntropy(x, bad),
  dropout: (bad) => F.dropout(x, bad),
  Linear: (bad) => nn.Linear(bad, 2),
  Conv2d: (bad) => nn.Conv2d(1, 2, bad),
  "Conv2d's option": (bad) => nn.Conv2d(1, 2, { kernelSize: 3, padding: bad }),
  Sequential: (bad) => nn.Sequential(bad),
  ModuleList: (bad) => nn.ModuleList(bad),
  "a module's state": (bad) => nn.Linear(1, 1).loadStateDict({ weight: bad, bias: bad }),
  "an optimiser's parameters": (bad) => optim.SGD(bad, { lr: 0.1 }),
  "an optimiser's rate": (bad) => optim.SGD(nn.Linear(1, 1).parameters(), { lr: bad }),
  "an optimiser's betas": (bad) => optim.Adam(nn.Linear(1, 1).parameters(), { betas: bad }),
  "an optimiser's state": (bad) =>
    optim
      .SGD(nn.Linear(1, 1).parameters(), { lr: 0.1 })
      .loadStateDict({ state: bad, param_groups: bad } as never),
  "a scheduler's milestones": (bad) =>
    optim.MultiStepLR(optim.SGD(nn.Linear(1, 1).parameters(), { lr: 0.1 }), bad),
  "a scheduler's state": (bad) =>
    optim
      .StepLR(optim.SGD(nn.Linear(1, 1).parameters(), { lr: 0.1 }), 1)
      .loadStateDict({ last_epoch: 1, gamma: bad }),
  "a loader's batch size": (bad) => c.data.DataLoader(c.data.TensorDataset(x), { batchSize: bad }),
  "a data set": (bad) => c.data.TensorDataset(bad),
  randomSplit: (bad) => c.data.randomSplit(c.data.TensorDataset(x), bad),
  collate: (bad) => c.data.collate([[bad], [bad]]),
  Resize: (bad) => c.data.transforms.Resize(bad),
  Compose: (bad) => c.data.transforms.Compose(bad),
  manualSeed: (bad) => c.manualSeed(bad),
  vgg: (bad) => c.models.vgg(bad),
  "a model's name": (bad) => c.models.nin(bad),
  useEngine: (bad) => c.useEngine(bad),
  save: (bad) => c.save({ a: bad }, "/tmp/never.safetensors"),
};

for (const [kind, bad] of Object.entries({ circular, deep, huge })) {
  test(`a ${kind} list is refused by a short typed error, by every call`, async () => {
    const wrong: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      try {
        await call(bad);
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof c.ConvoyantError)) wrong.push(`${name}: untyped ${error}`.slice(0, 300));
        else if (message.length > 900)
          wrong.push(`${name}: ${message.length} letters: ${message.slice(0, 200)}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

test("a large tensor of many dimensions is printed", async () => {
  const lines = (await c.zeros(6, 6, 6, 6, 6, 6, 6).tolist()).length;
  assert.equal(lines, 6);
  assert.ok(
    String(tensor(new Float32Array(6 ** 7), { shape: new Array(7).fill(6) })).startsWith("tensor([[[[[[[0."),
  );
});

test("when no file can be opened, what is loaded late says so", async () => {
  const error = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  assert.equal(isTooManyFiles(error), true);
  assert.equal(isTooManyFiles(new Error("Worker initialization failure: EMFILE")), true);
  assert.equal(isTooManyFiles(new Error("other")), false);
  await assert.rejects(loadedModule(Promise.reject(error)), {
    name: "FileError",
    message: `cannot load a part of convoyant: ${TOO_MANY_FILES}`,
  });
  await assert.rejects(loadedModule(Promise.reject(new TypeError("mine"))), TypeError);
});
