import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError, ShapeError } from "../../src/base/errors.ts";
import { draw } from "../../src/draw/index.ts";
import { models, nn, type Tensor } from "../../src/index.ts";
import { parsedDrawing } from "./parsed_drawing.ts";

const anyDraw = draw as (net: unknown, options?: unknown) => unknown;
const lenet = () => models.lenet();

const REFUSED: readonly [what: string, call: () => unknown, message: RegExp][] = [
  [
    "no network",
    () => anyDraw("lenet"),
    /draw: expected a network \(a Module\) or a list of networks, got "lenet"/,
  ],
  ["an empty list", () => anyDraw([]), /expected a network .* got \[\]/],
  [
    "no shape",
    () => draw(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())),
    /the input shape of the network \(Sequential\) is not known: pass it .*draw\(net, \{ input/,
  ],
  [
    "a shape that is none",
    () => anyDraw(lenet(), { input: [1, 28, -28] }),
    /expected `input` to be the shape of one input .* got \[1, 28, -28\]/,
  ],
  [
    "a shape that fits no memory",
    () => anyDraw(lenet(), { input: [1e6, 1e6, 1e6] }),
    /expected `input` to be the shape/,
  ],
  [
    "an unknown style",
    () => anyDraw(lenet(), { style: "grph" }),
    /unknown `style` "grph"; did you mean `graph`\? \(expected book, graph, volume\)/,
  ],
  ["an unknown language", () => anyDraw(lenet(), { lang: "de" }), /unknown `lang` "de" \(expected en, zh\)/],
  [
    "an unknown theme",
    () => anyDraw(lenet(), { theme: "blue" }),
    /unknown `theme` "blue" \(expected light, dark\)/,
  ],
  [
    "an unknown option",
    () => anyDraw(lenet(), { styel: "book" }),
    /unknown option "styel"; did you mean `style`\?/,
  ],
  ["options that are none", () => anyDraw(lenet(), "book"), /expected an object of options, got "book"/],
  [
    "a depth that is text",
    () => anyDraw(lenet(), { depth: "all" }),
    /expected `depth` to be an integer of at least 0, got "all"/,
  ],
  [
    "titles for others",
    () => anyDraw([lenet(), lenet()], { title: "two", input: [1, 28, 28] }),
    /expected `title` to be 2 texts, one for each network/,
  ],
  [
    "inputs for others",
    () => anyDraw([lenet(), lenet()], { input: [[1, 28, 28]] }),
    /what each of the 2 networks takes/,
  ],
];

for (const [what, call, message] of REFUSED)
  test(`${what} is refused`, () => {
    assert.throws(call, (error: Error) => {
      assert.ok(error instanceof ArgumentError, `${error.name}: ${error.message}`);
      assert.match(error.message, message);
      return true;
    });
  });

test("a shape that the network does not take is refused with the layer that says so", () => {
  assert.throws(
    () => draw(models.lenet(), { input: [3, 28, 28] }),
    (error: Error) => {
      assert.ok(error instanceof ShapeError);
      assert.match(
        error.message,
        /draw: the network \(Sequential\) cannot be called with an input of \[1, 3, 28, 28\]: conv2d \(net\.0\)/,
      );
      return true;
    },
  );
});

test("forward passes that give no tensors, or fail, are refused and leave the network as it was", () => {
  class Late extends nn.Module {
    linear = nn.Linear(2, 2);
    override async forward(x: Tensor): Promise<Tensor> {
      return this.linear(x);
    }
  }
  class Broken extends nn.Module {
    linear = nn.Linear(2, 2);
    override forward(x: Tensor): Tensor {
      throw new RangeError(`nothing for ${this.linear(x).shape}`);
    }
  }
  class Constant extends nn.Module {
    weight = nn.Parameter(nn.Linear(2, 2).weight.detach());
    override forward(_x: Tensor): Tensor {
      return this.weight.mul(2);
    }
  }
  assert.throws(
    () => draw(new Late(), { input: [2] }),
    /forward pass of the network \(Late\) to give tensors, got a promise/,
  );
  assert.throws(() => draw(new Constant(), { input: [2] }), /does not depend on its input/);
  const broken = new Broken();
  assert.throws(
    () => draw(broken, { input: [2] }),
    (error: Error) => {
      assert.ok(error instanceof ArgumentError);
      assert.match(error.message, /cannot be called with an input of \[1, 2\]: nothing for 1,2/);
      assert.ok(error.cause instanceof RangeError);
      return true;
    },
  );
  assert.equal(broken.training, true);
  assert.ok(broken.linear.hooks.beforeForward.isEmpty);
});

/** Names that must not become markup, or change what is around them. */
const NAMES = [
  "<script>alert(1)</script>",
  `"/><image href='x' onerror='y'>&amp;`,
  "]]><![CDATA[",
  "a\u0000b\u0007c\u001b[31md\ud800e\uffff",
  "\u202egnp.exe\u2066\u200f",
  "שלום עולם مرحبا",
  "网络名称".repeat(60),
  "line\nbreak\ttab",
];

test("names of classes, layers and titles never become markup, and keep their direction to themselves", () => {
  for (const name of NAMES) {
    const Block = class extends nn.Module {
      first = nn.Linear(4, 4);
      second = nn.Linear(4, 4);
      override forward(x: Tensor): Tensor {
        return this.first(x).add(this.second(x).exp());
      }
    };
    Object.defineProperty(Block, "name", { value: name });
    const net = nn.Sequential({
      [name.replaceAll(".", "") || "x"]: new Block(),
      inner: nn.Sequential(new Block(), nn.ReLU()),
    });
    for (const style of ["book", "graph", "volume"] as const) {
      const drawing = draw(net, { input: [4], style, title: name });
      const svg = drawing.toSvg();
      const { elements } = parsedDrawing(svg);
      const known = ["svg", "title", "desc", "style", "rect", "path", "circle", "text", "g"];
      for (const element of elements.keys()) assert.ok(known.includes(element), `${name}: <${element}>`);
      assert.doesNotMatch(
        svg,
        /[\u0000-\u0008\u000b-\u001f\ufffe\uffff\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
      );
    }
  }
});

test("5,000 layers are drawn collapsed, whatever they are", () => {
  const deep = (layer: (i: number) => nn.Module) =>
    nn.Sequential(...Array.from({ length: 5000 }, (_, i) => layer(i)));
  class Wide extends nn.Module {
    layers = nn.ModuleList(Array.from({ length: 5000 }, () => nn.Linear(4, 1)));
    override forward(x: Tensor): Tensor {
      let sum = x;
      for (const layer of this.layers) sum = sum.add(layer(x));
      return sum;
    }
  }
  const sizes = (i: number) => 1 + ((i * 7919) % 97);
  const all = ["book", "graph", "volume"] as const;
  const nets: readonly [string, nn.Module, number, RegExp, readonly (typeof all)[number][]][] = [
    ["alternating", deep((i) => (i % 2 === 0 ? nn.Linear(4, 4) : nn.Sigmoid())), 4, /×(5,000|2,500)/, all],
    ["different", deep((i) => nn.Linear(sizes(i), sizes(i + 1))), 1, /4,9\d\d more layers/, ["graph"]],
    ["branching", new Wide(), 4, /10,00\d layers with branches/, ["book"]],
  ];
  for (const [what, net, size, said, styles] of nets)
    for (const style of styles) {
      const svg = draw(net, { input: [size], style }).toSvg();
      assert.ok(svg.length < 20_000, `${what}, ${style}: ${svg.length} characters`);
      assert.match(svg, said, `${what}, ${style}`);
    }
});

test("GoogLeNet's drawings stay below 50 kB, torchvision's too", () => {
  const nets = [
    [models.googlenet(), [1, 96, 96]],
    [models.torchvision.googlenet(), [3, 224, 224]],
  ] as const;
  for (const [net, input] of nets)
    for (const style of ["book", "graph", "volume"] as const)
      for (const lang of ["en", "zh"] as const) {
        const { length } = new TextEncoder().encode(draw(net, { input, style, lang }).toSvg());
        assert.ok(length < 50_000, `${style}, ${lang}: ${length} bytes`);
      }
});
