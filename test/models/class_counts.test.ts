/** Weights for another number of classes: every network says which layers do not fit, and takes all the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { models, nn, StateDictError } from "../../src/index.ts";

const { torchvision } = models;

/** Makers by number of classes, and the layers of classes. */
const NETWORKS: Record<string, [make: (numClasses: number) => nn.Module, layers: string]> = {
  lenet: [(n) => models.lenet(n), "11"],
  "bn-lenet": [(n) => models.bnLenet(n), "15"],
  vgg: [(n) => models.vgg(11, { numClasses: n, widthDivisor: 16 }), "12"],
  // The 1x1 convolutions behind the last 3x3 one have as many channels as there are classes, in and out.
  nin: [(n) => models.nin(n), "7.0, 7.2, 7.4"],
  googlenet: [(n) => models.googlenet(n), "5"],
  "torchvision's googlenet": [(n) => torchvision.googlenet(n), "aux1.fc2, aux2.fc2, fc"],
  squeezenet1_1: [(n) => torchvision.squeezenet1_1(n), "classifier.1"],
  resnet18: [(n) => torchvision.resnet18(n), "fc"],
  mobilenet_v2: [(n) => torchvision.mobilenetV2(n), "classifier.1"],
  mobilenet_v3_small: [(n) => torchvision.mobilenetV3Small(n), "classifier.3"],
  efficientnet_b0: [(n) => torchvision.efficientnetB0(n), "classifier.1"],
  densenet121: [(n) => torchvision.densenet121(n), "classifier"],
  efficientnet_lite0: [(n) => models.efficientnetLite0(n), "_fc"],
  "a bare layer": [(n) => nn.Linear(4, n, { bias: false }), "the only layer"],
};

for (const [name, [make, layers]] of Object.entries(NETWORKS)) {
  test(`${name}: the error names the layers of classes, and strict: false loads everything else`, async () => {
    const stateDict = make(7).stateDict();
    const net = make(5);
    const keys = Object.keys(stateDict);
    assert.throws(
      () => net.loadStateDict(stateDict),
      (error: Error) => {
        assert.ok(error instanceof StateDictError);
        const text =
          `the weights are for 7 classes, the model has 5 (${layers}): make it with { numClasses: 7 }, or pass ` +
          "{ strict: false } to load everything else";
        assert.ok(error.message.endsWith(text), error.message);
        return true;
      },
    );
    const { missingKeys, unexpectedKeys } = net.loadStateDict(stateDict, { strict: false });
    const of = layers === "the only layer" ? [""] : layers.split(", ").map((layer) => `${layer}.`);
    const expected = keys.filter((key) => of.some((layer) => key.startsWith(layer)));
    assert.deepEqual([missingKeys, unexpectedKeys], [expected, []]);
    const loaded = keys.find((key) => !expected.includes(key));
    if (loaded !== undefined)
      assert.deepEqual(await net.stateDict()[loaded].tolist(), await stateDict[loaded].tolist());
  });
}

test("what differs otherwise is not taken for another number of classes", () => {
  const wide = (width: number, out = 10) =>
    nn.Sequential(nn.Linear(4, width), nn.Linear(width, width), nn.Linear(width, out));
  for (const [from, to] of [
    [wide(6), wide(8)],
    [wide(6, 6), wide(8, 8)],
    [nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 5)],
    [nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3)],
    [nn.BatchNorm2d(3), nn.BatchNorm2d(4)],
  ]) {
    for (const strict of [true, false])
      assert.throws(
        () => to.loadStateDict(from.stateDict(), { strict }),
        (error: Error) => error instanceof StateDictError && !error.message.includes("classes"),
      );
  }
});
