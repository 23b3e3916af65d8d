import assert from "node:assert/strict";
import { test } from "node:test";
import { book, models, nn, type Tensor, zeros } from "../../src/index.ts";
import { layerSummary } from "../../src/train/metrics/layer_summary.ts";

const parameters = (net: nn.Module) => net.parameters().reduce((total, p) => total + p.numel(), 0);

function multiplyAdds(net: nn.Module, size: number): number {
  return layerSummary(net, [1, 1, size, size]).reduce((total, row) => total + (row.multiplyAdds ?? 0), 0);
}

/** Output shapes of the modules in a row, without the batch, as the book prints them. Nothing is computed. */
function stages(net: nn.Sequential, size: number): [layer: string, shape: string][] {
  let x: Tensor = zeros(2, 1, size, size);
  const seen: [string, string][] = [];
  for (const layer of net) {
    x = layer(x);
    seen.push([layer.constructor.name, x.shape.slice(1).join("x")]);
  }
  return seen;
}

const WITHOUT_EFFECT_ON_SHAPES = ["ReLU", "Sigmoid", "Dropout", "BatchNorm2d", "BatchNorm1d", "BatchNorm"];

/** Shapes of the layers that change them or hold weights. */
function shapes(net: nn.Sequential, size: number): string[] {
  return stages(net, size)
    .filter(([layer]) => !WITHOUT_EFFECT_ON_SHAPES.includes(layer))
    .map(([, shape]) => shape);
}

test("LeNet is the book's", () => {
  const net = models.lenet();
  assert.equal(parameters(net), 61_706);
  assert.equal(multiplyAdds(net, 28), 416_520);
  const expected = ["6x28x28", "6x14x14", "16x10x10", "16x5x5", "400", "120", "84", "10"];
  assert.deepEqual(shapes(net, 28), expected);
});

test("BN-LeNet is the book's, concise and from scratch", () => {
  const expected = ["6x24x24", "6x12x12", "16x8x8", "16x4x4", "256", "120", "84", "10"];
  for (const net of [models.bnLenet(), book.bnLenetScratch()]) {
    assert.equal(parameters(net), 44_878);
    assert.deepEqual(shapes(net, 28), expected);
  }
});

test("AlexNet is the book's", () => {
  const net = models.alexnet();
  assert.equal(parameters(net), 46_764_746);
  assert.equal(Math.round(multiplyAdds(net, 224) / 1e6), 938);
  const expected = [
    "96x54x54",
    "96x26x26",
    "256x26x26",
    "256x12x12",
    "384x12x12",
    "384x12x12",
    "256x12x12",
    "256x5x5",
  ];
  assert.deepEqual(shapes(net, 224), [...expected, "6400", "4096", "4096", "10"]);
});

test("VGG-11 is the book's, in full width and as the chapter trains it", () => {
  const net = models.vgg(11);
  assert.equal(parameters(net), 128_806_154);
  assert.equal((multiplyAdds(net, 224) / 1e9).toFixed(1), "7.5");
  const expected = [
    "64x112x112",
    "128x56x56",
    "256x28x28",
    "512x14x14",
    "512x7x7",
    "25088",
    "4096",
    "4096",
    "10",
  ];
  assert.deepEqual(shapes(net, 224), expected);
  const trained = models.vgg(11, { widthDivisor: 4 });
  assert.equal(parameters(trained), 43_093_322);
  assert.equal(Math.round(multiplyAdds(trained, 224) / 1e6), 512);
  const english = models.vgg([
    [1, 16],
    [1, 32],
    [2, 64],
    [2, 128],
    [2, 128],
  ]);
  assert.equal(english.toString(), trained.toString());
});

test("the VGGs differ in convolutions per block, and by batch norm", () => {
  const convolutions = (net: nn.Module) => net.modules().filter((m) => m instanceof nn.Conv2d).length;
  for (const [depth, count] of [
    [11, 8],
    [13, 10],
    [16, 13],
    [19, 16],
  ] as const) {
    const net = models.vgg(depth, { widthDivisor: 8, batchNorm: true });
    assert.equal(convolutions(net), count);
    assert.equal(net.modules().filter((m) => m instanceof nn.BatchNorm2d).length, count);
  }
});

test("NiN is the book's", () => {
  const net = models.nin();
  assert.equal(parameters(net), 1_992_166);
  assert.equal(Math.round(multiplyAdds(net, 224) / 1e6), 762);
  const expected = [
    "96x54x54",
    "96x26x26",
    "256x26x26",
    "256x12x12",
    "384x12x12",
    "384x5x5",
    "10x5x5",
    "10x1x1",
    "10",
  ];
  assert.deepEqual(shapes(net, 224), expected);
});

test("GoogLeNet is the book's", () => {
  const net = models.googlenet();
  assert.equal(parameters(net), 5_977_530);
  assert.equal(Math.round(multiplyAdds(net, 96) / 1e6), 276);
  assert.deepEqual(shapes(net, 96), ["64x24x24", "192x12x12", "480x6x6", "832x3x3", "1024", "10"]);
  const blocks = net.modules().filter((m) => m instanceof models.Inception);
  assert.equal(blocks.length, 9);
  const keys = ["p1_1", "p2_1", "p2_2", "p3_1", "p3_2", "p4_2"].flatMap((p) => [`${p}.weight`, `${p}.bias`]);
  assert.deepEqual(Object.keys(blocks[0].stateDict()), keys);
});

test("the blocks keep to the shapes the book prints", () => {
  assert.deepEqual(models.vggBlock(2, 3, 8)(zeros(1, 3, 8, 8)).shape, [1, 8, 4, 4]);
  assert.deepEqual(models.ninBlock(1, 96, 11, 4, 0)(zeros(1, 1, 224, 224)).shape, [1, 96, 54, 54]);
  assert.deepEqual(
    models.Inception(192, 64, [96, 128], [16, 32], 32)(zeros(1, 192, 12, 12)).shape,
    [1, 256, 12, 12],
  );
});

test("what the chapter switches is an option", () => {
  const switched = models.lenet({ activation: "relu", dropout: 0.5, batchNorm: true });
  const layers = switched.children().map((m) => m.constructor.name);
  assert.deepEqual(layers.slice(0, 4), ["Conv2d", "BatchNorm2d", "ReLU", "AvgPool2d"]);
  assert.equal(layers.filter((name) => name === "Dropout").length, 2);
  assert.ok(!layers.includes("Sigmoid"));
  assert.equal(
    models
      .alexnet({ batchNorm: true })
      .modules()
      .filter((m) => m instanceof nn.BatchNorm2d).length,
    5,
  );
});

test("what does not exist is refused by name", () => {
  assert.throws(
    () => models.lenet({ activation: "rellu" as "relu" }),
    /unknown activation "rellu".*did you mean.*relu/,
  );
  assert.throws(() => models.vgg(12 as 11), /expected `architecture` to be one of 11, 13, 16, 19/);
  assert.throws(() => models.vgg(11, { widthDivisor: 3 }), /`widthDivisor` 3 does not divide 64 channels/);
  assert.throws(() => models.vgg([[1]] as never), /expected every block to be \[convolutions, channels\]/);
});

test("an input too small for the pools names the layer", () => {
  assert.throws(() => models.alexnet()(zeros(1, 1, 32, 32)), /net\.\d+/);
});
