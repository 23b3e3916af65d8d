import assert from "node:assert/strict";
import { test } from "node:test";
import { countCopy } from "../../src/base/package_copies.ts";
import { ArgumentError, nn, optim, relu, tensor, train } from "../../src/index.ts";

test("tensors and modules of another copy are refused as what they are", async () => {
  // The same modules loaded once more: the bundle, which this file does not use otherwise.
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (text: string) => warnings.push(text);
  const other = await import(String("convoyant"));
  console.warn = warn;
  assert.match(warnings.join(), /2 copies of convoyant are loaded \(\d.*npm ls convoyant/);

  const refused = (call: () => unknown) =>
    assert.throws(call, (error: Error) => {
      assert.ok(error instanceof ArgumentError, error.stack);
      assert.match(error.message, /a \w+ of another copy of convoyant \(\d+\.\d+\.\d+\): see that one copy/);
      return true;
    });
  refused(() => relu(other.tensor([1])));
  refused(() => nn.Linear(1, 1)(other.tensor([1])));
  refused(() => tensor([1]).add(other.tensor([1])));
  refused(() => optim.SGD(other.nn.Linear(1, 1).parameters(), { lr: 0.1 }));
  const optimizer = optim.SGD(nn.Linear(1, 1).parameters(), { lr: 0.1 });
  await assert.rejects(
    train.fit(other.nn.Linear(1, 1), { trainLoader: [] as never, optimizer, epochs: 1 }),
    /a Linear of another copy of convoyant/,
  );
});

test("one copy is not a reason for a warning", () => {
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (text: string) => warnings.push(text);
  const host = {};
  countCopy(host);
  assert.deepEqual(warnings, []);
  console.warn = warn;
});
