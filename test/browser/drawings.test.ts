/** Drawings as a browser shows them: no text lies over another or is cut, and every text can be read. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { draw } from "../../src/draw/index.ts";
import { cat, models, nn, type Tensor } from "../../src/index.ts";
import { launch, noBrowser, serve } from "./chromium.ts";
import { faultsOf } from "./svg_faults.ts";

let browser: Browser;
before(async () => {
  if (!noBrowser) browser = await launch();
});
after(() => browser?.close());

/** Long names in several scripts, branches, links around blocks. */
class 网络分支WithAVeryLongNameThatDoesNotEndBeforeTheBoxDoes extends nn.Module {
  wide = nn.Conv2d(4, 4, 3, { padding: 1, groups: 2, dilation: 1 });
  tall = nn.Conv2d(4, 4, [7, 1], { padding: [3, 0] });

  override forward(x: Tensor): Tensor {
    return cat([x, this.wide(x).relu().add(x), this.tall(x).mul(x).erf()], 1);
  }
}

const NETS: readonly [name: string, net: () => nn.Module, input: readonly number[]][] = [
  ["LeNet", () => models.lenet(), [1, 28, 28]],
  ["GoogLeNet", () => models.googlenet(), [1, 96, 96]],
  ["ResNet-18 мережа שלום 网络", () => models.torchvision.resnet18(), [3, 224, 224]],
  [
    "Own",
    () =>
      nn.Sequential({
        "имя слоя": new 网络分支WithAVeryLongNameThatDoesNotEndBeforeTheBoxDoes(),
        الطبقة: nn.Sequential(nn.Conv2d(12, 4, 1), nn.Sigmoid(), nn.MaxPool2d(2)),
      }),
    [4, 16, 16],
  ],
];

const DARK = "rgb(20, 24, 29)";
const LIGHT = "rgb(255, 255, 255)";
const COMBINATIONS = [
  ["en", "light"],
  ["zh", "dark"],
  ["en", "dark"],
  ["zh", "light"],
] as const;

for (const style of ["book", "graph", "volume"] as const)
  for (const width of [400, 1280])
    test(`${style} on ${width} pixels: texts neither overlap nor are cut, and stand out, in both themes and languages`, {
      skip: noBrowser,
    }, async () => {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      try {
        for (const [title, net, input] of NETS)
          for (const [lang, theme] of width === 400 ? COMBINATIONS.slice(0, 2) : COMBINATIONS) {
            const drawing = draw(net(), { input, title, style, lang, theme });
            const { faults, texts, background } = await faultsOf(page, drawing.toSvg());
            assert.deepEqual(faults, [], `${title}, ${style}, ${lang}, ${theme}`);
            assert.ok(texts > 8);
            assert.equal(background, theme === "dark" ? DARK : LIGHT);
          }
      } finally {
        await page.close();
      }
    });

test("the check sees texts that are cut, overlap or are hard to read", { skip: noBrowser }, async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const svg = draw(models.lenet(), { input: [1, 28, 28], theme: "light" }).toSvg();
  for (const [from, to, fault] of [
    [
      ">FC (84)<",
      ">a text that is longer than its box, which is as wide as the others<",
      /^(cut by its box|beyond)/,
    ],
    [".d{fill:#4f5861}", ".d{fill:#9aa4ae}", /^contrast [1-4]\.\d\d: /],
    [".d,", ".d{font-size:24px}.x,", /^(texts overlap|cut by its box|beyond)/],
  ] as const) {
    assert.ok(svg.includes(from), from);
    const { faults } = await faultsOf(page, svg.replace(from, to));
    assert.match(faults[0] ?? "none", fault);
  }
  await page.close();
});

test("without a theme a drawing follows the reader's system, and two themes stand on one page", {
  skip: noBrowser,
}, async () => {
  const options = { input: [1, 28, 28] };
  const automatic = draw(models.lenet(), options).toSvg();
  for (const [colorScheme, background] of [
    ["dark", DARK],
    ["light", LIGHT],
  ] as const) {
    const page = await browser.newPage({ colorScheme });
    const found = await faultsOf(page, automatic);
    assert.deepEqual(found.faults, []);
    assert.equal(found.background, background);
    const both = ["light", "dark"].map((theme) =>
      draw(models.lenet(), { ...options, theme: theme as "light" }).toSvg(),
    );
    await page.setContent(both.join(""));
    const fills = await page.evaluate(
      "[...document.querySelectorAll('.bg')].map((element) => getComputedStyle(element).fill)",
    );
    assert.deepEqual(fills, [LIGHT, DARK]);
    const ids = (await page.evaluate(
      "[...document.querySelectorAll('[id]')].map(({ id }) => id)",
    )) as string[];
    assert.equal(new Set(ids).size, ids.length);
    await page.close();
  }
});

test("a page draws a network as Node.js does", { skip: noBrowser }, async () => {
  const { origin, server } = await serve();
  const page = await browser.newPage();
  try {
    await page.goto(`${origin}/plain/page.html`);
    const drawn = await page.evaluate(`(async () => {
      const { models } = await import("convoyant");
      const { draw } = await import("convoyant/draw");
      const drawing = draw(models.googlenet(), { input: [1, 96, 96], title: "GoogLeNet" });
      document.body.innerHTML = drawing;
      return [drawing.toSvg(), document.querySelectorAll("svg text").length];
    })()`);
    const here = draw(models.googlenet(), { input: [1, 96, 96], title: "GoogLeNet" }).toSvg();
    assert.deepEqual(drawn, [here, here.split("<text").length - 1]);
  } finally {
    await page.close();
    server.close();
  }
});

test("at 400 pixels a drawing fits its page, and is named for screen readers", {
  skip: noBrowser,
}, async () => {
  const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
  const drawing = draw(models.googlenet(), { input: [1, 96, 96], title: "GoogLeNet" });
  const { scale } = await faultsOf(page, drawing.toSvg());
  assert.ok(scale < 1);
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 400);
  const image = page.getByRole("img", { name: "GoogLeNet layer by layer" });
  assert.equal(await image.count(), 1);
  await page.close();
});
