import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import {
  ArgumentError,
  AutogradError,
  fromTypedArray,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  ShapeError,
  StateDictError,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
  zeros,
} from "../../../src/index.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

class Classifier extends nn.Module {
  conv = nn.Conv2d(1, 2, 3);
  norm = nn.BatchNorm2d(2);
  head = nn.Sequential(nn.Flatten(), nn.Linear(8, 3));
  scale = nn.Parameter(ones(1));
  readonly #secret = 5;

  override forward(x: Tensor): Tensor {
    return this.head(this.norm(this.conv(x)).relu()).mul(this.scale);
  }

  secret(): number {
    return this.#secret;
  }
}

class InConstructor extends nn.Module {
  first: nn.Linear;
  override name: string;

  constructor(width: number) {
    super();
    this.name = "mine";
    this.first = nn.Linear(2, width);
  }

  override forward(x: Tensor): [Tensor, Tensor] {
    const y = this.first(x);
    return [y, y.neg()];
  }
}

test("a subclass with fields finds its parts in order of definition", () => {
  const net = new Classifier();
  assert.equal(net.secret(), 5);
  assert.ok(net instanceof nn.Module && net instanceof Classifier);
  assert.deepEqual(
    net.namedParameters().map(([name]) => name),
    ["scale", "conv.weight", "conv.bias", "norm.weight", "norm.bias", "head.1.weight", "head.1.bias"],
  );
  assert.deepEqual(
    net.namedBuffers().map(([name]) => name),
    ["norm.running_mean", "norm.running_var", "norm.num_batches_tracked"],
  );
  assert.deepEqual(
    net.namedChildren().map(([name]) => name),
    ["conv", "norm", "head"],
  );
  assert.deepEqual(
    net.namedModules().map(([name]) => name),
    ["", "conv", "norm", "head", "head.0", "head.1"],
  );
  assert.equal(inspect(net).split("\n")[0], "Classifier(");
  assert.deepEqual(net(randn(2, 1, 4, 4)).shape, [2, 3]);
});

test("a subclass with a constructor can have a name, and return several tensors", async () => {
  const net = new InConstructor(3);
  assert.equal(net.name, "mine");
  const [a, b] = net(ones(1, 2));
  assert.deepEqual(await a.add(b).tolist(), [[0, 0, 0]]);
});

test("layers are called with and without new, and extended", () => {
  class Wide extends nn.Conv2d {
    extra = nn.Parameter(zeros(2));
    constructor() {
      super(1, 8, { kernelSize: 3, padding: "same" });
    }
  }
  const wide = new Wide();
  assert.equal(wide.toString(), "Wide(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)");
  assert.ok(wide instanceof nn.Conv2d && !(wide instanceof nn.Linear));
  assert.deepEqual(Object.keys(wide.stateDict()), ["weight", "bias", "extra"]);
  assert.deepEqual(wide(zeros(1, 1, 5, 5)).shape, [1, 8, 5, 5]);
  for (const conv of [
    nn.Conv2d(1, 96, 11, 4, 1),
    nn.Conv2d(1, 96, 11, { stride: 4, padding: 1 }),
    new nn.Conv2d(1, 96, { kernelSize: 11, stride: 4, padding: 1 }),
  ]) {
    assert.equal(conv.toString(), "Conv2d(1, 96, kernel_size=(11, 11), stride=(4, 4), padding=(1, 1))");
  }
  assert.throws(
    () => nn.Conv2d(1, 2, { kernelSize: 3, stides: 2 } as never),
    /unknown argument `stides` of Conv2d; did you mean `stride`\?/,
  );
  assert.throws(
    () => nn.Conv2d(1, 2, 0),
    /Conv2d: expected `kernelSize` to be an integer of at least 1 or two of them, got 0/,
  );
  assert.throws(
    () => nn.Conv2d(3, 4, 1, { groups: 2 }),
    /`inChannels` to be divisible by `groups`, got 3 and 2/,
  );
  assert.throws(() => nn.Dropout(1.5), /probability from 0 to 1/);
  assert.throws(
    () => nn.MSELoss({ reduction: "men" as never }),
    /unknown reduction "men"; did you mean `mean`/,
  );
});

test("train, eval, apply, requiresGrad_ and zeroGrad reach everything below", async () => {
  const net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(), nn.Linear(2, 1)));
  assert.equal(net.eval(), net);
  assert.deepEqual(
    net.modules().map((module) => module.training),
    [false, false, false, false, false],
  );
  net.train();
  const order: string[] = [];
  net.apply((module) => order.push(module.constructor.name));
  assert.deepEqual(order, ["Linear", "Dropout", "Linear", "Sequential", "Sequential"]);
  net(ones(1, 2)).sum().backward();
  assert.ok(net.parameters().every((p) => p.grad !== null));
  net.zeroGrad();
  assert.ok(net.parameters().every((p) => p.grad === null));
  net.at(0).requiresGrad_(false);
  assert.deepEqual(
    net.parameters().map((p) => p.requiresGrad),
    [false, false, true, true],
  );
});

test("containers can be changed, walked and cut", () => {
  const net = nn.Sequential({ a: nn.Linear(1, 2), b: nn.ReLU() });
  assert.deepEqual(Object.keys(net.stateDict()), ["a.weight", "a.bias"]);
  const list = nn.Sequential(nn.ReLU(), nn.Sigmoid());
  list.append(nn.Tanh()).insert(0, nn.Flatten());
  const names = (modules: Iterable<nn.Module>) => [...modules].map((module) => module.constructor.name);
  assert.deepEqual(names(list), ["Flatten", "ReLU", "Sigmoid", "Tanh"]);
  assert.equal(list.pop(1).constructor.name, "ReLU");
  assert.deepEqual(
    [list.length, names(list.slice(1)), list.at(-1).constructor.name, list[0].constructor.name],
    [3, ["Sigmoid", "Tanh"], "Tanh", "Flatten"],
  );
  assert.throws(() => list.at(7), /Sequential: there is no module 7; it holds 3/);
  assert.throws(() => nn.Sequential(3 as never), ArgumentError);
  const dict = nn.ModuleDict([["left", nn.ReLU()]]);
  dict.set("right", nn.Tanh());
  assert.deepEqual(
    [dict.keys(), dict.length, dict.has("left"), [...dict]],
    [["left", "right"], 2, true, ["left", "right"]],
  );
  assert.throws(() => dict.get("middle"), /no module `middle`; it holds left, right/);
  assert.throws(() => dict.set("train", nn.ReLU()), /has a property `train` already/);
  const parameters = nn.ParameterList([ones(2), nn.Parameter(zeros(3))]);
  parameters.append(ones(1));
  assert.deepEqual(
    [parameters.length, parameters.at(1).shape, Object.keys(parameters.stateDict())],
    [3, [3], ["0", "1", "2"]],
  );
  assert.equal(
    parameters.toString().split("\n")[2],
    "    (1): Parameter containing: [torch.float32 of size 3]",
  );
});

test("submodules, parameters and buffers are found by their path", () => {
  const net = new Classifier();
  assert.equal(net.getSubmodule("head.1").constructor.name, "Linear");
  assert.deepEqual(net.getParameter("head.1.bias").shape, [3]);
  assert.deepEqual(net.getBuffer("norm.running_var").shape, [2]);
  assert.throws(() => net.getSubmodule("head.7"), /Sequential at "head" has no module `7`; it has 0, 1/);
  assert.throws(() => net.getParameter("conv.wait"), /no parameter `conv\.wait`/);
});

test("buffers have PyTorch's name in the state dict and are properties in camelCase", async () => {
  class Moving extends nn.Module {
    declare movingMean: Tensor;
    declare scratch: Tensor | null;
    constructor() {
      super();
      this.registerBuffer("moving_mean", zeros(2));
      this.registerBuffer("scratch", ones(1), false);
      this.registerParameter("in_proj", nn.Parameter(ones(2)));
    }
    override forward(x: Tensor): Tensor {
      noGrad(() => this.movingMean.add_(x));
      return x;
    }
  }
  const moving = new Moving();
  assert.deepEqual(Object.keys(moving.stateDict()), ["in_proj", "moving_mean"]);
  moving(ones(2));
  moving(ones(2));
  assert.deepEqual(await moving.movingMean.tolist(), [2, 2]);
  moving.movingMean = tensor([5, 6]);
  assert.deepEqual(await (moving as unknown as Record<string, Tensor>)["moving_mean"].tolist(), [5, 6]);
  assert.deepEqual(
    moving.namedBuffers().map(([name]) => name),
    ["moving_mean", "scratch"],
  );
});

test("state dicts travel between networks, and misfits are listed in one error", async () => {
  const [a, b] = [
    nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)),
    nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)),
  ];
  assert.deepEqual(b.loadStateDict(a.stateDict()), { missingKeys: [], unexpectedKeys: [] });
  const x = randn(4, 2);
  assert.deepEqual(await a(x).tolist(), await b(x).tolist());
  const other = {
    "0.weight": zeros(2, 2),
    "0.bias": zeros(3),
    "1.weight": zeros(1, 3),
    "2.bias": zeros(1),
    "3.bias": zeros(1),
  };
  assert.throws(
    () => a.loadStateDict(other),
    (error: Error) =>
      error instanceof StateDictError &&
      /missing keys: 1\.bias\n/.test(error.message) &&
      /unexpected keys: 2\.bias, 3\.bias\n/.test(error.message) &&
      /0\.weight: expected shape \[3, 2\], got \[2, 2\]/.test(error.message),
  );
  assert.deepEqual(await a(x).tolist(), await b(x).tolist(), "nothing changed");
  assert.throws(() => a.loadStateDict(other, { strict: false }), /0\.weight: expected shape/);
  const { "0.weight": _wrong, ...rest } = other;
  assert.deepEqual(a.loadStateDict(rest, { strict: false }), {
    missingKeys: ["0.weight", "1.bias"],
    unexpectedKeys: ["2.bias", "3.bias"],
  });
  assert.throws(() => a.loadStateDict(null as never), /expected an object of tensors by name/);
});

test("weights that an operation makes, and weights loaded after training began, are taken over", async () => {
  const net = nn.Linear(2, 1, { bias: false });
  const optimizer = optim.SGD(net.parameters(), { lr: 1 });
  const step = () => {
    optimizer.zeroGrad();
    net(ones(1, 2)).sum().backward();
    optimizer.step();
  };
  net.loadStateDict({ weight: ones(1, 2).mul(3) });
  step();
  assert.deepEqual(await net.weight.tolist(), [[2, 2]]);
  const before = net(ones(1, 2));
  net.loadStateDict({ weight: tensor([[7, 8]]) });
  assert.deepEqual(await before.tolist(), [[4]], "computed from the old weights");
  step();
  assert.deepEqual(await net.weight.tolist(), [[6, 7]]);
  const drawn = nn.Parameter(randn(3));
  assert.deepEqual(await drawn.tolist(), await drawn.tolist());
});

test("a dtype that is set before a lazy layer knows its size is that of its parameters", () => {
  const net = nn
    .Sequential(
      nn.LazyConv2d(4, 3),
      nn.LazyBatchNorm2d(),
      nn.LazyConvTranspose2d(2, 2),
      nn.Flatten(),
      nn.LazyLinear(2),
    )
    .double();
  assert.equal(net(randn(1, 2, 5, 5, { dtype: "float64" })).dtype, "float64");
  const dtypes = Object.entries(net.stateDict()).map(([key, { dtype }]) => [key.split("_")[0], dtype]);
  for (const [key, dtype] of dtypes) assert.equal(dtype, key === "1.num" ? "int64" : "float64", key);
});

test("a conversion takes along what is not saved", () => {
  const module = new nn.Module();
  module.registerBuffer("steps", zeros(2), false);
  assert.deepEqual(Object.keys(module.stateDict()), []);
  module.to("float64");
  assert.equal(module.buffers()[0].dtype, "float64");
});

test("lazy layers say what to do before they know their size, and become ordinary ones", () => {
  const net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2));
  assert.ok(net.at(0).isLazy);
  for (const early of [() => net.parameters(), () => net.stateDict()]) {
    assert.throws(
      early,
      (error: Error) =>
        error instanceof AutogradError &&
        /LazyConv2d \(0\) has no parameters yet: call the network once/.test(error.message),
    );
  }
  assert.deepEqual(net(zeros(2, 3, 5, 5)).shape, [2, 2]);
  assert.ok(!net.at(0).isLazy && net.at(0) instanceof nn.Conv2d);
  assert.equal(
    net.parameters().reduce((sum, p) => sum + p.numel(), 0),
    4 * 27 + 4 + 8 + 36 * 2 + 2,
  );
  const loaded = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2));
  loaded.loadStateDict(net.stateDict());
  assert.equal(loaded.toString(), net.toString());
});

test("errors name the layer by its path", () => {
  const net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 3)));
  assert.throws(
    () => net(zeros(1, 1, 8, 8)),
    (error: Error) =>
      error instanceof ShapeError &&
      error.message.startsWith("conv2d (net.1.1): ") &&
      /3 input channels/.test(error.message),
  );
  const one = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3));
  assert.throws(
    () => one(zeros(1, 2)),
    (error: Error) =>
      error instanceof ShapeError &&
      /\(net\.1\)/.test(error.message) &&
      /more than 1 value per channel/i.test(error.message),
  );
  one.eval();
  assert.deepEqual(one(zeros(1, 2)).shape, [1, 3]);
  assert.throws(
    () => nn.BatchNorm2d(3)(zeros(2, 3)),
    /BatchNorm2d \(net\): expected an input \[N, C, H, W\], got \[2, 3\]/,
  );
  assert.throws(() => new nn.Module()(zeros(1)), /forward\(\) is not defined/);
});

test("batch norm counts its batches and averages them evenly without a momentum", async () => {
  const norm = nn.BatchNorm1d(1, { momentum: null });
  for (const value of [1, 3, 5]) norm(tensor([[value], [value + 2]]).to("float32"));
  assert.equal(await norm.numBatchesTracked?.item(), 3);
  assert.ok(Math.abs(((await norm.runningMean?.item()) as number) - 4) < 1e-6);
  norm.resetRunningStats();
  assert.deepEqual(
    [await norm.numBatchesTracked?.item(), await norm.runningMean?.item(), await norm.runningVar?.item()],
    [0, 0, 1],
  );
});

test("data of the caller's is not changed by training it as a parameter", async () => {
  const data = Float32Array.of(1, 2);
  const parameter = nn.Parameter(fromTypedArray(data, [2], "float32"));
  const optimizer = optim.SGD([parameter], { lr: 1 });
  parameter.sum().backward();
  optimizer.step();
  assert.deepEqual(
    [await parameter.tolist(), [...data]],
    [
      [0, 1],
      [1, 2],
    ],
  );
});
