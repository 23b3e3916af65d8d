/** The shipped page in Chromium: by mouse, keyboard and screen reader, in two languages, light and dark, on a phone. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { Classifier } from "../../src/classifier/index.ts";
import { stopEngine, useEngine } from "../../src/index.ts";
import { ship } from "../../src/ship/index.ts";
import { launch, noBrowser, serve } from "../browser/chromium.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { withoutName, wrongContrasts } from "./accessibility.ts";
import { JPEG, writeClassifier } from "./small_classifier.ts";

describe("the shipped page", { skip: noBrowser }, () => {
  const root = temporaryFolder();
  const photo = { name: "photo.jpg", mimeType: "image/jpeg", buffer: JPEG };
  let browser: Browser;
  let server: Server;
  let origin: string;
  let expected: readonly number[];

  before(async () => {
    await useEngine("wasm", { threads: 1 });
    const source = await writeClassifier(join(root, "small.safetensors"));
    await ship(source, join(root, "out"), { name: "Animals" });
    await ship(source, join(root, "page.html"), { name: "Animals", singleFile: true });
    expected = (await (await Classifier.load(source)).predict(JPEG)).probabilities;
    ({ origin, server } = await serve({ folder: join(root, "out") }));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    server?.close();
    await stopEngine();
  });

  /** Opens the page and waits until it can, or cannot, take an image; fails for errors in it. */
  async function withPage(
    options: BrowserContextOptions & { url?: string },
    body: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { url = `${origin}/plain/index.html`, ...settings } = options;
    const context = await browser.newContext({ locale: "en-US", ...settings });
    const page = await context.newPage();
    const problems: string[] = [];
    const foreign: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      if (!/^(blob|data|file):/.test(request.url()) && !request.url().startsWith(origin))
        foreign.push(request.url());
    });
    try {
      await page.goto(url);
      await page.waitForSelector("html[data-state]");
      await body(page);
    } finally {
      await context.close();
    }
    assert.deepEqual(problems, []);
    assert.deepEqual(foreign, [], "no request leaves the site");
  }

  /** Asks again until it is so. (The page's policy forbids the text that a page would wait for.) */
  async function waitUntil(isSo: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`not within 15 s: ${isSo}`);
  }

  /** What the page answers to an image, and says of it. */
  async function answer(
    page: Page,
    give: () => Promise<void>,
  ): Promise<{ probabilities?: number[]; problem?: string }> {
    await page.evaluate(`globalThis.answered = new Promise((resolve) =>
      document.addEventListener("prediction", ({ detail }) => resolve(detail), { once: true })); 0`);
    await give();
    return page.evaluate("globalThis.answered");
  }

  const choose = (page: Page, file: object = photo) =>
    answer(page, () => page.setInputFiles("#file", file as typeof photo));

  function assertExpected({ probabilities = [] }: { probabilities?: number[] }): void {
    assert.equal(probabilities.length, expected.length);
    probabilities.forEach((p, i) =>
      assert.ok(Math.abs(p - expected[i]) < 1e-4, `class ${i}: ${p}, ${expected[i]}`),
    );
  }

  test("answers as Node.js does, with one thread and with several", async () => {
    for (const kind of ["plain", "isolated"])
      await withPage({ url: `${origin}/${kind}/index.html` }, async (page) => {
        assert.equal(await page.evaluate("crossOriginIsolated"), kind === "isolated");
        assertExpected(await choose(page));
      });
  });

  test("says in both languages what it found, and shows what the network sees", async () => {
    const best = expected.indexOf(Math.max(...expected));
    const names = {
      en: ["cat", "dog", "bird <b>&", "fish"][best],
      zh: ["猫", "狗", "bird <b>&", "fish"][best],
    };
    await withPage({ locale: "zh-CN" }, async (page) => {
      await choose(page);
      assert.equal(await page.getAttribute("html", "lang"), "zh-Hans");
      assert.match((await page.textContent("#answer")) ?? "", new RegExp(`^${names.zh}：\\d+\\.\\d%$`));
      await page.click("#language");
      assert.equal(await page.getAttribute("html", "lang"), "en");
      assert.match((await page.textContent("#answer")) ?? "", new RegExp(`^${names.en}: \\d+\\.\\d %$`));
      assert.equal(await page.locator("#bars li").count(), 4);
      assert.equal(await page.evaluate("document.getElementById('seen').width"), 64);
      assert.match((await page.textContent("#status")) ?? "", new RegExp(names.en));
    });
  });

  test("marks what an answer rests on", async () => {
    await withPage({}, async (page) => {
      await choose(page);
      const pixels = () => page.evaluate("document.getElementById('seen').toDataURL()");
      const plain = await pixels();
      await page.check("#heatmap");
      await waitUntil(async () => (await pixels()) !== plain);
      assert.match((await page.textContent("#seen-text")) ?? "", /what speaks for/);
      await page.uncheck("#heatmap");
      assert.equal(await pixels(), plain);
    });
  });

  test("a dropped and a pasted image are taken, and what is not an image is named", async () => {
    await withPage({}, async (page) => {
      const transfer = `const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob("${JPEG.toString("base64")}"), (c) => c.charCodeAt(0))], "p.jpg", { type: "image/jpeg" }));`;
      assertExpected(
        await answer(page, () =>
          page.evaluate(
            `{${transfer} document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }))}`,
          ),
        ),
      );
      assertExpected(
        await answer(page, () =>
          page.evaluate(
            `{${transfer} document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }))}`,
          ),
        ),
      );
      const problem = () => page.textContent("#problem");
      await choose(page, { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no image") });
      assert.match((await problem()) ?? "", /^notes\.txt is not an image that this page can read/);
      await choose(page, { ...photo, name: "half.jpg", buffer: JPEG.subarray(0, 200) });
      assert.match((await problem()) ?? "", /^half\.jpg cannot be read as an image: /);
      await page.evaluate(
        'document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: new DataTransfer() }))',
      );
      assert.match((await problem()) ?? "", /no image on the clipboard/);
      assertExpected(await choose(page));
      assert.equal(await page.isHidden("#problem"), true, "an answer takes the complaint away");
    });
  });

  test("a camera that is refused, missing or not allowed here is named, and one that works is used", async () => {
    const cases = [
      ["NotAllowedError", /^The camera was refused/],
      ["NotFoundError", /^No camera was found/],
      ["NotReadableError", /^The camera is in use/],
    ] as const;
    await withPage({}, async (page) => {
      for (const [name, said] of cases) {
        await page.evaluate(
          `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "${name}"))`,
        );
        await page.click("#camera-open");
        await page.waitForSelector("#problem:not([hidden])");
        assert.match((await page.textContent("#problem")) ?? "", said);
        assert.equal(await page.isHidden("#camera"), true);
      }
      await page.evaluate(`{
        const canvas = document.createElement("canvas");
        canvas.width = 64; canvas.height = 48;
        const context = canvas.getContext("2d");
        setInterval(() => {
          context.fillStyle = context.fillStyle === "#ff0000" ? "#00ff00" : "#ff0000";
          context.fillRect(0, 0, 64, 48);
        }, 20);
        navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(10);
      }`);
      await page.click("#camera-open");
      await waitUntil(
        async () => Number(await page.evaluate('document.getElementById("video").videoWidth')) > 0,
      );
      const { probabilities } = await answer(page, () => page.click("#camera-take"));
      assert.equal(probabilities?.length, 4);
      assert.equal(await page.isHidden("#camera"), true);
    });
  });

  test("opened from the disk the folder says why it cannot go on, and takes its weights by hand; a single file works", async () => {
    await withPage({ url: pathToFileURL(join(root, "out", "index.html")).href }, async (page) => {
      assert.match(
        (await page.textContent("#problem")) ?? "",
        /opened from the disk.*model\.safetensors.*npx serve/,
      );
      const wrong = join(root, "wrong.safetensors");
      writeFileSync(wrong, readFileSync(join(root, "out", "model.safetensors")).fill(1, 5000, 5001));
      await page.setInputFiles("#weights-file", wrong);
      await waitUntil(async () => /is not the file/.test((await page.textContent("#problem")) ?? ""));
      await page.setInputFiles("#weights-file", join(root, "out", "model.safetensors"));
      await page.waitForSelector("html[data-state=ready]");
      assertExpected(await choose(page));
    });
    await withPage({ url: pathToFileURL(join(root, "page.html")).href }, async (page) => {
      assertExpected(await choose(page));
    });
  });

  test("weights that are not there are named", async () => {
    const bare = await serve({
      answers: {
        "index.html": readFileSync(join(root, "out/index.html")),
        "convoyant.js": readFileSync(join(root, "out/convoyant.js")),
      },
    });
    try {
      const page = await browser.newPage();
      await page.goto(`${bare.origin}/plain/index.html`);
      await page.waitForSelector("#problem:not([hidden])");
      assert.match(
        (await page.textContent("#problem")) ?? "",
        /could not be loaded \(HTTP 404\).*model\.safetensors/,
      );
      await page.close();
    } finally {
      bare.server.close();
    }
  });

  test("every control can be reached and used by keyboard, has a name, and is seen to have the focus", async () => {
    await withPage({}, async (page) => {
      await choose(page);
      const reached = new Set<string>();
      for (let i = 0; i < 20; i++) {
        await page.keyboard.press("Tab");
        reached.add(await page.evaluate("document.activeElement.id || document.activeElement.tagName"));
      }
      for (const id of ["theme", "language", "file", "camera-open", "heatmap", "A"])
        assert.ok(reached.has(id), id);
      assert.deepEqual(await page.evaluate(withoutName), []);
      await page.focus("#theme");
      await page.keyboard.press("Enter");
      assert.equal(await page.getAttribute("#theme", "aria-pressed"), "true");
      await page.focus("#heatmap");
      await page.keyboard.press("Space");
      assert.equal(await page.isChecked("#heatmap"), true);
    });
  });

  test("texts have a contrast of 4.5 to 1, and nothing lies beyond the edge, at any width, light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const)
      for (const locale of ["en-US", "zh-CN"])
        await withPage({ colorScheme, locale, viewport: { width: 400, height: 800 } }, async (page) => {
          const where = `${colorScheme} ${locale}`;
          await choose(page, { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
          assert.deepEqual(await page.evaluate(wrongContrasts), [], `${where}, with a complaint`);
          await choose(page);
          assert.deepEqual(await page.evaluate(wrongContrasts), [], where);
          for (const width of [320, 400, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
            assert.ok(Number(over) <= 0, `${where}: ${over} pixels beyond ${width}`);
          }
        });
  });

  test("a switch of colours holds against the system's", async () => {
    await withPage({ colorScheme: "dark" }, async (page) => {
      const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const dark = await background();
      await page.click("#theme");
      assert.notEqual(await background(), dark);
      assert.deepEqual(await page.evaluate(wrongContrasts), []);
    });
  });
});
