/** The Lab's workers in Chromium, on pages that are cross-origin isolated and on others. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { data, stopEngine, useEngine } from "convoyant";
import type { Browser, Page } from "playwright-core";
import { FASHION_CLASSES } from "../../apps/lab/src/data/fashion_mnist.ts";
import { partsOfSubset } from "../../apps/lab/src/data/subset.ts";
import { serveLab } from "../../src/lab/index.ts";
import { launch, noBrowser, serve } from "../browser/chromium.ts";
import { bundleLab, type LabBundle } from "./lab_bundle.ts";
import { experimentOf, LENET, openLab } from "./lab_session.ts";

const STEPS = 50;
const KINDS = ["isolated", "plain"] as const;
const experiment = experimentOf([LENET], { batchSize: 32, learningRate: 0.1 });

let browser: Browser;
let bundle: LabBundle;
let site: Awaited<ReturnType<typeof serve>>;
let expected: number[];

before(async () => {
  if (noBrowser) return;
  bundle = await bundleLab();
  site = await serve({ folder: bundle.folder });
  browser = await launch();
  await useEngine("wasm", { portable: true, threads: 1 });
  const lab = openLab({ ...partsOfSubset(bundle.subset), channels: 1, side: 28, classes: FASHION_CLASSES });
  await lab.calls.prepare({ experiment, lang: "en" });
  await lab.calls.step({ count: STEPS });
  expected = lab.losses();
  await stopEngine();
});
after(async () => {
  await browser?.close();
  site?.server.close();
  bundle?.close();
});

/**
 * Runs the body of an async function in a page; it sees `trainer`, `events` and `prepare`.
 *
 * @param ready - is called with the page before anything is loaded.
 */
async function inLab(
  kind: (typeof KINDS)[number],
  body: string,
  options = "{}",
  ready: (page: Page) => Promise<unknown> = async () => {},
): Promise<any> {
  const page: Page = await browser.newPage();
  try {
    await ready(page);
    // With a file ending, or the server makes its own page.
    await page.goto(`${site.origin}/${kind}/lab.html`);
    return await page.evaluate(`(async () => {
      const { createTrainer } = await import("/${kind}/lab/worker/client.js");
      const base = new URL("/${kind}/", location.href).href;
      const trainer = createTrainer({ base, ...${options} });
      const events = [];
      for (const name of ["state", "steps", "problem", "progress", "checkpoints", "tested"])
        trainer.on(name, (event) => events.push({ name, event }));
      const problemOf = (promise) => promise.then(() => null, ({ kind, message, facts }) => ({ kind, message, facts }));
      const experiment = ${JSON.stringify(experiment)};
      const prepare = (changes = {}) => trainer.call("prepare", { experiment: { ...experiment, ...changes }, lang: "en" });
      const code = (text) => ({ networks: [{ kind: "code", size: 28, code: text }] });
      const body = async () => { ${body} };
      try { return await body(); } finally { trainer.close(); }
    })()`);
  } finally {
    await page.close();
  }
}

for (const kind of KINDS)
  test(`${STEPS} steps in a page that is ${kind} give Node's losses bit for bit`, {
    skip: noBrowser,
  }, async () => {
    const { losses, engine } = await inLab(
      kind,
      `const { engine } = await prepare();
      await trainer.call("step", { count: ${STEPS} });
      const losses = events.filter(({ name }) => name === "steps").flatMap(({ event }) => event.points.map(({ loss }) => loss[0]));
      return { losses, engine };`,
      `{ threads: 2 }`,
    );
    assert.equal(engine.isolated, kind === "isolated");
    assert.equal(engine.threads, kind === "isolated" ? 2 : 1);
    assert.deepEqual(losses, expected);
  });

test("code that never ends is stopped, in the constructor and in a step, and the Lab goes on", {
  skip: noBrowser,
}, async () => {
  const found = await inLab(
    "plain",
    `await prepare();
    const endless = await problemOf(prepare(code("for (;;);")));
    // Ends when it is checked; the training calls it again and again.
    const later = await problemOf(prepare(code(\`
      class Slow extends nn.Module {
        calls = 0;
        head = nn.Linear(784, classes);
        forward(x) { if (++this.calls > 3) for (;;); return this.head(x.flatten(1)); }
      }
      return new Slow();\`)).then(() => trainer.call("step", { count: 20 })));
    const told = events.filter(({ name }) => name === "problem").map(({ event }) => event.kind);
    await prepare();
    await trainer.call("step", { count: 2 });
    return { endless, later, told };`,
    "{ answerSeconds: 1 }",
  );
  assert.equal(found.endless.kind, "code never ends");
  assert.equal(found.later.kind, "code never ends");
  assert.deepEqual(found.told, ["code never ends"]);
});

test("code that does not compile says where, the network before it stays, and a file brings code its weights", {
  skip: noBrowser,
}, async () => {
  const { wrong, thrown, trains, saved, opened } = await inLab(
    "plain",
    `await prepare();
    const check = (text) => problemOf(trainer.call("check", { network: code(text).networks[0], shape: [1, 28, 28], classes: 10 }));
    const wrong = await check("const a = 1;\\nconst b = ;");
    const thrown = await check("const a = 1;\\n\\nnn.Linear('x', 3);\\n");
    await trainer.call("step", { count: 1 });
    const trains = events.some(({ name }) => name === "steps");
    const shares = async (lab) => {
      const { networks } = await lab.call("predict", { image: { kind: "test", index: 0 }, gradCam: false, similar: 0 });
      return Array.from(networks[0].probabilities);
    };
    await prepare(code("return nn.Sequential(nn.Flatten(), nn.Linear(784, classes));"));
    await trainer.call("step", { count: 2 });
    const saved = await shares(trainer);
    const { bytes, name } = await trainer.call("export", { network: 0, format: "experiment" });
    // Code is trained by another worker than the one that opens the file.
    const other = createTrainer({ base });
    await other.call("prepare", { experiment, lang: "en" });
    const { experiment: found } = await other.call("open", { blob: new Blob([bytes]), name });
    await other.call("prepare", { experiment: found, lang: "en" });
    const opened = await shares(other);
    other.close();
    return { wrong, thrown, trains, saved, opened };`,
  );
  assert.equal(wrong.kind, "bad code");
  assert.equal(thrown.kind, "bad code");
  assert.equal(thrown.facts.line, 3);
  assert.match(thrown.message, /^line 3: /);
  assert.equal(trains, true);
  assert.equal(saved.length, 10);
  assert.deepEqual(opened, saved);
});

test("own images: files that are not images are named, the others kept, and trained on", {
  skip: noBrowser,
}, async () => {
  const found = await inLab(
    "isolated",
    `const image = async (level) => {
      const canvas = new OffscreenCanvas(40, 30);
      const context = canvas.getContext("2d");
      context.fillStyle = \`rgb(\${level},\${level},\${level})\`;
      context.fillRect(0, 0, 40, 30);
      return canvas.convertToBlob();
    };
    const files = async (level, count) => Promise.all(Array.from({ length: count }, async (_, i) => ({ name: i + ".png", blob: await image(level) })));
    await trainer.call("addClass", { name: "dark" });
    const dark = await trainer.call("addImages", { name: "dark", files: [...(await files(20, 8)), { name: "notes.txt", blob: new Blob(["hello"]) }, { name: "empty.png", blob: new Blob([]) }] });
    const own = (classes) => ({ data: { kind: "images", classes, channels: 3 } });
    const one = await problemOf(prepare(own(["dark"])));
    await trainer.call("addClass", { name: "light" });
    const two = await problemOf(prepare(own(["dark", "light"])));
    await trainer.call("addImages", { name: "light", files: await files(230, 10) });
    await trainer.call("addPixels", { name: "light", width: 2, height: 2, data: new Uint8ClampedArray(16).fill(255) });
    await trainer.call("renameClass", { from: "light", to: "bright" });
    const classes = await trainer.call("ownClasses");
    const prepared = await prepare({ ...own(["dark", "bright"]), training: { ...experiment.training, batchSize: 4, epochs: 50 } });
    await trainer.call("step", { count: 100 });
    const point = await trainer.call("test");
    await trainer.call("removeImage", { name: "bright", index: 0 });
    const after = await trainer.call("ownClasses");
    await trainer.call("removeClass", { name: "dark" });
    await trainer.call("removeClass", { name: "bright" });
    const last = await trainer.call("ownClasses");
    return { dark, one, two, counts: classes.map(({ name, count, thumbnails }) => [name, count, thumbnails.length, thumbnails[0].data[0]]), data: prepared.data, accuracy: point.networks[0].accuracy, after: after.map(({ count }) => count), last };`,
  );
  assert.equal(found.dark.added, 8);
  assert.deepEqual(
    found.dark.refused.map(({ kind, facts }: any) => [kind, facts.file]),
    [
      ["no image", "notes.txt"],
      ["no image", "empty.png"],
    ],
  );
  assert.equal(found.one.kind, "one class");
  assert.equal(found.two.kind, "one class");
  assert.deepEqual(found.counts, [
    ["dark", 8, 8, 20],
    ["bright", 11, 11, 255],
  ]);
  assert.deepEqual([found.data.trainCount, found.data.testCount], [16, 3]);
  assert.equal(found.accuracy, 1);
  assert.deepEqual(found.after, [8, 10]);
  assert.deepEqual(found.last, []);
});

test("thousands of images report how far they are, and can be cancelled", { skip: noBrowser }, async () => {
  const { result, count, last } = await inLab(
    "plain",
    `const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext("2d").fillRect(0, 0, 8, 8);
    const blob = await canvas.convertToBlob();
    const files = Array.from({ length: 10000 }, (_, i) => ({ name: i + ".png", blob }));
    const adding = trainer.call("addImages", { name: "many", files });
    await new Promise((resolve) => trainer.on("progress", ({ what, done }) => what === "images" && done >= 96 && resolve()));
    await trainer.call("cancelImages");
    const result = await adding;
    const [{ count }] = await trainer.call("ownClasses");
    await trainer.call("removeClass", { name: "many" });
    const last = events.filter(({ name, event }) => name === "progress" && event.what === "images").at(-1).event;
    return { result, count, last };`,
  );
  assert.equal(result.stopped, "cancelled");
  assert.ok(result.added >= 96 && result.added < 10_000, `${result.added} added`);
  assert.equal(count, result.added);
  assert.deepEqual([last.what, last.of], ["images", 10_000]);
});

test("data that are missing or damaged are named", { skip: noBrowser }, async () => {
  const problem = await inLab(
    "plain",
    `return problemOf(prepare({ data: { kind: "fashion-mnist", subset: false } }));`,
  );
  assert.equal(problem.kind, "data missing", problem.message);
  const page = await browser.newPage();
  await page.route("**/data/*", (route) => route.fulfill({ body: "no data" }));
  await page.goto(`${site.origin}/plain/lab.html`);
  const damaged = await page.evaluate(`(async () => {
    const { createTrainer } = await import("/plain/lab/worker/client.js");
    const trainer = createTrainer({ base: new URL("/plain/", location.href).href });
    return trainer.call("prepare", { experiment: ${JSON.stringify(experiment)}, lang: "en" }).then(() => null, ({ kind, message }) => kind + ": " + message);
  })()`);
  await page.close();
  assert.match(String(damaged), /^data missing: .*fashion-mnist-subset\.bin\.gz is damaged/);
});

test("when the storage is full it says so, and keeps what was added before", {
  skip: noBrowser,
}, async () => {
  const { result, count } = await inLab(
    "plain",
    `const canvas = new OffscreenCanvas(96, 96);
    // Noise, which the storage cannot pack.
    const noise = new ImageData(crypto.getRandomValues(new Uint8ClampedArray(4 * 96 * 96)), 96, 96);
    canvas.getContext("2d").putImageData(noise, 0, 0);
    const blob = await canvas.convertToBlob();
    const files = Array.from({ length: 400 }, (_, i) => ({ name: i + ".png", blob }));
    const result = await trainer.call("addImages", { name: "many", files });
    const [{ count }] = await trainer.call("ownClasses");
    await trainer.call("removeClass", { name: "many" });
    return { result, count };`,
    "{}",
    async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: site.origin, quotaSize: 4_000_000 });
    },
  );
  assert.equal(result.stopped.kind, "storage full");
  assert.match(result.stopped.message, /storage for this page is full .*remove images/);
  assert.ok(result.added > 0 && result.added < 400, `${result.added} added`);
  assert.equal(count, result.added);
});

test("a worker that cannot be loaded, or ends, is lost; the next experiment begins in a new one", {
  skip: noBrowser,
}, async () => {
  let isBroken = true;
  const { first, told, trains } = await inLab(
    "plain",
    `const first = await problemOf(prepare());
    await fetch("mend");
    await prepare();
    await trainer.call("step", { count: 1 });
    return { first, told: events.filter(({ name }) => name === "problem").map(({ event }) => event.kind), trains: events.some(({ name }) => name === "steps") };`,
    "{}",
    async (page) => {
      await page.route("**/entries/training_worker.js", (route) =>
        isBroken ? route.abort() : route.continue(),
      );
      await page.route("**/mend", (route) => {
        isBroken = false;
        return route.fulfill({ body: "" });
      });
    },
  );
  assert.equal(first.kind, "worker lost");
  assert.ok(told.includes("worker lost"));
  assert.equal(trains, true);
});

test("a browser without WebAssembly is told that it cannot run the Lab", { skip: noBrowser }, async () => {
  const old = await launch(["--js-flags=--jitless"]);
  const whole = browser;
  browser = old;
  try {
    const problem = await inLab("plain", "return problemOf(prepare());");
    assert.equal(problem.kind, "no simd");
    assert.match(problem.message, /this browser cannot run the Lab/);
  } finally {
    browser = whole;
    await old.close();
  }
});

test("a folder that is served is trained on, under the server's own policy", {
  skip: noBrowser,
}, async () => {
  const photos = mkdtempSync(join(tmpdir(), "convoyant-served-"));
  for (const [name, level] of Object.entries({ dark: 20, "very bright #1": 230 }))
    for (let i = 0; i < 6; i++) {
      mkdirSync(join(photos, name), { recursive: true });
      const image = {
        width: 40,
        height: 30,
        channels: 1 as const,
        data: new Uint8Array(1200).fill(level + i),
      };
      writeFileSync(join(photos, name, `${i}.png`), data.encodePng(image));
    }
  writeFileSync(join(photos, "dark", "broken.png"), "no image");
  const lab = await serveLab({ page: bundle.folder, folders: [photos], port: 0 });
  const page = await browser.newPage();
  try {
    await page.goto(`${lab.url}lab.html`);
    const found = (await page.evaluate(`(async () => {
      const { createTrainer } = await import("/lab/worker/client.js");
      const { folders } = await (await fetch("lab.json")).json();
      const trainer = createTrainer({ base: location.origin + "/" });
      const experiment = { ...${JSON.stringify(experiment)}, data: { kind: "folder", name: folders[0].name, classes: folders[0].classes, channels: 1 } };
      const { data, engine } = await trainer.call("prepare", { experiment: { ...experiment, training: { ...experiment.training, batchSize: 4, epochs: 100 } }, lang: "en" });
      await trainer.call("step", { count: 60 });
      const { networks } = await trainer.call("test");
      return { counts: data.perClass, isolated: engine.isolated, accuracy: networks[0].accuracy };
    })()`)) as Record<string, unknown>;
    assert.deepEqual(found, { counts: [5, 5], isolated: true, accuracy: 1 });
  } finally {
    await page.close();
    await lab.close();
    rmSync(photos, { recursive: true, force: true });
  }
});
