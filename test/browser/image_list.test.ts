/** Images that a page's user chose, or that are fetched by a list, in batches built by workers of the page. */
import assert from "node:assert/strict";
import type { Server } from "node:http";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import * as convoyant from "../../src/browser.ts";
import { encodeJpeg } from "../../src/io/images/jpeg/encode_jpeg.ts";
import { launch, noBrowser, serve } from "./chromium.ts";

/** Small photographs of different sizes. */
const photos = Array.from({ length: 6 }, (_, n) => {
  const [width, height] = [20 + 3 * n, 31 - 2 * n];
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * (n + 3) + (i >> 5) * 17) % 256);
  return encodeJpeg({ width, height, channels: 3, data });
});

/** What is run in Node.js and in pages: two epochs, as one hash. */
const EPOCHS = `async (convoyant, bytes, numWorkers, cache) => {
  const { data } = convoyant;
  const { Compose, RandomHorizontalFlip, RandomResizedCrop, Resize, ToTensor } = data.transforms;
  const transform = Compose([Resize(18), RandomResizedCrop(9), RandomHorizontalFlip(), ToTensor()]);
  const chosen = bytes.map((one, i) => ({ image: new File([one], i + ".jpg"), label: i % 2 ? "odd" : "even" }));
  const dataset = await data.ImageList(chosen, { transform, cache });
  const loader = data.DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 3, numWorkers });
  const seen = [];
  for (let epoch = 0; epoch < 2; epoch++)
    for await (const [x, y] of loader) seen.push(...await x.data(), ...await y.data());
  await loader.close();
  const hash = await crypto.subtle.digest("SHA-256", Float32Array.from(seen));
  return { hash: Array.from(new Uint8Array(hash)).join(" "), numbers: seen.length };
}`;

let browser: Browser;
let server: Server;
let origin: string;

before(async () => {
  if (noBrowser) return;
  const list = new TextEncoder().encode("path,label\n0.jpg,a\nsub/1.jpg,b\n");
  const answers = { "list.csv": list, "0.jpg": photos[0], "sub/1.jpg": photos[1] };
  ({ origin, server } = await serve({ answers }));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

test("epochs of chosen files are those of Node.js, with and without workers, memory shared or not", {
  skip: noBrowser,
}, async () => {
  const run = new Function(`return ${EPOCHS}`)();
  const expected = await run(convoyant, photos, 0, null);
  assert.equal(expected.numbers, 2 * 6 * (3 * 81 + 1));
  for (const folder of ["plain", "isolated"]) {
    const page = await browser.newPage();
    await page.goto(`${origin}/${folder}/page.html`);
    const found = await page.evaluate(`(async () => {
      const convoyant = await import("convoyant");
      const bytes = ${JSON.stringify(photos.map((one) => Array.from(one)))}.map((one) => Uint8Array.from(one));
      const results = [];
      for (const [workers, cache] of [[0, null], [2, null], [0, "memory"], [2, "memory"]])
        results.push(await (${EPOCHS})(convoyant, bytes, workers, cache));
      return results;
    })()`);
    await page.close();
    assert.deepEqual(found, [expected, expected, expected, expected], folder);
  }
});

test("a list and its images are fetched by their addresses; a page has neither folders nor a disk", {
  skip: noBrowser,
}, async () => {
  const page = await browser.newPage();
  await page.goto(`${origin}/plain/page.html`);
  const { names, shape, problems } = (await page.evaluate(`(async () => {
    const { data } = await import("convoyant");
    const dataset = await data.ImageList("list.csv", { transform: data.transforms.Resize([8, 8]) });
    const loader = data.DataLoader(dataset, { batchSize: 2, numWorkers: 1 });
    const names = dataset.samples.map(([path]) => new URL(path).pathname);
    let shape;
    for await (const [x] of loader) shape = x.shape;
    await loader.close();
    const listed = [{ image: "0.jpg", label: "a" }, { image: "1.jpg", label: "b" }];
    const relative = [await data.ImageList(listed), await data.ImageList(listed, { root: "sub" })];
    names.push(...relative.map(({ samples }) => new URL(samples[1][0]).pathname));
    const problems = [];
    for (const open of [() => data.ImageFolder("photos"), () => data.ImageList("list.csv", { cache: "disk" })])
      problems.push(await open().catch((error) => error.name + ": " + error.message));
    return { names, shape, problems };
  })()`)) as { names: string[]; shape: number[]; problems: string[] };
  await page.close();
  assert.deepEqual(names, ["/plain/0.jpg", "/plain/sub/1.jpg", "/plain/1.jpg", "/plain/sub/1.jpg"]);
  assert.deepEqual(shape, [2, 3, 8, 8]);
  assert.match(
    problems[0],
    /^ArgumentError: ImageFolder: a page cannot read folders; give data\.ImageList the files/,
  );
  assert.match(problems[1], /^ArgumentError: a page keeps no images on disk; give \{ cache: "memory" \}/);
});
