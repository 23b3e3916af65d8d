/** Each step of the Lab, done as a person does it, on both kinds of page. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { card, dropFiles, KINDS, type Kind, type Lab, LabBrowser, noLab } from "./lab_page.ts";
import { png } from "./png.ts";

/** What a page loads before the data, gzipped. */
const MOST_BYTES = 300_000;

let browser: LabBrowser;
/** A page of each kind, which is loaded again for each test: that takes less than one of its own. */
const pages = new Map<Kind, Lab>();

before(async () => {
  if (!noLab) browser = await LabBrowser.start();
});
after(() => browser?.close());

/** Runs a test in a page of each kind. */
function onBothPages(name: string, run: (lab: Lab, kind: Kind) => Promise<void>): void {
  for (const kind of KINDS) onePage(kind, `${name} (${kind})`, run);
}

function onePage(kind: Kind, name: string, run: (lab: Lab, kind: Kind) => Promise<void>): void {
  test(name, { skip: noLab }, async () => {
    const lab = pages.get(kind) ?? (await browser.blank());
    pages.set(kind, lab);
    await browser.load(lab, kind);
    await run(lab, kind);
    assert.deepEqual(lab.faults.splice(0), []);
  });
}

/** Files of a class: images of one colour, each a little different. */
const photos = (count: number, colour: readonly [number, number, number]) =>
  Array.from({ length: count }, (_, i) => ({
    name: `${i}.png`,
    type: "image/png",
    bytes: png([Math.min(255, colour[0] + i), colour[1], colour[2]]),
  }));

onBothPages("it loads little, asks no one else, trains, and shows what happens inside", async (lab, kind) => {
  const { page } = lab;
  await lab.ready();
  await page.locator(".gallery canvas").first().waitFor();
  assert.equal(await page.locator(".gallery > li").count(), 10);
  await lab.button("One step").click();
  await page.locator(".transport dl").waitFor();
  const loaded = [...lab.loaded].filter(([url]) => url.startsWith(browser.origin) && !url.includes("/data/"));
  const sizes = await Promise.all(loaded.map(async ([, body]) => gzipSync(await body, { level: 9 }).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(sizes.length > 5 && bytes <= MOST_BYTES, `${bytes} bytes before the data`);
  assert.match(await page.locator(".engine").innerText(), kind === "plain" ? /1 thread$/ : /threads?$/);
  await lab.go("Train");
  await lab.train(20);
  const before = await lab.steps();
  await lab.button("One step").click();
  await lab.atStep(before + 1);
  await insides(lab);
  await changesWhileTraining(lab);
  await backToACheckpoint(lab);
  const own = (url: string) => url.startsWith(browser.origin) || url.startsWith("blob:");
  assert.deepEqual(
    [...lab.loaded.keys()].filter((url) => !own(url)),
    [],
  );
});

/** Looks at the four panels of a training. */
async function insides({ page }: Lab): Promise<void> {
  await page.locator(".map").first().click();
  const explorer = page.locator(".explorer");
  const place = explorer.locator(".arithmetic p").first();
  await place.waitFor();
  const value = await place.innerText();
  await explorer.getByRole("application").press("ArrowRight");
  await page.waitForFunction((text) => document.querySelector(".arithmetic p")?.textContent !== text, value);
  // The window of a 5x5 kernel, its weights, and what they give with the bias.
  assert.equal(await explorer.locator(".number-grid").count(), 2);
  assert.equal(await explorer.locator(".number-grid td").count(), 50);
  await page.getByRole("tab", { name: "Kernels" }).click();
  await page.locator(".kernel").first().waitFor();
  assert.equal(await page.locator(".filter").count(), 6);
  await page.getByRole("tab", { name: "Confusion matrix" }).click();
  await page.getByRole("button", { name: "Test now" }).click();
  await page.locator(".confusion").waitFor();
  const cells = await page.locator(".confusion td:not(.numbers)").allInnerTexts();
  assert.equal(cells.length, 100);
  assert.equal(
    cells.reduce((sum, text) => sum + Number(text), 0),
    1000,
  );
  await page.getByRole("tab", { name: "Gradients" }).click();
  await page.locator(".gradients tbody tr").first().waitFor();
  assert.match(await page.locator(".gradients").innerText(), /\d of \d+/);
}

/** Turns the knobs of a training under way. */
async function changesWhileTraining(lab: Lab): Promise<void> {
  const { page } = lab;
  await lab.button("Start").click();
  const rate = page.getByRole("slider", { name: "Learning rate" });
  await rate.press("ArrowLeft");
  assert.equal(await rate.getAttribute("aria-valuetext"), "0.05");
  await page.getByLabel("Optimiser", { exact: true }).selectOption("adam");
  await page.getByLabel("Batch size", { exact: true }).selectOption("128");
  await page.getByRole("slider", { name: "Weight decay" }).press("ArrowRight");
  await page.getByLabel("Activation function", { exact: true }).selectOption("tanh");
  await page.getByRole("slider", { name: "Dropout" }).press("ArrowRight");
  await page.getByLabel("Batch normalisation", { exact: true }).check();
  const at = await lab.steps();
  await lab.reaches(at + 10);
  await lab.button("Pause").click();
  await lab.button("Start").waitFor();
}

async function backToACheckpoint(lab: Lab): Promise<void> {
  const { page } = lab;
  const slider = page.getByRole("slider", { name: "Checkpoints" });
  await lab.button("Keep one now").click();
  await slider.waitFor();
  await lab.train((await lab.steps()) + 5);
  await lab.button("Keep one now").click();
  // The worker answers when it has copied the weights: until then the slider is at one before.
  await page.waitForFunction(
    (step) => {
      const text = document.querySelector(".checkpoints input")?.getAttribute("aria-valuetext") ?? "";
      return (text.match(/\d[\d,]*/g) ?? []).some((number) => Number(number.replaceAll(",", "")) === step);
    },
    await lab.steps(),
  );
  const before = await slider.getAttribute("aria-valuetext");
  await slider.press("ArrowLeft");
  await page.waitForFunction(
    (text) => document.querySelector(".checkpoints input")?.getAttribute("aria-valuetext") !== text,
    before,
  );
}

onBothPages("own images become classes: dropped, chosen, of the camera, drawn", async (lab, kind) => {
  const { page } = lab;
  await lab.ready();
  await page.getByLabel(/^Your own images/).check();
  await addClass(page, "red");
  await dropFiles(card(page, "red"), [
    ...photos(12, [200, 20, 20]),
    { name: "notes.txt", type: "text/plain", bytes: Buffer.from("no image") },
  ]);
  await page.getByText("1 file is not an image").waitFor();
  await card(page, "red").getByText("12 images").waitFor();
  assert.equal(await lab.button("Use these images").isDisabled(), true);
  await addClass(page, "blue");
  const files = photos(9, [20, 20, 200]).map(({ name, type, bytes }) => ({
    name,
    mimeType: type,
    buffer: Buffer.from(bytes),
  }));
  await page.getByLabel("Add files to blue").setInputFiles(files);
  await card(page, "blue").getByText("9 images").waitFor();
  await lab.button("Camera for blue").click();
  const shutter = lab.button(/^Take a photo/);
  await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>("dialog .primary")?.disabled);
  await shutter.click();
  await page.locator("dialog").getByText("10 images").waitFor();
  await lab.button("Close the camera").click();
  await lab.button("Draw for red").click();
  await draw(page);
  await lab.button("Add the drawing").click();
  await lab.button("Done").click();
  await card(page, "red").getByText("13 images").waitFor();
  await page.getByText("colour", { exact: true }).click();
  await lab.button("Use these images").click();
  await page.getByText("The images are loaded.").first().waitFor();
  await lab.button("One step").click();
  await lab.reaches(1);
  await browser.load(lab, kind);
  await page.getByLabel(/^Your own images/).check();
  await card(page, "red").getByText("13 images").waitFor();
});

async function addClass(page: Page, name: string): Promise<void> {
  await page.getByLabel("New class").fill(name);
  await page.getByLabel("New class").press("Enter");
  await card(page, name).waitFor();
}

/** A stroke with the mouse. */
async function draw(page: Page): Promise<void> {
  const box = (await page.locator(".sketch canvas").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.7, { steps: 5 });
  await page.mouse.up();
}

onBothPages("an image is drawn, dropped or photographed, and the answer explained", async (lab) => {
  const { page } = lab;
  await lab.ready();
  await lab.train(30);
  await lab.go("Try it");
  await draw(page);
  await page.locator(".verdict").waitFor();
  const shares = (await page.locator(".bars .numbers").allInnerTexts()).map((text) =>
    Number.parseFloat(text),
  );
  assert.equal(shares.length, 10);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100) < 1, `${shares}`);
  assert.equal(await page.getByRole("img", { name: /^Warm colours mark/ }).count(), 1);
  assert.equal(await page.locator(".similar li").count(), 8);
  await page.getByText("File", { exact: true }).click();
  await dropFiles(page.getByRole("region", { name: /^Drop an image/ }), photos(1, [9, 9, 9]));
  await page.getByRole("img", { name: "Your image" }).waitFor();
  await page.locator(".verdict").waitFor();
  await page.getByText("Camera", { exact: true }).click();
  await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>(".camera .primary")?.disabled);
  await lab.button("Take a photo").click();
  await page.locator(".verdict").waitFor();
  await lab.button("See what each layer makes of it").click();
  await page.getByText("your image", { exact: true }).waitFor();
  await page.locator(".map").first().waitFor();
});

onePage(
  "isolated",
  "a network is built of blocks by mouse and keyboard, and mistakes are said at once",
  async (lab) => {
    const { page } = lab;
    await lab.ready();
    await lab.go("Network");
    await page.locator(".drawing svg").waitFor();
    await page.getByText("61,706 parameters").waitFor();
    await lab.button("Edit as blocks").click();
    const blocks = page.locator(".block");
    assert.equal(await blocks.count(), 12);
    // Without Flatten the dense layer stands behind feature maps.
    const flatten = blocks.filter({ has: page.locator(".block-name", { hasText: /^Flatten$/ }) });
    await flatten.focus();
    await page.keyboard.press("Delete");
    await page
      .getByText("Linear expects a vector, gets [16, 5, 5]: put Flatten before it.")
      .first()
      .waitFor();
    await page.getByRole("region", { name: "Add a block" }).getByRole("button", { name: "Flatten" }).click();
    // It came behind the block that was chosen, the dense one: the keyboard moves it up.
    await flatten.focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.getByText("61,706 parameters").waitFor();
    const first = blocks.nth(0);
    await first.getByLabel("channels").fill("8");
    await page.getByText("8 × 28 × 28").first().waitFor();
    // The grip of the first block, drawn below the second.
    await page.evaluate(() => window.scrollTo(0, 0));
    const grip = (await first.locator(".grip").boundingBox())!;
    const second = (await blocks.nth(1).boundingBox())!;
    await page.mouse.move(grip.x + 8, grip.y + 8);
    await page.mouse.down();
    await page.mouse.move(grip.x + 8, second.y + second.height - 3, { steps: 4 });
    await page.mouse.up();
    assert.match(await blocks.nth(0).innerText(), /^ReLU/);
    assert.match(await blocks.nth(1).innerText(), /^Conv2d/);
    await lab.train(3);
  },
);

onePage(
  "plain",
  "a network is written as code, with its mistakes, and code that never ends is stopped",
  async (lab) => {
    const { page } = lab;
    await lab.ready();
    await lab.go("Network");
    await page.locator("label", { hasText: /^Code$/ }).click();
    const editor = page.getByRole("textbox", { name: "Code" });
    await editor.waitFor();
    await page.getByText("61,706 parameters").waitFor();
    const write = async (code: string) => {
      await editor.click();
      await page.keyboard.press("Control+A");
      await page.keyboard.insertText(code);
    };
    await write("return nn.Sequential(nn.Flatten(), nn.Linear(256, classes));");
    await page.locator(".block-problem").getByText(/256/).waitFor();
    await write(
      "const width: number = 32;\nreturn nn.Sequential(\n  nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, classes));",
    );
    await page.getByText("25,450 parameters").waitFor();
    await lab.train(3);
    await lab.go("Take home");
    await page.getByRole("tab", { name: "PyTorch" }).click();
    await page
      .locator("pre", { hasText: "nn.Linear(in_features=784, out_features=32, bias=True)," })
      .waitFor();
    await lab.go("Network");
    await editor.waitFor();
    await write("return nn.Sequential(;");
    await page.getByText(/^Line 1:/).waitFor();
    await write("for (;;) {}");
    await page
      .locator(".block-problem")
      .getByText(/seconds/)
      .waitFor();
  },
);

onePage("isolated", "an experiment of the chapter trains two networks side by side", async (lab) => {
  const { page } = lab;
  await lab.ready();
  await lab.button("Experiments").click();
  await lab.button(/^Sigmoid or ReLU/).click();
  await lab.reaches(5);
  assert.match(await page.locator(".transport dl").innerText(), /Loss\s+\d\.\d+\s*\/\s*\d\.\d+/);
  await lab.button("Pause").click();
  await page.locator(".map").first().waitFor();
  await page.getByText("Network B", { exact: true }).click();
  await page.locator(".map").first().waitFor();
});

onePage(
  "isolated",
  "a learning rate that is too large pauses the training and names the layer",
  async (lab) => {
    await lab.ready();
    await lab.button("Experiments").click();
    await lab.button(/^A learning rate that is too large/).click();
    await lab.page
      .getByText(/The loss became NaN at step \d+\. It began in layer \d+ \(\w+\)\. Training has paused\./)
      .waitFor();
  },
);

onePage("plain", "code, weights and the whole experiment are taken home, and come back", async (lab) => {
  const { page } = lab;
  await lab.ready();
  await lab.train(5);
  await lab.go("Take home");
  assert.match(await page.locator("pre").innerText(), /nn\.Conv2d\(1, 6/);
  await page.getByRole("tab", { name: "PyTorch" }).click();
  assert.match(await page.locator("pre").innerText(), /nn\.Conv2d\(1, 6/);
  const saved = async (button: string) => {
    const [download] = await Promise.all([page.waitForEvent("download"), lab.button(button).click()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  };
  assert.match((await saved("network.py")).bytes.toString(), /import torch/);
  const weights = await saved("safetensors");
  assert.match(weights.name, /\.safetensors$/);
  assert.ok(weights.bytes.length > 61_706 * 4);
  assert.match((await saved("ONNX")).name, /\.onnx$/);
  assert.match((await saved("Web page")).bytes.subarray(0, 100).toString(), /<!doctype html>/i);
  assert.match((await saved("Run folder")).name, /\.zip$/);
  const experiment = await saved("Save as a file");
  await lab.button("Copy the link").click();
  await page.getByText("Copied.").waitFor();
  const hash = new URL(page.url()).hash;
  assert.match(hash, /^#e=/);
  await page.locator("input[type=file]").setInputFiles({
    name: experiment.name,
    mimeType: "application/octet-stream",
    buffer: experiment.bytes,
  });
  await page.getByText(`${experiment.name} is open, with its weights.`).waitFor();
  await browser.load(lab, "plain", hash);
  await lab.ready();
});

onePage(
  "plain",
  "a file of a newer version and a damaged link are said, and nothing is lost",
  async (lab) => {
    const { page } = lab;
    await lab.ready();
    await lab.go("Take home");
    await page.locator("input[type=file]").setInputFiles({
      name: "newer.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify({ format: "convoyant-lab-9" })),
    });
    await page
      .getByText("This experiment comes from a newer version of the Lab (convoyant-lab-9).")
      .waitFor();
    await lab.button("Dismiss this message").click();
    await page.evaluate(() => {
      location.hash = "#e=damaged";
    });
    await page.getByText("This is not an experiment of the Lab, or it is damaged.").waitFor();
    await lab.train(2);
  },
);

onePage("plain", "a training of the command line is shown as soon as the page is there", async (lab) => {
  const { page } = lab;
  const message = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  const start = {
    model: "bn-lenet",
    name: "evening",
    epochs: 2,
    stepsPerEpoch: 10,
    batchSize: 256,
    classes: [],
    part: "whole",
  };
  const point = { epoch: 1, trainLoss: 0.75, trainAccuracy: 0.5, testLoss: 0.8, testAccuracy: 0.625 };
  await page.route("**/lab.json", (route) =>
    route.fulfill({ json: { folders: [], runs: [], live: "lab/live" } }),
  );
  await page.route("**/lab/live", (route) =>
    route.fulfill({
      contentType: "text/event-stream",
      body: message("start", { ...start, learningRate: 1, points: [point] }),
    }),
  );
  await browser.load(lab, "plain");
  await page.getByText("bn-lenet").first().waitFor();
  await page.getByText("0.750").waitFor();
  await page.getByText("62.5 %").waitFor();
  await page.unrouteAll();
});
