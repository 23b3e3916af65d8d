import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { models, type nn, zeros } from "../../src/index.ts";
import { eachState } from "../../src/nn/module/state_dict.ts";

const fixture = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/models/torchvision_keys.json", import.meta.url), "utf8"),
) as { keys: Record<string, string[]> };
const { torchvision } = models;

const makers: Record<string, () => nn.Module> = {
  alexnet: () => torchvision.alexnet(),
  vgg11: () => torchvision.vgg11(),
  vgg11_bn: () => torchvision.vgg11Bn(),
  vgg13: () => torchvision.vgg13(),
  vgg13_bn: () => torchvision.vgg13Bn(),
  vgg16: () => torchvision.vgg16(),
  vgg16_bn: () => torchvision.vgg16Bn(),
  vgg19: () => torchvision.vgg19(),
  vgg19_bn: () => torchvision.vgg19Bn(),
  googlenet: () => torchvision.googlenet(),
  googlenet_without_aux: () => torchvision.googlenet({ auxLogits: false }),
  resnet18: () => torchvision.resnet18(),
  resnet34: () => torchvision.resnet34(),
  resnet50: () => torchvision.resnet50(),
  squeezenet1_1: () => torchvision.squeezenet1_1(),
  mobilenet_v2: () => torchvision.mobilenetV2(),
  mobilenet_v3_small: () => torchvision.mobilenetV3Small(),
  efficientnet_b0: () => torchvision.efficientnetB0(),
  densenet121: () => torchvision.densenet121(),
  efficientnet_lite0: () => models.efficientnetLite0(),
};

test("every network of the fixture is here", () => {
  assert.deepEqual(Object.keys(makers), Object.keys(fixture.keys));
});

for (const [name, make] of Object.entries(makers)) {
  test(`${name} has torchvision's state dict`, () => {
    const keys: string[] = [];
    // What stateDict() goes through; it would draw all the weights.
    eachState(make(), "", (key, tensor) => keys.push(`${key} ${tensor.shape.join("x")}`.trim()));
    assert.deepEqual(keys, fixture.keys[name]);
  });
}

test("networks take [N, 3, 224, 224] and give 1000 logits, or as many as asked for", () => {
  for (const make of [torchvision.alexnet, torchvision.vgg11Bn]) {
    assert.deepEqual(make()(zeros(2, 3, 224, 224)).shape, [2, 1000]);
    assert.deepEqual(make({ numClasses: 7 })(zeros(2, 3, 224, 224)).shape, [2, 7]);
  }
});

test("GoogLeNet has its auxiliary heads in training only", () => {
  const net = torchvision.googlenet({ numClasses: 5 });
  const training = net(zeros(2, 3, 224, 224)) as models.torchvision.GoogLeNetOutputs;
  assert.deepEqual(training.logits.shape, [2, 5]);
  assert.deepEqual(training.auxLogits1.shape, [2, 5]);
  assert.deepEqual(training.auxLogits2.shape, [2, 5]);
  net.eval();
  assert.deepEqual((net(zeros(2, 3, 224, 224)) as { shape: readonly number[] }).shape, [2, 5]);
  const plain = torchvision.googlenet({ auxLogits: false, transformInput: true });
  assert.deepEqual((plain(zeros(1, 3, 224, 224)) as { shape: readonly number[] }).shape, [1, 1000]);
});
