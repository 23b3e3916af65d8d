/** Every operator, in the forms of its opsets, against onnxruntime. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { numbersOf } from "../../../src/base/dtype.ts";
import { fromTypedArray, noGrad, onnx, type Tensor } from "../../../src/index.ts";
import { FAMILIES } from "../../../src/interop/onnx/operators/index.ts";
import { failureOf } from "../../../src/io/formats/format_failure.ts";
import { tensorArray } from "../../../src/io/formats/onnx/onnx_tensor.ts";
import { readOnnx, readOnnxTensor } from "../../../src/io/formats/onnx/read_onnx.ts";
import { fixturePath } from "../../io/formats/format_fixtures.ts";

interface OperatorCase {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const cases = JSON.parse(readFileSync(fixturePath("onnx/operators.json"), "utf8")) as OperatorCase[];
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const fail = failureOf("fixture", undefined);

function tensorOf(base64: string): Tensor {
  const { data, shape, dtype } = tensorArray(readOnnxTensor(bytesOf(base64), fail), fail);
  return fromTypedArray(data, shape, dtype);
}

suite("operators give what onnxruntime gives", () => {
  for (const { name, model, inputs, outputs } of cases)
    test(name, async () => {
      const net = await onnx.load(bytesOf(model));
      const found = [noGrad(() => net(...inputs.map(tensorOf)))].flat() as Tensor[];
      assert.equal(found.length, outputs.length);
      for (let i = 0; i < found.length; i++) {
        const expected = tensorOf(outputs[i]);
        assert.deepEqual([found[i].dtype, found[i].shape], [expected.dtype, expected.shape]);
        const [x, y] = await Promise.all(
          [found[i], expected].map(async (one) => numbersOf(one.dtype, await one.data())),
        );
        x.forEach((value, k) => {
          const near = Object.is(value, y[k]) || Math.abs(value - y[k]) <= 2e-5 * (1 + Math.abs(y[k]));
          assert.ok(near, `[${k}]: ${value}, expected ${y[k]}`);
        });
      }
    });
});

test("every operator has a case", () => {
  const tried = new Set(
    cases.flatMap(({ model }) => readOnnx(bytesOf(model), fail).graph.nodes.map((n) => n.opType)),
  );
  const names = FAMILIES.flatMap(([, operators]) => Object.keys(operators));
  assert.deepEqual(
    names.filter((name) => !tried.has(name)),
    [],
  );
  assert.equal(new Set(names).size, names.length);
});
