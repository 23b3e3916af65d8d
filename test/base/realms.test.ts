/** Values whose classes belong to another realm, as Jest, frames and worker messages bring them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createContext, runInContext } from "node:vm";
import * as kinds from "../../src/base/builtin_kinds.ts";
import * as c from "../../src/index.ts";

const { data, nn, optim, tensor, train } = c;
const context = createContext({});
/** The value of an expression in a realm of its own. */
const foreign = (code: string): any => runInContext(`(${code})`, context);

const folder = mkdtempSync(join(tmpdir(), "realms-"));
after(async () => {
  rmSync(folder, { recursive: true });
  await c.stopEngine();
});

test("built-ins are recognised in this realm and in another", () => {
  class Own {}
  for (const make of [foreign, (code: string) => new Function(`return (${code})`)()]) {
    const is = (name: keyof typeof kinds, yes: string[], no: string[]) => {
      const holds = kinds[name] as (value: unknown) => unknown;
      for (const code of yes) assert.equal(holds(make(code)), true, `${name}(${code})`);
      for (const code of no) assert.equal(holds(make(code)), false, `${name}(${code})`);
    };
    is("isMap", ["new Map()"], ["new Set()", "{}", "null", "{ size: 1 }"]);
    is("isError", ["new Error()", "new TypeError()"], ["{ name: 'Error', message: '' }", "null"]);
    is("isBytes", ["new Uint8Array(2)"], ["new Uint8ClampedArray(2)", "[1]", "new ArrayBuffer(2)"]);
    is(
      "isArrayBuffer",
      ["new ArrayBuffer(2)"],
      ["new SharedArrayBuffer(2)", "new Uint8Array(2)", "{ byteLength: 2 }"],
    );
    is("isSharedArrayBuffer", ["new SharedArrayBuffer(2)"], ["new ArrayBuffer(2)", "null"]);
    is("isThenable", ["Promise.resolve(1)", "{ then() {} }"], ["{}", "null", "'then'"]);
    is(
      "isPlainObject",
      ["{}", "Object.create(null)"],
      ["[]", "null", "new Map()", "new (class A {})()", "() => 1"],
    );
    assert.equal(kinds.typedArrayKind(make("new Float32Array(1)")), "Float32Array");
    assert.equal(kinds.typedArrayKind(make("new DataView(new ArrayBuffer(1))")), undefined);
  }
  assert.equal(kinds.isPlainObject(new Own()), false);
  assert.equal(kinds.isBytes(Buffer.of(1)), true);
});

test("tensors are made of another realm's arrays", async () => {
  const values = foreign(
    "{ flat: new Float32Array([1, 2]), rows: [new Int32Array([1, 2]), new Int32Array([3, 4])] }",
  );
  assert.equal(tensor(values.flat).dtype, "float32");
  assert.deepEqual(await tensor(values.rows).tolist(), [[1, 2], [3, 4]]); // biome-ignore format: rows
  assert.equal(tensor(foreign("new BigInt64Array(2)")).dtype, "int64");
  assert.equal(tensor(foreign("[1, 2]"), foreign('{ dtype: "float64" }')).dtype, "float64");
  const half = c.fromTypedArray(foreign("new Uint16Array([0x3f80])"), foreign("[1]"), "bfloat16");
  assert.deepEqual(await half.tolist(), [1]);
  assert.deepEqual(await tensor([1, 2, 3]).at(foreign("[2, 0]")).tolist(), [3, 1]);
  assert.deepEqual(await c.indexSelect(tensor([1, 2]), 0, foreign("new Int32Array([1])")).tolist(), [2]);
  const text = structuredClone(new Float32Array([1, 2]));
  assert.deepEqual(await tensor(text).tolist(), [1, 2]);
});

test("options of another realm are options", async () => {
  assert.deepEqual(await c.sum(tensor([[1, 2]]), foreign("{ dim: 1, keepdim: true }")).tolist(), [[3]]);
  const net = nn.Sequential(nn.Linear(2, 3, foreign("{ bias: false }")), nn.Linear(3, 2));
  assert.equal(net.parameters().length, 3);
  const optimizer = optim.SGD(net.parameters(), foreign("{ lr: 0.5, momentum: 0.9 }"));
  assert.equal(optimizer.paramGroups[0].lr, 0.5);
  const group = Object.assign(foreign("{ lr: 0.25 }"), { params: net.parameters() });
  assert.equal(optim.Adam(foreign("((x) => [x])")(group)).paramGroups[0].lr, 0.25);
  assert.equal(optim.StepLR(optimizer, foreign("{ stepSize: 1, gamma: 0.5 }")).getLastLr()[0], 0.5);
  assert.equal(nn.Sequential(Object.assign(foreign("{}"), { first: nn.ReLU() })).length, 1);
});

test("state dicts, files and loaders take another realm's maps, bytes and arrays", async () => {
  const net = nn.Linear(2, 1);
  const state = foreign("new Map()") as Map<string, c.Tensor>;
  for (const [name, value] of Object.entries(net.stateDict())) state.set(name, value);
  net.loadStateDict(state as never);
  const path = join(folder, "weights.safetensors");
  await c.save(state, path);
  assert.deepEqual(Object.keys(await c.load(path)).sort(), ["bias", "weight"]);
  const batch = (code: string, shape: number[]) => ({
    data: foreign(code),
    shape,
    dtype: "float32" as const,
  });
  const [x] = await data.collate([[batch("new Float32Array([1, 2])", [2])]]);
  assert.deepEqual([...x.data], [1, 2]);
  const source = data.TensorDataset(tensor(foreign("[[1], [2], [3]]")), tensor(foreign("[0, 1, 0]")));
  const loader = data.DataLoader(source, foreign("{ batchSize: 2, sampler: [2, 0] }"));
  const seen: number[] = [];
  for await (const [rows] of loader) seen.push(...(await rows.flatten().tolist()));
  assert.deepEqual(seen, [3, 1]);
});

test("promises and errors of another realm are awaited and passed on", async () => {
  assert.throws(() => c.noGrad(foreign("async () => 1")), /expected a function that is not async/);
  assert.throws(() => c.autocast(foreign("async () => 1")), /expected a function that is not async/);
  const net = nn.Linear(1, 2);
  const loader = data.DataLoader(data.TensorDataset(tensor([[1], [2]]), tensor([0, 1])), { batchSize: 2 });
  const options = { trainLoader: loader, optimizer: optim.SGD(net.parameters(), { lr: 0.1 }), epochs: 1 };
  const told: unknown[] = foreign("[]");
  const callbacks = foreign(
    "(told) => ({ onEpoch: async ({ epoch }) => { await null; told.push(epoch); } })",
  );
  await train.fit(net, { ...options, callbacks: callbacks(told) });
  assert.equal(told.length, 1);
  await assert.rejects(
    train.fit(net, { ...options, callbacks: foreign("{ onEpoch() { throw new RangeError('mine'); } }") }),
    (error: Error) => error.message === "mine",
  );
  await assert.rejects(
    train.fit(net, { ...options, callbacks: foreign("{ onEpochs() {} }") }),
    /unknown callback `onEpochs`/,
  );
});
