/** What stands in an exported file. `onnx_runtime.test.ts` runs such files in ONNX Runtime. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ArgumentError, FileError } from "../../../src/base/errors.ts";
import {
  models,
  nn,
  onnx,
  rand,
  randn,
  stopEngine,
  type Tensor,
  useEngine,
  zeros,
} from "../../../src/index.ts";
import { DATA_TYPES, type OnnxModel } from "../../../src/io/formats/onnx/onnx_model.ts";
import { imagenetPreprocessing } from "../../../src/models/pretrained/published_weights.ts";
import { keepClassNames } from "../../../src/records/network_classes.ts";
import { keepPreprocessing } from "../../../src/records/preprocessing.ts";
import { exported, nodeOf, operators } from "./exported.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-onnx-"));
before(() => useEngine("wasm", { threads: 1 }));
after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

/** A network of one function. */
class Lambda extends nn.Module {
  readonly #body: (x: Tensor) => unknown;

  constructor(body: (x: Tensor) => unknown) {
    super();
    this.#body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.#body(x) as Tensor;
  }
}

const { functional: F } = nn;

test("versions, an open batch, operators of layers, tensors by the keys of the state dict", async () => {
  const net = models.bnLenet();
  const model = await exported(net, [1, 1, 28, 28]);
  assert.deepEqual([model.irVersion, model.opsetImports], [8, [{ domain: "", version: 17 }]]);
  assert.equal(model.producerName, "convoyant");
  const { inputs, outputs, initializers } = model.graph;
  assert.deepEqual(inputs, [{ name: "input", dataType: DATA_TYPES.FLOAT, shape: ["N", 1, 28, 28] }]);
  assert.deepEqual(outputs, [{ name: "output", dataType: DATA_TYPES.FLOAT, shape: ["N", 10] }]);
  assert.deepEqual(operators(model), {
    Conv: 2,
    BatchNormalization: 4,
    Sigmoid: 4,
    AveragePool: 2,
    Flatten: 1,
    Gemm: 3,
  });
  const keys = Object.keys(net.stateDict()).filter((key) => !key.endsWith("num_batches_tracked"));
  assert.deepEqual(initializers.map(({ name }) => name).sort(), keys.sort());
});

test("the networks of torchvision become layers, not arithmetic", async () => {
  const { torchvision, efficientnetLite0 } = models;
  const nets: [nn.Module, string[]][] = [
    [
      torchvision.resnet18({ numClasses: 3 }),
      ["Add", "BatchNormalization", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "MaxPool", "Relu"],
    ],
    [
      torchvision.mobilenetV2({ numClasses: 3 }),
      ["Add", "BatchNormalization", "Clip", "Conv", "Flatten", "Gemm", "GlobalAveragePool"],
    ],
    [
      torchvision.mobilenetV3Small({ numClasses: 3 }),
      [
        "Add",
        "BatchNormalization",
        "Conv",
        "Flatten",
        "Gemm",
        "GlobalAveragePool",
        "HardSigmoid",
        "HardSwish",
        "Mul",
        "Relu",
      ],
    ],
    [
      efficientnetLite0({ numClasses: 3 }),
      ["Add", "BatchNormalization", "Clip", "Conv", "Flatten", "Gemm", "GlobalAveragePool"],
    ],
  ];
  for (const [net, expected] of nets)
    assert.deepEqual(Object.keys(operators(await exported(net, [1, 3, 64, 64]))).sort(), expected);
});

test("training mode and gradients do not matter, and the network keeps its mode", async () => {
  const net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.BatchNorm1d(4)).train();
  const model = await exported(net, [8, 4]);
  assert.deepEqual(operators(model), { Gemm: 1, BatchNormalization: 1 });
  assert.ok(net.training && [...net.modules()].every(({ training }) => training));
});

test("nothing that is recorded is left behind for the next step of training", async () => {
  const net = nn.Linear(2, 2);
  await onnx.export(net, [1, 2]);
  assert.equal(net.weight.grad, null);
  net(randn(1, 2)).sum().backward();
  assert.notEqual(net.weight.grad, null);
});

test("sizes that are multiples of the batch stay open", async () => {
  const split = await exported(new Lambda((x) => x.reshape(-1, 2).relu()), [4, 6]);
  assert.deepEqual(split.graph.outputs[0].shape, ["3N", 2]);
  const shape = split.graph.initializers.find(({ name }) => name === nodeOf(split, "Reshape").inputs[1]);
  assert.deepEqual(shape?.content, {
    kind: "raw",
    bytes: Uint8Array.of(...new Array(8).fill(255), 2, 0, 0, 0, 0, 0, 0, 0),
  });
  const ones = await exported(new Lambda((x) => x.add(zeros(x.shape[0], 1))), [4, 6]);
  assert.deepEqual(operators(ones), { Shape: 1, Slice: 1, Concat: 1, Expand: 1, Add: 1 });
});

/** What the last node of an operator gives: normalisation is the last of the preprocessing. */
const lastOf = ({ graph }: OnnxModel, operator: string): string | undefined =>
  graph.nodes.filter((node) => node.opType === operator).at(-1)?.outputs[0];

test("the preprocessing is part of the file, with images of any size as input", async () => {
  const preprocessing = {
    resize: { size: 72, interpolation: "bilinear" },
    crop: [64, 64],
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    background: [255, 255, 255],
  } as const;
  const net = models.torchvision.squeezenet1_1({ numClasses: 2 });
  const classNames = ["cat", { en: "dog", zh: "狗" }];
  const model = await exported(net, [1, 3, 64, 64], {
    preprocessing,
    classNames,
    metadata: { author: "me" },
  });
  assert.deepEqual(model.opsetImports, [{ domain: "", version: 18 }]);
  assert.deepEqual(model.graph.inputs, [
    { name: "images", dataType: DATA_TYPES.UINT8, shape: ["N", "H", "W", 3] },
  ]);
  assert.deepEqual(model.graph.outputs, [
    { name: "probabilities", dataType: DATA_TYPES.FLOAT, shape: ["N", 2] },
  ]);
  assert.deepEqual(Object.fromEntries(model.metadata), {
    preprocessing: JSON.stringify(preprocessing),
    class_names: '["cat","dog"]',
    class_names_zh: '["cat","狗"]',
    network_input: lastOf(model, "Div"),
    network_input_shape: "[3,64,64]",
    author: "me",
  });
  const none = { ...preprocessing, resize: null, crop: null, mean: [0.5], std: [0.5] };
  const grey = await exported(models.lenet(), [1, 1, 28, 28], { preprocessing: none });
  assert.deepEqual(grey.graph.inputs[0].shape, ["N", 28, 28, 1]);
});

test("a network's own preprocessing and class names are part of the file unless they are null", async () => {
  const preprocessing = imagenetPreprocessing({ resize: 40, crop: 32 });
  const net = models.torchvision.squeezenet1_1({ numClasses: 2 });
  keepPreprocessing(net, preprocessing);
  keepClassNames(net, ["cat", "dog"]);
  const own = await exported(net, [1, 3, 32, 32]);
  assert.deepEqual(Object.fromEntries(own.metadata), {
    preprocessing: JSON.stringify(preprocessing),
    class_names: '["cat","dog"]',
    network_input: lastOf(own, "Div"),
    network_input_shape: "[3,32,32]",
  });
  const bare = await exported(net, [1, 3, 32, 32], { preprocessing: null, classNames: null });
  assert.deepEqual(Object.fromEntries(bare.metadata), {});
});

test("the file is written whole, and the bytes are those that are returned", async () => {
  const path = join(folder, "linear.onnx");
  const bytes = await onnx.export(nn.Linear(2, 3), rand(1, 2), path);
  assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
  const missing = join(folder, "missing", "linear.onnx");
  await assert.rejects(onnx.export(nn.Linear(2, 3), [1, 2], { path: missing }), FileError);
  assert.ok(!existsSync(missing));
});

test("what cannot be expressed is named: the op, the layer, what to do", async () => {
  const refused = (net: nn.Module, shape: number[], message: RegExp, options = {}) =>
    assert.rejects(onnx.export(net, shape, options), (error: Error) => {
      assert.ok(error instanceof ArgumentError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  const noise = new Lambda((x) => x.add(randn(x.shape)).add(rand(x.shape)));
  await refused(
    nn.Sequential(nn.Linear(2, 2), noise),
    [1, 2],
    /^onnx\.export: ONNX cannot express this network:\n {2}randomNormal \(net\.1\): it draws random numbers; leave it out .*\n {2}randomUniform \(net\.1\): /,
  );
  await refused(
    new Lambda((x) => F.unfold(x, 3)),
    [1, 1, 8, 8],
    /unfold \(net\): ONNX has no im2col; use a convolution/,
  );
  await refused(
    new Lambda((x) => F.adaptiveMaxPool2d(x, 3)),
    [1, 1, 8, 8],
    /adaptiveMaxPool2d \(net\): cells of an image of 8 x 8 in a grid of 3 x 3 differ in size; give/,
  );
  await refused(
    new Lambda((x) => x.narrow(0, 1, x.shape[0] - 1)),
    [1, 4],
    /the shape of slice \(net\) is \[1, 4\] for a batch of 2 and \[2, 4\] for one of 3; expected sizes that are fixed/,
  );
  await refused(
    new Lambda((x) => (x.shape[0] > 2 ? x.relu() : x.tanh())),
    [1, 4],
    /records other operations for a batch of 3/,
  );
  await refused(new Lambda((x) => [x]), [1, 4], /expected the network to give a tensor in evaluation mode/);
  await refused(models.lenet(), [], /expected `input` to be a batch, or its shape/);
  assert.throws(
    () => onnx.export(models.lenet(), [1, 1, 28, 28], { preprocess: null } as object),
    /unknown argument `preprocess` of onnx\.export; did you mean `preprocessing`/,
  );
  const record = { resize: null, crop: null, mean: [0.5], std: [0.5], background: [255, 255, 255] };
  const size = (value: unknown) => ({
    preprocessing: { ...record, resize: { size: value, interpolation: "bilinear" } },
  });
  await refused(
    models.lenet(),
    [1, 1, 28, 28],
    /leaves images of different shapes .* give a `crop`/,
    size(28),
  );
  await refused(
    models.lenet(),
    [1, 1, 28, 28],
    /gives images of 32 x 32, and the network's input is 28 x 28/,
    size([32, 32]),
  );
  await refused(
    models.lenet(),
    [1, 1, 28, 28],
    /mean of 3 and the deviation of 1 channels, and the network's input has 1/,
    {
      preprocessing: { ...record, mean: [0, 0, 0] },
    },
  );
  await refused(models.lenet(), [1, 1, 28, 28], /list of names/, { classNames: "cat" });
  await assert.rejects(onnx.export({} as nn.Module, [1, 2]), /expected `net` to be a network/);
});
