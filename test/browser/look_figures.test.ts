/** Every kind of figure in a browser: texts lie apart, inside of the figure, and can be read. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { manualSeed, models, rand, randint, stopEngine, useEngine } from "../../src/index.ts";
import * as look from "../../src/look/index.ts";
import { launch, noBrowser } from "./chromium.ts";

let browser: Browser;
let draws: Record<string, (options: { width: number; lang: "en" | "zh" }) => look.DrawnFigure>;

before(async () => {
  if (noBrowser) return;
  browser = await launch();
  await useEngine("wasm", { threads: 1 });
  draws = await allFigures();
});
after(async () => {
  await browser?.close();
  await stopEngine();
});

/** Of LeNet as it is before training: what lies where is the same. */
async function allFigures(): Promise<typeof draws> {
  manualSeed(2);
  const net = models.initXavier(models.lenet());
  const input = rand(1, 1, 28, 28);
  const image = await look.shownInput(input);
  const filters = await look.filters(net);
  const maps = await look.activations(net, input);
  const cam = await look.gradCam(net, input);
  const covered = await look.occlusion(net, input, { size: 14 });
  const found = [0, 1, 2].map((unit) => look.maximise(net, { shape: [1, 28, 28], unit, steps: 2 }));
  const maximised = await Promise.all(found);
  const images = await Promise.all(maximised.map((one) => look.maximisedImage(one)));
  const spread = await look.histograms(net, { batch: [rand(4, 1, 28, 28), randint(0, 10, [4])] });
  const features = await look.hiddenFeatures(net, [rand(24, 1, 28, 28)]);
  const places = look.principalComponents(features);
  const labels = Array.from({ length: 24 }, (_, i) => i % 12);
  const classNames = Array.from({ length: 12 }, (_, i) => ({ en: `ankle boot ${i}`, zh: "短靴" }));
  const thumbnails = labels.map(() => image);
  const near = look.nearestNeighbours(features, 7);
  return {
    filters: (options) => look.filtersFigure(filters, options),
    "filters on one scale": (options) => look.filtersFigure(filters, { ...options, scale: "all" }),
    filmstrip: (options) =>
      look.filmstripFigure(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((epoch) => ({ ...filters, epoch })),
        options,
      ),
    activations: (options) => look.activationsFigure(maps, options),
    "grad-cam": (options) =>
      look.attributionFigure(image, cam, {
        what: "grad-cam",
        className: "ankle boot 短靴",
        layer: cam.layer,
        ...options,
      }),
    occlusion: (options) =>
      look.attributionFigure(image, covered, { what: "occlusion", className: "bag", ...options }),
    maximise: (options) =>
      look.maximiseFigure(maximised, {
        images,
        names: ["t-shirt T恤", "trouser 裤子", "pullover 套衫"],
        ...options,
      }),
    histograms: (options) => look.histogramsFigure(spread, options),
    embedding: (options) =>
      look.embeddingFigure(places, { method: "pca", labels, classNames, images: thumbnails, ...options }),
    neighbours: (options) =>
      look.neighboursFigure(near, { images: thumbnails, labels, classNames, ...options }),
    "figure 7.1": (options) =>
      look.firstLayerFigure(filters, {
        trained: "LeNet, Fashion-MNIST, trained for 10 epochs of 60 batches",
        ...options,
      }),
  };
}

for (const [width, colorScheme, lang] of [
  [400, "light", "en"],
  [400, "dark", "zh"],
  [1280, "light", "zh"],
  [1280, "dark", "en"],
] as const)
  test(`${width} pixels, ${colorScheme}, ${lang}`, { skip: noBrowser }, async () => {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    for (const [name, draw] of Object.entries(draws)) {
      const svg = look.figureSvg(draw({ width: width === 400 ? 400 : 1200, lang }));
      await page.setContent(`<body style="margin:0">${svg.replace(/<\?xml.*?\?>/, "")}</body>`);
      const { overlapping, outside, faint, texts } = (await page.evaluate(TEXTS)) as Found;
      assert.ok(texts >= 2, `${name} has ${texts} texts`);
      assert.deepEqual({ overlapping, outside, faint }, { overlapping: [], outside: [], faint: [] }, name);
    }
    await page.close();
  });

interface Found {
  readonly texts: number;
  readonly overlapping: string[];
  readonly outside: string[];
  /** Contrast below 4.5 to 1. */
  readonly faint: string[];
}

/** Run in the page. */
const TEXTS = `(() => {
  const svg = document.querySelector("svg");
  const whole = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent !== "");
  const boxes = texts.map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }));
  const overlapping = [];
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
    const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
    const tall = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
    if (wide > 1 && tall > 2) overlapping.push(a.words + " / " + b.words);
  }));
  const outside = boxes.filter(({ box }) => box.left < whole.left - 1 || box.right > whole.right + 1 || box.bottom > whole.bottom + 1).map(({ words }) => words);
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map((part) => Number(part) / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = luminance(getComputedStyle(svg.querySelector(".cv-page")).fill);
  const faint = texts.filter((text) => {
    const own = luminance(getComputedStyle(text).fill);
    return (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05) < 4.5;
  }).map((text) => text.textContent);
  return { texts: texts.length, overlapping, outside, faint };
})()`;
