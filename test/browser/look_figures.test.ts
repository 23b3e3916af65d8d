/** Every kind of figure in a browser: texts lie apart, inside of the figure, and can be read. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { manualSeed, models, rand, randint, stopEngine, useEngine } from "../../src/index.ts";
import * as look from "../../src/look/index.ts";
import { launch, noBrowser } from "./chromium.ts";
import { faultsOf, faultsOn } from "./svg_faults.ts";

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
  const classNames = Array.from({ length: 12 }, (_, i) => ({
    en: `${"wm"[i % 2].repeat(i)} ankle boot`,
    zh: "短靴",
  }));
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
        before: filters,
        trained: "LeNet, Fashion-MNIST, trained for 10 epochs of 60 batches",
        ...options,
      }),
  };
}

for (const width of [400, 1280])
  for (const colorScheme of ["light", "dark"] as const)
    for (const lang of ["en", "zh"] as const)
      test(`${width} pixels, ${colorScheme}, ${lang}`, { skip: noBrowser }, async () => {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        for (const [name, draw] of Object.entries(draws)) {
          const svg = look.figureSvg(draw({ width: width === 400 ? 400 : 1200, lang }));
          const { faults, texts, background } = await faultsOf(page, svg);
          assert.ok(texts >= 2, `${name} has ${texts} texts`);
          assert.deepEqual(faults, [], name);
          assert.equal(background, colorScheme === "dark" ? "rgb(20, 24, 29)" : "rgb(255, 255, 255)");
        }
        await page.close();
      });

test("pages show each figure in the width that fits", { skip: noBrowser }, async () => {
  for (const [width, colorScheme, lang] of [
    [400, "dark", "zh"],
    [1280, "light", "en"],
  ] as const) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    for (const [name, draw] of Object.entries(draws)) {
      await page.setContent(look.figureHtml((wide) => draw({ width: wide, lang }), { lang }));
      const { faults, scale } = await faultsOn(page);
      assert.deepEqual(faults, [], name);
      assert.equal(scale, 1, name);
      const beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(beyond), 0, name);
    }
    await page.close();
  }
});
