import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "../../src/draw/index.ts";
import { cat, getRngState, models, nn, relu, type Tensor, zeros } from "../../src/index.ts";
import { parsedDrawing } from "./parsed_drawing.ts";

const GREY = [1, 28, 28] as const;

function textsOf(net: nn.Module, options: Parameters<typeof draw>[1]): readonly string[] {
  return parsedDrawing(draw(net, options).toSvg()).texts;
}

test("LeNet as in the chapter's figure: layers with kernel, channels, stride and padding, from the input on", () => {
  assert.deepEqual(textsOf(models.lenet(), { input: GREY, title: "LeNet" }), [
    "LeNet",
    ...["Image", "1×28×28"],
    ...["5×5 Conv (6), pad 2", "6×28×28 · Sigmoid"],
    ...["2×2 AvgPool, stride 2", "6×14×14"],
    ...["5×5 Conv (16)", "16×10×10 · Sigmoid"],
    ...["2×2 AvgPool, stride 2", "16×5×5"],
    ...["FC (120)", "120 · Sigmoid"],
    ...["FC (84)", "84 · Sigmoid"],
    ...["FC (10)", "10"],
  ]);
});

test("the same in Chinese, with the words of the Chinese edition", () => {
  assert.deepEqual(textsOf(models.lenet(), { input: GREY, title: "LeNet", lang: "zh" }), [
    "LeNet",
    ...["图像", "1×28×28"],
    ...["5×5卷积层（6），填充2", "6×28×28 · Sigmoid"],
    ...["2×2平均汇聚层，步幅2", "6×14×14"],
    ...["5×5卷积层（16）", "16×10×10 · Sigmoid"],
    ...["2×2平均汇聚层，步幅2", "16×5×5"],
    ...["全连接层（120）", "120 · Sigmoid"],
    ...["全连接层（84）", "84 · Sigmoid"],
    ...["全连接层（10）", "10"],
  ]);
});

test("repeated layers are drawn once with a count", () => {
  const texts = textsOf(models.alexnet(), { input: [1, 224, 224] });
  assert.deepEqual(
    texts.filter((text) => text.startsWith("×")),
    ["×2", "×2"],
  );
  assert.equal(texts.filter((text) => text === "3×3 Conv (384), pad 1").length, 1);
  assert.equal(texts[texts.indexOf("3×3 Conv (384), pad 1") + 2], "×2");
});

test("GoogLeNet is the chapter's figure: three drawn Inception blocks that stand for nine", () => {
  const { texts } = parsedDrawing(draw(models.googlenet(), { input: [1, 96, 96] }).toSvg());
  assert.equal(texts.filter((text) => text === "Inception").length, 3);
  assert.deepEqual(
    texts.filter((text) => /channels$|^×/.test(text)),
    ["256, 480 channels", "×2", "512, 512, 512, 528, 832 channels", "×5", "832, 1024 channels", "×2"],
  );
  assert.equal(texts.filter((text) => text === "Concatenation").length, 3);
});

test("a graph names each operation with the shape of its output", () => {
  const { texts } = parsedDrawing(draw(models.googlenet(), { input: [1, 96, 96], style: "graph" }).toSvg());
  assert.equal(texts.filter((text) => text === "Inception").length, 9);
  // 3 convolutions in the stem, and 6 in each block; one activation behind each.
  assert.equal(texts.filter((text) => / Conv \(/.test(text)).length, 3 + 9 * 6);
  assert.equal(texts.filter((text) => text === "ReLU").length, 3 + 9 * 6);
  const at = texts.indexOf("Concatenation");
  assert.equal(texts[at + 1], "256×12×12");
});

test("the four paths of an Inception block lie beside each other in their order, and meet above", () => {
  const { texts, rects } = parsedDrawing(
    draw(models.Inception(192, 64, [96, 128], [16, 32], 32), { input: [192, 12, 12] }).toSvg(),
  );
  const boxes = rects.filter((rect) => /^k/.test(rect.class ?? ""));
  const names = ["1×1 Conv (64)", "3×3 Conv (128), pad 1", "5×5 Conv (32), pad 2", "1×1 Conv (32)"];
  const titles = texts.slice(1).filter((text) => !/^\d+(×\d+)*( ·|$)/.test(text));
  const placed = names.map((name) => boxes[titles.indexOf(name)]);
  const lefts = placed.map((box) => Number(box.x));
  assert.deepEqual(
    lefts,
    [...lefts].sort((a, b) => a - b),
  );
  const join = boxes[titles.indexOf("Concatenation")];
  for (const box of placed) assert.ok(Number(join.y) + Number(join.height) < Number(box.y));
});

class Residual extends nn.Module {
  conv = nn.Conv2d(8, 8, 3, { padding: 1 });
  norm = nn.BatchNorm2d(8);

  override forward(x: Tensor): Tensor {
    return relu(this.norm(this.conv(x)).add(x));
  }
}

test("a network of one's own with residual blocks and functional calls draws with its branches", () => {
  const net = nn.Sequential(nn.Conv2d(1, 8, 3, { padding: 1 }), new Residual(), new Residual(), nn.Flatten());
  const book = parsedDrawing(draw(net, { input: GREY }).toSvg());
  assert.deepEqual(
    book.texts.filter((text) => /Residual|^×|^\+$|Conv/.test(text)),
    ["3×3 Conv (8), pad 1", "Residual", "×2", "3×3 Conv (8), pad 1", "+"],
  );
  const graph = parsedDrawing(draw(net, { input: GREY, style: "graph" }).toSvg());
  assert.deepEqual(
    graph.texts.filter((text) => /Residual|BatchNorm|ReLU|^\+$|Conv|Flatten/.test(text)),
    [
      "3×3 Conv (8), pad 1",
      ...["Residual", "3×3 Conv (8), pad 1", "BatchNorm", "+", "ReLU"],
      ...["Residual", "3×3 Conv (8), pad 1", "BatchNorm", "+", "ReLU"],
      "Flatten",
    ],
  );
});

class Pyramid extends nn.Module {
  down = nn.Conv2d(1, 4, 3, { padding: 1 });
  up = nn.ConvTranspose2d(4, 4, 2, { stride: 2 });

  override forward(x: Tensor): Tensor {
    const high = relu(this.down(x));
    const low = nn.functional.maxPool2d(high, 2);
    return cat([high, this.up(low)], 1).mean([2, 3]);
  }
}

test("layers and functions of a forward pass are drawn alike", () => {
  const texts = textsOf(new Pyramid(), { input: GREY });
  for (const name of [
    "2×2 MaxPool, stride 2",
    "2×2 transposed Conv (4), stride 2",
    "Concatenation",
    "Global AvgPool",
  ])
    assert.ok(texts.includes(name), `${name} is not among ${texts.join(" | ")}`);
});

test("functions that record several ops are one box, unless something else reads what lies between", () => {
  const { functional } = nn;
  class Functions extends nn.Module {
    linear = nn.Linear(4, 4);

    override forward(x: Tensor): Tensor {
      const { gelu, hardsigmoid, hardswish, mish, selu, silu } = functional;
      const y = [hardswish, hardsigmoid, mish, silu, selu].reduce((z, call) => call(z), this.linear(x));
      return gelu(gelu(y), { approximate: "tanh" }).mean(1);
    }
  }
  assert.deepEqual(
    textsOf(new Functions(), { input: [4], style: "graph" }).filter((text) => !/^[\d×]+$/.test(text)),
    [
      "Functions",
      "Input",
      "FC (4)",
      "Hardswish",
      "Hardsigmoid",
      "Mish",
      "SiLU",
      "SELU",
      "GELU",
      "GELU",
      "Mean",
    ],
  );
  class Gate extends nn.Module {
    override forward(x: Tensor): Tensor {
      const gate = x.sigmoid();
      return x.mul(gate).add(gate);
    }
  }
  assert.deepEqual(
    textsOf(new Gate(), { input: [4], style: "graph" }).filter((text) => text !== "4"),
    ["Gate", "Input", "Sigmoid", "×", "+"],
  );
});

test("a network of several arguments has an input for each", () => {
  class Two extends nn.Module {
    first = nn.Linear(4, 8);
    second = nn.Linear(6, 8);

    override forward(x: Tensor, y: Tensor): Tensor {
      return this.first(x).add(this.second(y));
    }
  }
  const texts = textsOf(new Two(), { input: [[4], [6]] });
  assert.deepEqual(
    texts.filter((text) => text === "Input" || text === "4" || text === "6"),
    ["Input", "4", "Input", "6"],
  );
});

test("feature maps are drawn in proportion", () => {
  const svg = draw(models.lenet(), { input: GREY, style: "volume" }).toSvg();
  const fronts = parsedDrawing(svg).rects.filter(({ class: kind }) => kind !== "bg");
  const heights = fronts.map(({ height }) => Number(height));
  // Sides of 28, 28, 14, 10 and 5 pixels; 120, 84 and 10 features.
  assert.deepEqual(
    heights.slice(0, 5).map((height) => height / heights[0]),
    [1, 1, 0.5, 10 / 28, 5 / 28].map((share) => Math.round(share * 180 * 100) / 100 / 180),
  );
  assert.deepEqual(
    heights.slice(5).map((height) => height / heights[5]),
    [1, 84 / 120, 10 / 120],
  );
});

test("two networks stand side by side, each under its title", () => {
  const drawing = draw([models.lenet(), models.alexnet()], {
    input: [GREY, [1, 224, 224]],
    title: ["LeNet", "AlexNet"],
  });
  const { texts, title } = parsedDrawing(drawing.toSvg());
  assert.equal(title, "LeNet and AlexNet layer by layer");
  assert.equal(drawing.title, title);
  assert.ok(texts.indexOf("LeNet") < texts.indexOf("AlexNet"));
  assert.match(drawing.description, /^LeNet: Image, 1×28×28; .*\nAlexNet: Image, 1×224×224; /s);
});

test("a drawing shows itself in notebooks, and as text", () => {
  const drawing = draw(models.lenet(), { input: GREY });
  const bundle = drawing[Symbol.for("Jupyter.display") as never] as () => Record<string, string>;
  assert.deepEqual(bundle.call(drawing), {
    "image/svg+xml": drawing.toSvg(),
    "text/plain": drawing.description,
  });
  assert.equal(`${drawing}`, drawing.toSvg());
});

test("drawing leaves a network and the random numbers as they are, and makes no weights", () => {
  const net = nn.Sequential(nn.Linear(64, 64), nn.Dropout(0.5), nn.BatchNorm1d(64));
  const made = Object.getOwnPropertyDescriptor(net.at(0).ownTensors().parameters[0][1].value, "data");
  assert.equal(typeof made?.get, "function");
  const before = JSON.stringify(getRngState());
  draw(net, { input: [64] });
  const after = Object.getOwnPropertyDescriptor(net.at(0).ownTensors().parameters[0][1].value, "data");
  assert.equal(typeof after?.get, "function");
  assert.equal(JSON.stringify(getRngState()), before);
  assert.equal(net.training, true);
  assert.equal(net.at(1).training, true);
  assert.ok(net.at(0).hooks.afterForward.isEmpty);
});

test("equal networks give equal drawings; every style, language and theme gives its own", () => {
  const drawn = new Set<string>();
  for (const style of ["book", "graph", "volume"] as const)
    for (const lang of ["en", "zh"] as const)
      for (const theme of ["light", "dark", undefined] as const) {
        const options = { input: GREY, style, lang, ...(theme && { theme }) };
        const svg = draw(models.lenet(), options).toSvg();
        assert.equal(draw(models.lenet(), options).toSvg(), svg);
        drawn.add(svg);
      }
  assert.equal(drawn.size, 18);
});

test("a tensor says what a network takes, with its batch and dtype", () => {
  const net = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 2));
  const texts = textsOf(net, { input: zeros([1, 3], { dtype: "int64" }) });
  assert.ok(texts.includes("Embedding (4)"), texts.join(" | "));
});
