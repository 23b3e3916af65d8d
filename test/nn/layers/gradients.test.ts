import { after, before, test } from "node:test";
import { nn, stopEngine, useEngine } from "../../../src/index.ts";
import { checkLayer } from "./check_layer.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

const weights = ["weight", "bias"];
const statistics = ["running_mean", "running_var", "num_batches_tracked"];

test("Linear", () =>
  checkLayer(() => nn.Linear(4, 3), {
    inputs: [[2, 4]],
    outputShape: [2, 3],
    text: "Linear(in_features=4, out_features=3, bias=True)",
    keys: weights,
  }));

test("Conv2d", () =>
  checkLayer(() => nn.Conv2d(2, 4, { kernelSize: 3, stride: 2, padding: 1, groups: 2 }), {
    inputs: [[2, 2, 5, 6]],
    outputShape: [2, 4, 3, 3],
    text: "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), groups=2)",
    keys: weights,
  }));

test("ConvTranspose2d", () =>
  checkLayer(() => nn.ConvTranspose2d(2, 3, 2, { stride: 2, outputPadding: 1 }), {
    inputs: [[1, 2, 3, 2]],
    outputShape: [1, 3, 7, 5],
    text: "ConvTranspose2d(2, 3, kernel_size=(2, 2), stride=(2, 2), output_padding=(1, 1))",
    keys: weights,
  }));

test("BatchNorm2d", () =>
  checkLayer(() => nn.BatchNorm2d(3), {
    inputs: [[2, 3, 2, 3]],
    outputShape: [2, 3, 2, 3],
    text: "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    keys: [...weights, ...statistics],
  }));

test("BatchNorm1d", () =>
  checkLayer(() => nn.BatchNorm1d(4, { affine: false }), {
    inputs: [[5, 4]],
    outputShape: [5, 4],
    text: "BatchNorm1d(4, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=True)",
    keys: statistics,
  }));

test("LayerNorm", () =>
  checkLayer(() => nn.LayerNorm([3, 2]), {
    inputs: [[2, 3, 2]],
    outputShape: [2, 3, 2],
    text: "LayerNorm((3, 2), eps=1e-05, elementwise_affine=True, bias=True)",
    keys: weights,
  }));

test("GroupNorm", () =>
  checkLayer(() => nn.GroupNorm(2, 4), {
    inputs: [[2, 4, 3]],
    outputShape: [2, 4, 3],
    text: "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)",
    keys: weights,
  }));

test("LocalResponseNorm", () =>
  checkLayer(() => nn.LocalResponseNorm(3, { alpha: 0.5 }), {
    inputs: [[1, 5, 2, 2]],
    outputShape: [1, 5, 2, 2],
    text: "LocalResponseNorm(3, alpha=0.5, beta=0.75, k=1.0)",
    keys: [],
  }));

test("MaxPool2d", () =>
  checkLayer(() => nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }), {
    inputs: [[1, 2, 5, 4]],
    outputShape: [1, 2, 3, 2],
    text: "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)",
    keys: [],
  }));

test("AvgPool2d", () =>
  checkLayer(() => nn.AvgPool2d(2), {
    inputs: [[1, 2, 5, 4]],
    outputShape: [1, 2, 2, 2],
    text: "AvgPool2d(kernel_size=2, stride=2, padding=0)",
    keys: [],
  }));

test("PReLU", () =>
  checkLayer(() => nn.PReLU(2), {
    inputs: [[2, 2, 3]],
    outputShape: [2, 2, 3],
    text: "PReLU(num_parameters=2)",
    keys: ["weight"],
  }));

test("a network of several layers", () =>
  checkLayer(
    () =>
      nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.Sigmoid(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(4, 3),
        nn.LogSoftmax(1),
      ),
    {
      inputs: [[3, 1, 6, 5]],
      outputShape: [3, 3],
      text: `Sequential(
  (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))
  (1): BatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
  (2): Sigmoid()
  (3): AvgPool2d(kernel_size=2, stride=2, padding=0)
  (4): Flatten(start_dim=1, end_dim=-1)
  (5): Linear(in_features=4, out_features=3, bias=True)
  (6): LogSoftmax(dim=1)
)`,
      keys: [
        ...weights.map((k) => `0.${k}`),
        ...[...weights, ...statistics].map((k) => `1.${k}`),
        ...weights.map((k) => `5.${k}`),
      ],
    },
  ));

for (const [name, make] of Object.entries({
  ReLU: () => nn.ReLU(),
  LeakyReLU: () => nn.LeakyReLU(0.2),
  ELU: () => nn.ELU(),
  SELU: () => nn.SELU(),
  GELU: () => nn.GELU(),
  SiLU: () => nn.SiLU(),
  Mish: () => nn.Mish(),
  Softplus: () => nn.Softplus(),
  Hardswish: () => nn.Hardswish(),
  Tanh: () => nn.Tanh(),
  Softmax: () => nn.Softmax(1),
})) {
  test(name, () =>
    checkLayer(make, { inputs: [[2, 6]], outputShape: [2, 6], text: make().toString(), keys: [] }),
  );
}
