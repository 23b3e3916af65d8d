/** `autocast` compared with PyTorch's on a CPU: dtypes, values, gradients, the first losses of a training, errors. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { loadDnnl } from "../../src/engines/onednn/library/load_dnnl.ts";
import * as c from "../../src/index.ts";
import type { NamedArray } from "../../src/io/safetensors/safetensors.ts";
import { runTopic } from "../engines/contract/run_cases.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { batch, startOf } from "../models/training_batches.ts";

const { nn, optim } = c;
after(() => c.stopEngine());

// Every step that oneDNN can compute is given to it.
process.env.CONVOYANT_ONEDNN = "everything";
const missing = missingLibrary();
const ENGINES = [
  ["reference", false],
  ["wasm", false],
  ["onednn", missing],
] as const;

/** Of 8 significant bits, in sums taken in another order: one unit of the largest number. */
function ofTheLargest({ data, dtype }: NamedArray): readonly [number, number] {
  const largest = Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return dtype === "float64" ? [1e-9, 1e-10] : [0, Math.max(2 ** -7 * largest, 1e-30)];
}

for (const [engine, reason] of ENGINES) {
  if (reason === false) {
    runTopic("autocast", [engine], { around: (call) => c.autocast(call), tolerance: ofTheLargest });
  } else {
    test(`autocast: calls recorded from PyTorch, on ${engine}`, { skip: reason }, () => {});
  }
}

const curve = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/autocast/curve.json", import.meta.url), "utf8"),
) as { net: string; lr: number; losses: Record<"f32" | "bf16", number[]> };

async function losses(enabled: boolean, steps: number): Promise<number[]> {
  const { net } = startOf(curve.net);
  const optimizer = optim.SGD(net.parameters(), { lr: curve.lr });
  const found: number[] = [];
  for (let step = 0; step < steps; step++) {
    const [x, y] = batch(step);
    const loss = c.autocast({ enabled }, () => nn.functional.crossEntropy(net(x), y));
    assert.equal(loss.dtype, "float32");
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    found.push(await loss.item());
  }
  for (const tensor of [...net.parameters(), ...net.buffers()]) assert.notEqual(tensor.dtype, "bfloat16");
  for (const parameter of net.parameters()) assert.equal(parameter.grad?.dtype, "float32");
  return found;
}

/** Whether an engine computes this with the plain loops, which take half a second a step. */
const hasPlainLoops = (engine: string) =>
  engine === "reference" || (engine === "onednn" && missing === false && !loadDnnl().dnnl.fastBfloat16);

for (const [engine, skip] of ENGINES) {
  const steps = hasPlainLoops(engine) ? 2 : 20;
  test(`BN-LeNet's first ${steps} losses inside of autocast are PyTorch's to 2 %, on ${engine}`, {
    skip,
  }, async () => {
    await c.useEngine(engine);
    const found = await losses(true, steps);
    for (const [step, loss] of found.entries()) {
      const expected = curve.losses.bf16[step];
      const error = Math.abs(loss - expected) / expected;
      assert.ok(error <= 0.02, `step ${step}: loss ${loss}, PyTorch's ${expected} (${error})`);
    }
    const exact = await losses(false, 1);
    assert.notEqual(found[0], exact[0], "the precision made a difference");
  });
}

test("parts of it are left out, autocasts lie in each other, and it ends with its body", async () => {
  await c.useEngine("wasm");
  const [a, b] = [c.randn(2, 3), c.randn(3, 4)];
  const dtypes = c.autocast(() => [
    a.matmul(b).dtype,
    c.autocast({ enabled: false }, () => a.matmul(b).dtype),
    c.autocast({ dtype: "float16" }, () => a.matmul(b).dtype),
    a.matmul(b).dtype,
  ]);
  assert.deepEqual(dtypes, ["bfloat16", "float32", "float16", "bfloat16"]);
  assert.equal(a.matmul(b).dtype, "float32");
  const fails = () => {
    throw new RangeError("mine");
  };
  assert.throws(() => c.autocast(fails), /mine/);
  assert.equal(a.matmul(b).dtype, "float32", "an error ends it too");
});

test("what it multiplies is rounded: 1 + 2^-9 is 1 in bfloat16", async () => {
  for (const [engine, reason] of ENGINES) {
    if (reason !== false) continue;
    await c.useEngine(engine);
    const x = c.full([2, 16], 1 + 2 ** -9);
    const ones = c.ones(16, 2);
    assert.deepEqual(await c.autocast(() => x.matmul(ones)).tolist(), [
      [16, 16],
      [16, 16],
    ]);
    assert.notEqual((await x.matmul(ones).tolist())[0][0], 16);
  }
});

test("wrong calls say what was expected", () => {
  const refused = (call: () => unknown, message: RegExp) =>
    assert.throws(call, (error: Error) => error instanceof c.ArgumentError && message.test(error.message));
  refused(() => c.autocast(async () => 1), /autocast: expected a function that is not async.*await outside/);
  refused(() => c.autocast(undefined as never), /autocast: expected a function to run/);
  refused(() => c.autocast({}, undefined as never), /autocast: expected a function to run/);
  refused(
    () => c.autocast({ dtyp: "bfloat16" } as never, () => 1),
    /autocast: unknown option `dtyp` \(there are: dtype, enabled\)/,
  );
  for (const dtype of ["float32", "int8", 16]) {
    refused(
      () => c.autocast({ dtype } as never, () => 1),
      new RegExp(
        `autocast: expected dtype "bfloat16" or "float16", got ${JSON.stringify(dtype)}; .*enabled: false`,
      ),
    );
  }
  assert.equal(c.randn(2, 2).mm(c.randn(2, 2)).dtype, "float32", "a refused call leaves nothing behind");
});

test("16-bit and 32-bit operands do not mix outside of it, and the message says where they do", () => {
  const x = c.randn(2, 3).to("bfloat16");
  assert.throws(
    () => nn.functional.linear(x, c.randn(4, 3)),
    /DTypeError: linear: expected .* one dtype, got bfloat16 and float32; .*autocast\(\)/,
  );
});
