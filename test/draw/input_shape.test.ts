/** What a network is drawn with if nothing is given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "../../src/draw/index.ts";
import { getRngState, models, nn, type Tensor } from "../../src/index.ts";
import { parsedDrawing } from "./parsed_drawing.ts";

/** The text of the box of the input. */
const inputOf = (net: nn.Module) => parsedDrawing(draw(net, { title: "net" }).toSvg()).texts[2];

test("registered networks are drawn with the images that they were made for", () => {
  for (const [net, shape] of [
    [models.lenet(), "1×28×28"],
    [models.bnLenet(), "1×28×28"],
    [models.alexnet(), "1×224×224"],
    [models.vgg(11), "1×224×224"],
    [models.nin(), "1×224×224"],
    [models.googlenet(), "1×96×96"],
    [models.create("googlenet"), "1×96×96"],
    [models.torchvision.resnet18(), "3×224×224"],
    [models.efficientnetLite0(), "3×224×224"],
  ] as const)
    assert.equal(inputOf(net as nn.Module), shape);
});

test("of other networks the dense layers say how large an image is, or the first one what it takes", () => {
  const convolutional = (sides: number) =>
    nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * sides * sides, 10));
  assert.equal(inputOf(convolutional(30)), "3×32×32");
  assert.equal(inputOf(convolutional(39)), "3×41×41");
  assert.equal(inputOf(nn.Sequential(nn.Linear(7, 3), nn.ReLU())), "7");
  class Own extends nn.Module {
    conv = nn.Conv2d(1, 4, 5, { stride: 2 });
    fc = nn.Linear(4 * 12 * 12, 2);
    override forward(x: Tensor): Tensor {
      return this.fc(this.conv(x).relu().flatten(1));
    }
  }
  assert.equal(inputOf(new Own()), "1×28×28");
});

test("trying sizes leaves the network and the random numbers as they are", () => {
  const net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Dropout(), nn.Flatten(), nn.Linear(8 * 14 * 14, 10));
  const before = JSON.stringify(getRngState());
  draw(net);
  assert.equal(JSON.stringify(getRngState()), before);
  assert.equal(net.training, true);
  assert.ok(net.at(0).hooks.afterForward.isEmpty);
});

test("a network that takes images of any size, or says nothing of them, is refused", () => {
  class Free extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x.relu();
    }
  }
  for (const net of [
    nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)),
    nn.Sequential(nn.LazyConv2d(8, 3), nn.Flatten(), nn.LazyLinear(2)),
    nn.Sequential(nn.Embedding(10, 4), nn.Flatten()),
    new Free(),
  ])
    assert.throws(() => draw(net), {
      name: "ArgumentError",
      message: /input shape of the network \(\w+\) is not known: pass it without the batch/,
    });
});
