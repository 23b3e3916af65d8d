import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePng } from "../../../src/io/images/png.ts";
import type { ReportData } from "../../../src/report/html/report_data.ts";
import { renderReport } from "../../../src/report/html/report_html.ts";
import { imageUri } from "../../../src/report/report_errors.ts";
import { sampleReport } from "../sample_run.ts";
import { readMarkup } from "../svg/markup.ts";

const read = (data: ReportData) => readMarkup(renderReport(data), true);

test("one page with everything the run gave", () => {
  const page = read(sampleReport());
  assert.equal(page.elements[0].attributes.lang, "en");
  for (const words of [
    "BN-LeNet",
    "0.269",
    "Curves",
    "Compared with the book",
    "0.263–0.275",
    "below the band",
    "Confusion matrix",
    "10 test images, 70.0\u00a0% of them right.",
    "Worst mistakes",
    "ankle boot, 98.8\u00a0%",
    "is t-shirt T恤, 1.0\u00a0%",
    "Layers",
    "Conv2d(1, 6)",
    "6×24×24",
    "86.4 k",
    "optimizer.lr",
    "v20.20.2",
    "npx convoyant train bn-lenet",
  ]) {
    assert.ok(page.text.includes(words), words);
  }
});

test("nothing is fetched, nothing runs", () => {
  const source = renderReport(sampleReport());
  const page = readMarkup(source, true);
  assert.ok(!page.elements.some((element) => ["script", "link", "iframe"].includes(element.name)));
  for (const { attributes } of page.elements) {
    for (const name of ["src", "href"])
      if (name in attributes) assert.match(attributes[name], /^data:image\/png;base64,/);
    assert.ok(!Object.keys(attributes).some((name) => name.startsWith("on")));
  }
  assert.doesNotMatch(source, /@import|url\(/);
  assert.ok(page.elements.some((el) => el.attributes["http-equiv"] === "Content-Security-Policy"));
});

test("accessible: images have words, columns have headers, ids are unique and sections named", () => {
  const page = read(sampleReport());
  const named = page.elements.filter((el) => el.name === "img" || el.attributes.role === "img");
  assert.ok(named.length >= 4);
  for (const { name, attributes } of named)
    assert.ok((name === "img" ? attributes.alt : attributes["aria-label"]).length > 10);
  assert.equal(
    page.elements.find((el) => el.name === "img")?.attributes.alt,
    "Image test:17 of the class t-shirt T恤, taken for ankle boot",
  );
  for (const header of page.elements.filter((el) => el.name === "th"))
    assert.match(header.attributes.scope, /^(row|col)$/);
  const ids = page.elements.flatMap((el) => el.attributes.id ?? []);
  assert.equal(new Set(ids).size, ids.length);
  for (const el of page.elements) {
    if (el.attributes["aria-labelledby"] !== undefined)
      assert.ok(ids.includes(el.attributes["aria-labelledby"]));
  }
});

test("every text is escaped, wherever it stands", () => {
  const evil = `"><img src=x onerror=alert(1)><script>'&`;
  const page = read({
    ...sampleReport(),
    title: evil,
    run: evil,
    startedAt: evil,
    dataset: evil,
    outcome: evil,
    differences: [evil],
    classNames: [{ en: evil, zh: evil }, evil],
    layers: [{ path: evil, layer: evil, outputShape: [1], parameters: 1 }],
    settings: { [evil]: evil, nested: { [evil]: [evil] } },
    environment: { convoyant: evil },
    command: evil,
  });
  assert.ok(!page.elements.some((el) => el.name === "script"));
  assert.equal(page.elements.filter((el) => el.name === "img").length, 1);
  assert.ok(page.text.split(evil).length > 12);
});

test("sections without data are left out; an empty run still makes a page", () => {
  const page = read({ model: "mine", points: [], epochs: 0 });
  assert.match(page.text, /no points yet/);
  for (const words of ["Compared with the book", "Confusion", "Worst mistakes", "Layers", "Settings"]) {
    assert.ok(!page.text.includes(`${words}`), words);
  }
});

test("one point, NaN and huge losses make a page", () => {
  for (const trainLoss of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 0]) {
    const page = read({
      ...sampleReport(),
      points: [{ epoch: 0.2, trainLoss, trainAccuracy: 0.1 }],
      metrics: undefined,
    } as ReportData);
    assert.ok(!page.elements.some((el) => /NaN|Infinity/.test(`${el.attributes.d} ${el.attributes.cx}`)));
  }
});

test("a mistake's image is a PNG with the same pixels", () => {
  const image = { width: 3, height: 2, channels: 1 as const, data: Uint8Array.of(0, 1, 127, 128, 254, 255) };
  const uri = imageUri(image);
  assert.match(uri, /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
  const bytes = Buffer.from(uri.split(",")[1], "base64");
  const decoded = decodePng(new Uint8Array(bytes));
  assert.deepEqual([decoded.width, decoded.height, ...decoded.data], [3, 2, 0, 1, 127, 128, 254, 255]);
});
