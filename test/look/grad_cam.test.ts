/** Grad-CAM against captum's, and what it leaves alone. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ArgumentError,
  models,
  nn,
  noGrad,
  rand,
  ShapeError,
  stopEngine,
  useEngine,
} from "../../src/index.ts";
import { gradCam } from "../../src/look/index.ts";
import { every, recorded } from "./attributions.ts";
import { difference, fillPatterned, patterned } from "./patterned_network.ts";
import { smallNetwork } from "./small_network.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

test("the maps of each layer are captum's", async () => {
  const net = smallNetwork();
  const image = patterned([1, 3, 16, 16], 1000);
  const { gradCam: maps, target } = recorded.small;
  for (const layer of ["0", "4", "6"]) {
    const found = await gradCam(net, image, { layer, classIndex: target });
    assert.equal(found.layer, layer);
    assert.ok(difference(found.coarse.values, maps[layer].coarse) < 1e-4, layer);
    assert.ok(difference(found.values, maps[layer].map) < 1e-4, layer);
  }
});

test("of a layer that is called twice the last call counts", async () => {
  const { gradCam: maps, target } = recorded.small;
  const found = await gradCam(smallNetwork(), patterned([1, 3, 16, 16], 1000), {
    layer: "2",
    classIndex: target,
  });
  assert.ok(difference(found.coarse.values, maps["5"].coarse) < 1e-4);
});

test("ResNet-18's maps are captum's", async () => {
  const net = fillPatterned(models.torchvision.resnet18({ numClasses: 10 }));
  const image = patterned([1, 3, 64, 64], 1001);
  const { gradCam: maps, target } = recorded.resnet18;
  for (const [layer, { coarse, map }] of Object.entries(maps)) {
    const found = await gradCam(net, image, { layer, classIndex: target });
    const thinned = every(found.coarse.values.length > 200 ? 4 : 1, found.coarse.values);
    assert.ok(difference(thinned, coarse) < 1e-4, layer);
    assert.ok(difference(every(16, found.values), map) < 1e-4, layer);
  }
});

test("the likeliest class and the last feature maps by default", async () => {
  const { scores } = recorded.small;
  const found = await gradCam(smallNetwork(), patterned([1, 3, 16, 16], 1000));
  assert.equal(found.classIndex, scores.indexOf(Math.max(...scores)));
  assert.equal(found.layer, "2");
  assert.deepEqual([found.coarse.width, found.width], [6, 16]);
});

test("the last feature maps of networks as people know them", async () => {
  const { torchvision } = models;
  const layers: [string, nn.Module, number, number][] = [
    ["layer4", torchvision.resnet18({ numClasses: 2 }), 3, 64],
    ["features.11", torchvision.alexnet({ numClasses: 2 }), 3, 96],
    ["features", torchvision.mobilenetV2({ numClasses: 2 }), 3, 64],
    ["inception5b", torchvision.googlenet({ numClasses: 2, auxLogits: false }), 3, 64],
  ];
  for (const [layer, net, channels, side] of layers)
    assert.equal((await gradCam(net, rand(1, channels, side, side))).layer, layer);
});

test("frozen networks, modes, gradients and scopes stay as they are", async () => {
  const net = smallNetwork().requiresGrad_(false);
  net.train();
  net.at(1).eval();
  const before = await net.at(1).getBuffer("running_mean").tolist();
  const image = patterned([1, 3, 16, 16], 1000);
  const { gradCam: maps, target } = recorded.small;
  const found = await noGrad(() => [gradCam(net, image, { layer: "4", classIndex: target })])[0];
  assert.ok(difference(found.values, maps["4"].map) < 1e-4);
  assert.deepEqual([net.training, net.at(1).training, net.at(0).training], [true, false, true]);
  assert.deepEqual(await net.at(1).getBuffer("running_mean").tolist(), before);
  assert.ok(net.parameters().every((parameter) => parameter.grad === null));
  assert.equal(image.requiresGrad, false);
});

test("one image of three dimensions is a batch", async () => {
  const image = patterned([3, 16, 16], 1000);
  const found = await gradCam(smallNetwork(), image, { layer: "4", classIndex: recorded.small.target });
  assert.ok(difference(found.values, recorded.small.gradCam["4"].map) < 1e-4);
});

test("a class whose score does not depend on the layer has an empty map", async () => {
  class Apart extends nn.Module {
    conv = nn.Conv2d(1, 2, 3);
    fc = nn.Linear(16, 2);
    override forward(x: ReturnType<typeof rand>) {
      this.conv(x);
      return this.fc(x.flatten(1));
    }
  }
  const found = await gradCam(new Apart(), rand(1, 1, 4, 4));
  assert.deepEqual([...found.coarse.values], [0, 0, 0, 0]);
});

test("what cannot be explained is said", async () => {
  const net = smallNetwork();
  const image = rand(1, 3, 16, 16);
  await assert.rejects(gradCam(net, image, { layer: "features" }), {
    name: "ArgumentError",
    message: 'gradCam: there is no layer "features" (of this kind there are: 0, 1, 2, 3, 4, 6)',
  });
  await assert.rejects(gradCam(net, image, { layer: "8" }), {
    name: "ArgumentError",
    message:
      "gradCam: `8` is a Linear, whose output has shape [1, 5]: expected a layer with feature maps, [1, K, rows, columns] " +
      "(of this kind there are: 0, 1, 2, 3, 4, 6)",
  });
  await assert.rejects(gradCam(net, image, { classIndex: 5 }), ArgumentError);
  await assert.rejects(gradCam(net, rand(2, 3, 16, 16)), ShapeError);
  await assert.rejects(gradCam(net, rand(1, 1, 16, 16)), {
    name: "ShapeError",
    message: /^gradCam: the network does not take an input of shape \[1, 1, 16, 16\]: conv2d/,
  });
  await assert.rejects(gradCam(net, rand(1, 3, 20, 16)), ShapeError);
  await assert.rejects(gradCam(nn.Sequential(nn.Flatten(), nn.Linear(16, 2)), rand(1, 1, 4, 4)), {
    message: /no layer with feature maps/,
  });
  await assert.rejects(gradCam(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), rand(1, 1, 8, 8)), {
    message: /a score for each class, \[N, classes\], got shape \[1, 2, 6, 6\]/,
  });
});
