/** Graphs far longer than the stack of calls is deep, and many values that wait: no recursion, no square. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { compileGraph } from "../../src/compiler/compile.ts";
import { capture, constantValue } from "../../src/graph/node.ts";
import * as c from "../../src/index.ts";
import { sliceDim } from "../../src/ops/shape/slicing.ts";
import { HeldValues } from "../../src/runtime/pending.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";

const LONG = 15_000;

before(() => c.useEngine("wasm", { threads: 1 }));
after(() => c.stopEngine());

test("a long chain is recorded, captured, compiled, run and printed", async () => {
  let x = c.zeros(2);
  for (let i = 0; i < LONG; i++) x = x.add(1);
  assert.deepEqual(await x.tolist(), [LONG, LONG]);
  const { lastProgram } = defaultSession();
  assert.ok(lastProgram !== null && c.printProgram(lastProgram).includes("fused"));
});

test("backward passes through a long chain", async () => {
  const w = c.ones(2, { requiresGrad: true });
  let x: c.Tensor = w;
  for (let i = 0; i < LONG; i++) x = i % 2 === 0 ? x.mul(2) : x.div(2);
  x.sum().backward();
  assert.deepEqual(await (w.grad as c.Tensor).tolist(), [1, 1]);
});

test("a long chain that cannot be fused is compiled for both engines", () => {
  let value = constantValue(new Float32Array(LONG + 1), [LONG + 1], "float32");
  for (let i = 0; i < LONG; i++) value = sliceDim(value, 0, 0, LONG - i);
  const captured = capture([value], [], () => assert.fail("nothing is lost"));
  const program = compileGraph(
    captured.build(),
    defaultSession().connection.capabilities ?? assert.fail("no engine"),
  );
  assert.equal(program.steps.length, LONG);
});

test("in-place changes that wait are one program", async () => {
  const x = c.zeros(2);
  for (let i = 0; i < LONG; i++) x.add_(1);
  assert.deepEqual(await x.tolist(), [LONG, LONG]);
});

test("values that are held cost a constant number of looks each", () => {
  const held = new HeldValues();
  let looks = 0;
  const kept = Array.from({ length: 40_000 }, () => {
    const value = constantValue(new Float32Array(1), [1], "float32");
    value.data = null;
    Object.defineProperty(value, "isMaterialised", {
      get: () => {
        looks++;
        return false;
      },
    });
    return value;
  });
  for (const value of kept) held.note(value);
  assert.ok(looks <= 2 * kept.length, `${looks} looks at ${kept.length} values`);
  assert.equal(held.pending().length, kept.length);
});

test("values that are held are read one by one, each with those on its way", async () => {
  const held: c.Tensor[] = [];
  let x = c.zeros(1);
  for (let i = 0; i < 6000; i++) held.push((x = x.add(1)));
  const last = held[held.length - 1];
  assert.equal(await last.item(), 6000);
  const { runs } = defaultSession().statistics;
  for (let i = 0; i < held.length; i += 500) assert.equal(await held[i].item(), i + 1);
  assert.equal(defaultSession().statistics.runs, runs);
});
