import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { numbersOf } from "../../../src/base/dtype.ts";
import { FileError } from "../../../src/base/errors.ts";
import { sourceOfBytes } from "../../../src/io/formats/byte_source.ts";
import { failureOf } from "../../../src/io/formats/format_failure.ts";
import { withExternalData } from "../../../src/io/formats/onnx/external_data.ts";
import { DATA_TYPES, type OnnxModel, type OnnxTensor } from "../../../src/io/formats/onnx/onnx_model.ts";
import { onnxTensor, tensorArray } from "../../../src/io/formats/onnx/onnx_tensor.ts";
import { readOnnx, readOnnxTensor } from "../../../src/io/formats/onnx/read_onnx.ts";
import { writeOnnx, writeOnnxTensor } from "../../../src/io/formats/onnx/write_onnx.ts";
import { ProtobufWriter } from "../../../src/io/formats/protobuf/protobuf_writer.ts";
import { fixturePath } from "./format_fixtures.ts";

const fail = failureOf("ONNX file", "net.onnx");
const fixture = (name: string) => new Uint8Array(readFileSync(fixturePath(`onnx/${name}`)));
const everything = () => readOnnx(fixture("everything.onnx"), fail);
const numbers = (tensor: OnnxTensor) => {
  const { data, dtype } = tensorArray(tensor, fail);
  return Array.from(numbersOf(dtype, data));
};

test("a file holds what the package onnx wrote", () => {
  const model = everything();
  assert.deepEqual([model.irVersion, model.modelVersion, model.domain], [8, 3, "org.test"]);
  assert.deepEqual(
    [model.producerName, model.producerVersion, model.docString],
    ["make_format", "1", "a model"],
  );
  assert.deepEqual(model.opsetImports, [
    { domain: "", version: 17 },
    { domain: "test", version: 1 },
  ]);
  assert.deepEqual(
    [...model.metadata],
    [
      ["classes", '["猫", "dog"]'],
      ["empty", ""],
    ],
  );
  const { graph } = model;
  assert.deepEqual([graph.name, graph.docString], ["everything", "a graph"]);
  assert.deepEqual(graph.inputs, [{ name: "x", dataType: DATA_TYPES.FLOAT, shape: ["batch", 3, ""] }]);
  assert.deepEqual(graph.outputs, [{ name: "out", dataType: DATA_TYPES.FLOAT, shape: ["batch", 3, 4] }]);
  assert.deepEqual(graph.valueInfos, [{ name: "y", dataType: DATA_TYPES.INT64, shape: undefined }]);
  const [node] = graph.nodes;
  assert.deepEqual([node.name, node.opType, node.domain], ["all attributes", "Everything", "test"]);
  assert.deepEqual([node.inputs, node.outputs], [["x", "", "scalar"], ["y"]]);
});

test("attributes of every type", () => {
  const { attributes } = everything().graph.nodes[0];
  const plain = (name: string) => attributes.get(name);
  assert.deepEqual(plain("a_float"), { type: "float", value: 0.5 });
  assert.deepEqual(plain("an_int"), { type: "int", value: -7 });
  assert.deepEqual(plain("a_string"), { type: "string", value: "größer 图" });
  assert.deepEqual(plain("floats"), { type: "floats", value: [0.5, -1.5] });
  assert.deepEqual(plain("ints"), { type: "ints", value: [-1, Number.MAX_SAFE_INTEGER, 3] });
  assert.deepEqual(plain("strings"), { type: "strings", value: ["a", ""] });
  const names = [...attributes].map(([name, { type }]) => `${name} ${type}`);
  for (const name of ["a_tensor tensor", "a_graph graph", "tensors tensors", "graphs graphs"])
    assert.ok(names.includes(name), name);
  const graph = plain("a_graph");
  assert.equal(graph?.type === "graph" && graph.value.nodes[0].opType, "Identity");
});

test("functions and references to their attributes", () => {
  const [twice] = everything().functions;
  assert.deepEqual([twice.domain, twice.name, twice.inputs, twice.outputs], ["test", "Twice", ["a"], ["b"]]);
  assert.deepEqual(twice.attributes, ["by"]);
  assert.deepEqual(
    twice.nodes.map(({ opType }) => opType),
    ["Constant", "Mul"],
  );
  assert.deepEqual(twice.nodes[0].attributes.get("value_float"), { type: "reference", value: "by" });
});

test("tensors of every type, in raw bytes and in typed fields", () => {
  const expected = JSON.parse(readFileSync(fixturePath("onnx/everything.json"), "utf8"));
  const { initializers } = everything().graph;
  assert.deepEqual(
    initializers.map(({ name }) => name),
    Object.keys(expected),
  );
  for (const tensor of initializers) assert.deepEqual(numbers(tensor), expected[tensor.name], tensor.name);
  assert.deepEqual(initializers.at(-1)?.shape, [2, 0]);
  const unpacked = readOnnxTensor(fixture("unpacked.pb"), fail);
  assert.deepEqual([unpacked.name, unpacked.shape], ["u", [2, 3]]);
  assert.deepEqual(numbers(unpacked), expected["FLOAT raw"]);
});

test("what is written is read", () => {
  const model = everything();
  const again = readOnnx(writeOnnx(model), fail);
  assert.deepEqual(again, model);
  const tensor = onnxTensor("w", { data: Float64Array.of(-3, 2 ** 40), shape: [2], dtype: "int64" });
  const read = tensorArray(readOnnxTensor(writeOnnxTensor(tensor), fail), fail);
  assert.deepEqual(read, { data: Float64Array.of(-3, 2 ** 40), shape: [2], dtype: "int64" });
});

const external = () => readOnnx(fixture("external.onnx"), fail);
const openData = async (
  location: string,
  body: (source: ReturnType<typeof sourceOfBytes>) => Promise<void>,
) => {
  assert.equal(location, "external.data");
  await body(sourceOfBytes(fixture("external.data")));
};

test("data in other files", async () => {
  const model = await withExternalData(external(), openData, fail);
  const [weight, bias] = model.graph.initializers;
  assert.deepEqual(
    numbers(weight),
    Array.from({ length: 12 }, (_, i) => i / 8),
  );
  assert.deepEqual(numbers(bias), [0.5, -1, 2]);
  assert.throws(() => numbers(external().graph.initializers[0]), {
    name: "FileError",
    message: /tensor "weight" is in the file external\.data, which was not read/,
  });
});

/** The external network with other places for its weight's data. */
function moved(change: object): OnnxModel {
  const model = external();
  const [weight, bias] = model.graph.initializers;
  const content = { ...weight.content, ...change } as OnnxTensor["content"];
  return { ...model, graph: { ...model.graph, initializers: [{ ...weight, content }, bias] } };
}

test("data outside the folder, or beyond the end of their file, are refused", async () => {
  for (const location of ["../secret", "/etc/passwd", "a/../../b", "C:\\x", "..\\x", "a\0b"])
    await assert.rejects(withExternalData(moved({ location }), openData, fail), {
      name: "FileError",
      message: /outside its folder/,
    });
  await assert.rejects(withExternalData(moved({ offset: 2 ** 40 }), openData, fail), {
    name: "FileError",
    message: /external\.data, which has \d+/,
  });
  await assert.rejects(withExternalData(moved({ length: 8 }), openData, fail), {
    name: "FileError",
    message: /has 8 bytes in external\.data, expected 48/,
  });
});

test("files that claim what they do not hold are refused", () => {
  const tensor = (shape: number[], dataType: number, bytes = 4) =>
    new ProtobufWriter().integers(1, shape).integer(2, dataType).bytes(9, new Uint8Array(bytes)).end();
  const read = (bytes: Uint8Array) => tensorArray(readOnnxTensor(bytes, fail), fail);
  const cases: readonly [() => unknown, RegExp][] = [
    [() => readOnnx(new Uint8Array(0), fail), /ONNX file net\.onnx: it holds no graph/],
    [() => readOnnx(Uint8Array.of(0x3a, 0x7f), fail), /ends before its last field does/],
    [() => read(tensor([2 ** 20, 2 ** 20], 1)), /has 4 bytes, expected 4398046511104/],
    [() => read(tensor([2 ** 40, 2 ** 40], 1)), /has the shape/],
    [() => read(tensor([-1], 1)), /has the shape \[-1\]/],
    [() => read(tensor([1], 8)), /of type STRING, which cannot be held/],
    [() => read(tensor([1], 14, 8)), /of type COMPLEX64/],
    [() => read(tensor([1], 99)), /of type number 99/],
  ];
  for (const [call, message] of cases)
    assert.throws(
      call,
      (error) => error instanceof FileError && message.test(error.message),
      String(message),
    );
});

test("graphs inside graphs end somewhere, and so do messages", () => {
  let graph = new ProtobufWriter();
  for (let i = 0; i < 40; i++)
    graph = new ProtobufWriter().message(
      1,
      new ProtobufWriter().message(5, new ProtobufWriter().message(6, graph)),
    );
  assert.throws(() => readOnnx(new ProtobufWriter().message(7, graph).end(), fail), /nested more than/);
  const nodes = new Uint8Array(2 * (2 ** 20 + 1));
  for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
  assert.throws(() => readOnnx(new ProtobufWriter().bytes(7, nodes).end(), fail), /more than 1048576 nodes/);
});
