/** 16-bit floats against tables that PyTorch made: every bit pattern, rounding, promotion, text, optimisers. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { arrayFrom, type DType, numbersOf } from "../../src/base/dtype.ts";
import * as convoyant from "../../src/index.ts";

const { nn, optim, tensor, zeros } = convoyant;
type Tensor = convoyant.Tensor;
type HalfDType = "bfloat16" | "float16";

const folder = new URL("../../../test/fixtures/half_precision/", import.meta.url);
const tables = JSON.parse(readFileSync(new URL("tables.json", folder), "utf8"));
const HALVES: readonly HalfDType[] = ["bfloat16", "float16"];
const PATTERNS = Uint16Array.from({ length: 65536 }, (_, i) => i);

after(() => convoyant.stopEngine());

function digest(data: Float32Array | Uint16Array): string {
  return createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex");
}

for (const dtype of HALVES) {
  test(`every ${dtype} becomes the number that PyTorch has, and comes back`, () => {
    const numbers = Float32Array.from(numbersOf(dtype, PATTERNS));
    const back = arrayFrom(dtype, numbers);
    for (let i = 0; i < 65536; i++)
      if (!Number.isNaN(numbers[i])) assert.equal(back[i], i, `pattern ${i.toString(16)}`);
    // NaN has many patterns; one stands for all.
    const canonical = numbers.map((x) => (Number.isNaN(x) ? Number.NaN : x));
    assert.equal(digest(canonical), tables.rounding[dtype].widened);
  });

  test(`numbers half way between two ${dtype} and beside that are rounded as by PyTorch`, () => {
    const positive = numbersOf(dtype, PATTERNS.slice(0, 32768)).filter((x) => Number.isFinite(x));
    const count = positive.length - 1;
    const near = new Float32Array(6 * count);
    const bits = new Int32Array(near.buffer);
    for (let i = 0; i < count; i++) {
      for (let part = 0; part < 3; part++) {
        near[part * count + i] = (positive[i] + positive[i + 1]) / 2;
        bits[part * count + i] += part - 1;
      }
    }
    for (let i = 0; i < 3 * count; i++) near[3 * count + i] = -near[i];
    assert.equal(digest(arrayFrom(dtype, near) as Uint16Array), tables.rounding[dtype].rounded);
  });
}

test("pairs of dtypes are promoted as by torch.result_type", () => {
  const NUMBERS: Record<string, number | boolean> = { bool: true, int64: 2, float32: 0.5 };
  const operand = (dtype: DType, kind: string): Tensor => zeros(kind === "tensor" ? [2] : [], { dtype });
  for (const [a, of, b, kind, expected] of tables.promotion as [DType, string, DType, string, DType][]) {
    const second = kind === "scalar" ? NUMBERS[b] : operand(b, kind);
    assert.equal(convoyant.mul(operand(a, of), second).dtype, expected, `${a} ${of} and ${b} ${kind}`);
  }
});

test("tensors are printed as by PyTorch", async () => {
  const revive = (data: unknown): unknown =>
    Array.isArray(data) ? data.map(revive) : typeof data === "string" ? Number(data) : data;
  for (const [dtype, data, text] of tables.printed as [DType, unknown, string][]) {
    const shown = await tensor(revive(data) as number[], { dtype }).print();
    assert.equal(shown, text.replace("dtype=torch.", "dtype="));
  }
});

for (const engine of ["reference", "wasm"]) {
  test(`optimisers change 16-bit parameters as PyTorch's do, on ${engine}`, async () => {
    await convoyant.useEngine(engine);
    type Row = [
      HalfDType,
      "SGD" | "Adam" | "AdamW" | "RMSprop" | "Adagrad",
      Record<string, number>,
      number[],
    ];
    for (const [dtype, kind, settings, expected] of tables.optimised as Row[]) {
      const parameter = nn.Parameter(tensor(tables.starts, { dtype }));
      const optimizer = optim[kind]([parameter], settings);
      for (const gradient of tables.gradients) {
        optimizer.zeroGrad();
        parameter.mul(tensor(gradient, { dtype })).sum().backward();
        assert.equal(parameter.grad?.dtype, dtype);
        optimizer.step();
      }
      assert.equal(parameter.dtype, dtype);
      const got = (await parameter.tolist()) as number[];
      // PyTorch rounds after each of the update's operations.
      const unit = dtype === "bfloat16" ? 2 ** -7 : 2 ** -10;
      for (let i = 0; i < got.length; i++)
        assert.ok(
          Math.abs(got[i] - expected[i]) <= 4 * unit,
          `${kind} of ${dtype}: ${got} is not ${expected}`,
        );
    }
  });
}

test("every tensor that is drawn lies in its range", async () => {
  convoyant.manualSeed(3);
  for (const dtype of HALVES) {
    const drawn = Array.from(await convoyant.rand(20000, { dtype }).data());
    assert.ok(drawn.every((x) => x >= 0 && x < 1));
    const mean = drawn.reduce((a, b) => a + b, 0) / drawn.length;
    assert.ok(Math.abs(mean - 0.5) < 0.01, `mean ${mean}`);
    assert.equal(convoyant.randn(2, { dtype }).dtype, dtype);
    assert.deepEqual(await convoyant.full([3], 0.5, { dtype }).bernoulli(1).tolist(), [1, 1, 1]);
    assert.equal(convoyant.bernoulli(tensor([0.25, 1], { dtype })).dtype, dtype);
    assert.throws(() => convoyant.bernoulli(tensor([0.25, 1.5], { dtype })), /probabilities from 0 to 1/);
  }
});
