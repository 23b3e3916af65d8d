import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  data as datasets,
  FileError,
  fromTypedArray,
  manualSeed,
  models,
  nn,
  noGrad,
  onnx,
  randn,
  type Tensor,
  tensor,
} from "../../../src/index.ts";
import { fixturePath } from "../../io/formats/format_fixtures.ts";
import { floats, integers, node, smallModel } from "./small_model.ts";

const { transforms } = datasets;
const fixture = (name: string) => new Uint8Array(readFileSync(fixturePath(`onnx/${name}`)));
const linear = { nodes: [node("MatMul", ["x", "w"], ["y"])], initializers: [floats("w", [2, 1], [3, 4])] };

test("bytes, a path, a URL, a Blob and a Response give the same network", async () => {
  const path = fixturePath("onnx/network.onnx");
  const bytes = fixture("network.onnx");
  const x = randn(1, 3, 16, 16);
  const first = await onnx.load(bytes);
  const expected = await noGrad(() => first(x)).tolist();
  for (const source of [
    path,
    pathToFileURL(path),
    Buffer.from(bytes),
    new Blob([bytes]),
    new Response(bytes),
  ]) {
    const net = await onnx.load(source);
    assert.deepEqual(await noGrad(() => net(x)).tolist(), expected);
  }
});

test("weights in files beside are found by the path, or given", async () => {
  const x = tensor([[1, 2, 3, 4]]);
  const weight = Array.from({ length: 12 }, (_, i) => i / 8);
  const bias = [0.5, -1, 2];
  const right = [bias.map((b, i) => [1, 2, 3, 4].reduce((sum, v, k) => sum + v * weight[4 * i + k], b))];
  const byPath = await onnx.load(fixturePath("onnx/external.onnx"));
  assert.deepEqual(await noGrad(() => byPath(x)).tolist(), right);
  const data = fixture("external.data");
  for (const externalData of [
    { "external.data": data },
    new Map([["external.data", data.buffer as ArrayBuffer]]),
  ]) {
    const net = await onnx.load(fixture("external.onnx"), { externalData });
    assert.deepEqual(await noGrad(() => net(x)).tolist(), right);
  }
  await assert.rejects(onnx.load(fixture("external.onnx")), {
    name: "FileError",
    message: /ONNX file: its weights are in the file "external\.data", which is not given; give it: /,
  });
});

test("weights beside that are missing, or behind a link out of the folder, are an error that names them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-onnx-"));
  try {
    mkdirSync(join(folder, "net"));
    const path = join(folder, "net", "external.onnx");
    copyFileSync(fixturePath("onnx/external.onnx"), path);
    await assert.rejects(onnx.load(path), {
      name: "FileError",
      message:
        /^ONNX file .*: its weights are in the file ".*external\.data", and that could not be opened .*there is no such file.*; put that file beside it$/,
    });
    copyFileSync(fixturePath("onnx/external.data"), join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(folder, "net", "external.data"));
    await assert.rejects(onnx.load(path), {
      name: "FileError",
      message: /a link to a file outside its folder/,
    });
    rmSync(join(folder, "net", "external.data"));
    writeFileSync(join(folder, "net", "external.data"), new Uint8Array(7));
    await assert.rejects(onnx.load(path), { name: "FileError", message: /external\.data, which has 7/ });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("all operators that are not supported are named at once, with a node", async () => {
  const nodes = [
    node("Flip", ["x"], ["a"]),
    node("Relu", ["a"], ["b"]),
    node("Tree", ["b"], ["c"], {}, "ai.onnx.ml"),
    node("Flip", ["c"], ["d"]),
    node("Cast", ["d"], ["y"], { to: { type: "int", value: 8 } }),
  ];
  await assert.rejects(onnx.load(smallModel({ nodes })), {
    name: "FileError",
    message:
      'ONNX file: it has operators that are not supported: Flip (node "flip of a" and 1 more), ' +
      'ai.onnx.ml.Tree (node "tree of c"), Cast to STRING (node "cast of y"); docs/formats.md lists those that are',
  });
});

test("what is wrong with a file is a FileError", async () => {
  const relu = node("Relu", ["x"], ["y"]);
  const cases: readonly [Uint8Array, RegExp][] = [
    [smallModel({ nodes: [relu], opset: 5 }), /it is of opset 5; opsets 7 to 22 are read; convert it/],
    [
      smallModel({ nodes: [relu], opset: 25 }),
      /it is of opset 25; opsets 7 to 22 are read; export it with an older/,
    ],
    [smallModel({ nodes: [node("Relu", ["q"], ["y"])] }), /uses the value "q", which nothing gives/],
    [smallModel({ nodes: [relu, relu] }), /the value "y" is given twice/],
    [smallModel({ nodes: [relu], outputs: ["z"] }), /its output "z" is given by no node/],
    [smallModel({ nodes: [node("Add", ["y", "x"], ["y"])] }), /computed from its own result/],
    [
      smallModel({ nodes: [node("Concat", [], ["y"], { axis: { type: "float", value: 1 } })] }),
      /Concat with an attribute axis of the type float, expected int/,
    ],
    [
      smallModel({
        nodes: [node("Reshape", ["w", "s"], ["y"])],
        initializers: [integers("w", [1, 2]), integers("s", [3])],
      }),
      /cannot take the shape \[3\]/,
    ],
    [new TextEncoder().encode("not a network"), /ONNX file: /],
    [new Uint8Array(0), /holds no graph/],
  ];
  for (const [bytes, message] of cases)
    await assert.rejects(
      onnx.load(bytes),
      (error) => error instanceof FileError && message.test(error.message),
      String(message),
    );
});

test("shapes that depend on contents are an error that names the node", async () => {
  const nodes = [
    node("ArgMax", ["x"], ["s"], { axis: { type: "int", value: 1 }, keepdims: { type: "int", value: 0 } }),
    node("Expand", ["x", "s"], ["y"]),
  ];
  const net = await onnx.load(smallModel({ nodes }));
  assert.throws(() => net(randn(3, 2)), {
    name: "ShapeError",
    message: /^onnx: Expand "expand of y": its shape is computed from the contents of tensors/,
  });
});

test("inputs that are not the file's are refused by name", async () => {
  const net = await onnx.load(smallModel(linear));
  assert.throws(() => net(), /expected 1 input \(x\), got 0/);
  assert.throws(() => net({ z: randn(1, 2) }), /there is no input "z"; the network has x/);
  assert.throws(() => net(randn(1, 3)), {
    name: "ShapeError",
    message: /input x: expected \[batch, 2\], got \[1, 3\]/,
  });
  assert.throws(() => net(randn(1, 2).long()), {
    name: "DTypeError",
    message: /input x: expected float32, got int64/,
  });
  assert.throws(() => net([1, 2]), { name: "ArgumentError", message: /expected the input x to be a tensor/ });
  await assert.rejects(
    onnx.load(smallModel(linear), { freeBach: true } as never),
    /did you mean `freeBatch`/,
  );
  await assert.rejects(onnx.load(7 as never), {
    name: "ArgumentError",
    message: /^onnx\.load: expected a path/,
  });
});

test("freeBatch opens the batch of a network that was exported for one size", async () => {
  const bytes = smallModel({
    nodes: [node("Reshape", ["x", "to"], ["r"]), node("MatMul", ["r", "w"], ["y"])],
    initializers: [integers("to", [1, 4]), floats("w", [4, 1], [1, 2, 3, 4])],
    inputs: { x: [1, 2, 2] },
  });
  const x = tensor([
    [
      [1, 0],
      [0, 0],
    ],
    [
      [0, 0],
      [0, 1],
    ],
  ]);
  const fixed = await onnx.load(bytes);
  assert.throws(
    () => fixed(x),
    /got \[2, 2, 2\]; the network was exported for batches of 1: .* freeBatch: true/,
  );
  const free = await onnx.load(bytes, { freeBatch: true });
  assert.deepEqual(await noGrad(() => free(x)).tolist(), [[1], [4]]);
});

test("several inputs and outputs, by place and by name", async () => {
  const bytes = smallModel({
    nodes: [node("Sub", ["a", "b"], ["d"]), node("Mul", ["a", "b"], ["p"])],
    inputs: { a: ["n"], b: ["n"] },
    outputs: ["p", "d"],
    metadata: { classes: "[]" },
  });
  const net = await onnx.load(bytes);
  for (const out of [net(tensor([3]), tensor([2])), net({ b: tensor([2]), a: tensor([3]) })] as Tensor[][])
    assert.deepEqual(await Promise.all(out.map((one) => one.tolist())), [[6], [1]]);
  assert.deepEqual([net.outputNames, net.metadata], [["p", "d"], { classes: "[]" }]);
});

test("functions of the file are computed, with the attributes of their calls", async () => {
  const scaled = {
    name: "Scaled",
    domain: "test",
    inputs: ["a"],
    outputs: ["b"],
    attributes: ["by"],
    defaults: new Map(),
    nodes: [
      node("Constant", [], ["c"], { value_float: { type: "reference", value: "by" } }),
      node("Mul", ["a", "c"], ["b"]),
    ],
    opsetImports: [{ domain: "", version: 17 }],
  };
  const call = (from: string, to: string, by: number) =>
    node("Scaled", [from], [to], { by: { type: "float", value: by } }, "test");
  const bytes = smallModel({ nodes: [call("x", "t", 2), call("t", "y", 5)], functions: [scaled] });
  const net = await onnx.load(bytes);
  assert.deepEqual(await net(tensor([[1, 3]])).tolist(), [[10, 30]]);
  const endless = { ...scaled, nodes: [call("a", "b", 1)] };
  await assert.rejects(onnx.load(smallModel({ nodes: [call("x", "y", 1)], functions: [endless] })), {
    name: "FileError",
    message: /its functions call each other more than 32 deep/,
  });
});

test("nodes may stand in any order", async () => {
  const nodes = [node("Neg", ["b"], ["y"]), node("Relu", ["a"], ["b"]), node("Neg", ["x"], ["a"])];
  const net = await onnx.load(smallModel({ nodes }));
  assert.deepEqual(await net(tensor([[1, -3]])).tolist(), [[-0, -3]]);
});

test("which constants are weights", async () => {
  const bytes = smallModel({
    nodes: [
      node("Sub", ["x", "mean"], ["c"]),
      node("Mul", ["c", "deviation"], ["n"]),
      node("Transpose", ["w"], ["wt"]),
      node("MatMul", ["n", "wt"], ["m"]),
      node("Add", ["m", "bias"], ["s"]),
      node("Div", ["s", "six"], ["y"]),
    ],
    initializers: [
      floats("mean", [2], [1, 2]),
      floats("deviation", [2], [2, 2]),
      floats("w", [3, 2], [1, 2, 3, 4, 5, 6]),
      floats("bias", [3], [1, 1, 1]),
      floats("six", [], [6]),
    ],
  });
  const net = await onnx.load(bytes);
  assert.deepEqual(
    net.namedParameters().map(([name]) => name),
    ["w", "bias"],
  );
  assert.deepEqual(await noGrad(() => net(tensor([[1, 3]]))).tolist(), [
    [5 / 6, 9 / 6, 13 / 6].map(Math.fround),
  ]);
  net(tensor([[1, 3]]))
    .sum()
    .backward();
  assert.deepEqual(
    await net.getParameter("w").grad?.tolist(),
    [
      [0, 2 / 6],
      [0, 2 / 6],
      [0, 2 / 6],
    ].map((row) => row.map(Math.fround)),
  );
});

test("names that are taken, or do not suit members, are changed", async () => {
  const names = ["forward", "__proto__", "a..b", "training", "a_b", "aB", "x.y", "x"];
  const nodes = names.map((name, i) => node("MatMul", [i === 0 ? "in" : `t${i}`, name], [`t${i + 1}`]));
  const bytes = smallModel({
    nodes,
    initializers: names.map((name) => floats(name, [1, 1], [2])),
    inputs: { in: ["n", 1] },
    outputs: [`t${names.length}`],
  });
  const net = await onnx.load(bytes);
  assert.equal(net.parameters().length, names.length);
  assert.deepEqual(await noGrad(() => net(tensor([[1]]))).tolist(), [[256]]);
  const state = net.stateDict();
  assert.equal(Object.keys(state).length, names.length);
  net.loadStateDict(state);
});

test("nothing is allocated for weights that a file merely claims", async () => {
  const bytes = smallModel({
    nodes: [node("ConstantOfShape", ["s"], ["w"]), node("MatMul", ["x", "w"], ["y"])],
    initializers: [integers("s", [2, 2 ** 40])],
  });
  const before = process.memoryUsage().rss;
  const net = await onnx.load(bytes);
  assert.deepEqual(net.getParameter("w").shape, [2, 2 ** 40]);
  assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20);
});

test("what onnx.export writes is read", async () => {
  manualSeed(0);
  const net = models.lenet();
  net.eval();
  const x = randn(2, 1, 28, 28);
  const again = await onnx.load(await onnx.export(net, [1, 1, 28, 28]));
  const [found, expected] = await Promise.all([noGrad(() => again(x)).data(), noGrad(() => net(x)).data()]);
  expected.forEach((value: number, i: number) => {
    assert.ok(Math.abs(value - found[i]) < 1e-5);
  });
  assert.deepEqual(Object.keys(again.stateDict()).sort(), Object.keys(net.stateDict()).sort());
  assert.ok(again instanceof nn.Module);
});

test("a network that was exported with its preprocessing takes images of any size", async () => {
  manualSeed(1);
  const preprocessing = {
    resize: { size: 36, interpolation: "bilinear" },
    crop: [28, 28],
    mean: [0.4],
    std: [0.3],
    background: [255, 255, 255],
  } as const;
  const net = models.lenet();
  net.eval();
  const again = await onnx.load(await onnx.export(net, [1, 1, 28, 28], { preprocessing }));
  // Wide and high images are resized in another order, and the file chooses.
  for (const [height, width] of [
    [45, 66],
    [66, 45],
    [20, 30],
  ]) {
    const data = Uint8Array.from({ length: height * width }, (_, i) => Math.imul(i, 2654435761) >>> 24);
    const x = fromTypedArray(data, [1, height, width, 1], "uint8");
    const [found] = await noGrad(() => again(x)).tolist();
    const plane = fromTypedArray(data, [1, height, width], "uint8");
    const prepared: Tensor = await transforms.Preprocess(preprocessing)(plane);
    const [expected] = await noGrad(() => net(prepared.unsqueeze(0)).softmax(1)).tolist();
    expected.forEach((value: number, i: number) => {
      assert.ok(Math.abs(value - found[i]) < 1e-5, `${height} x ${width}: ${found[i]}, expected ${value}`);
    });
  }
});
