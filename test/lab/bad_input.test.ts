/** What can go wrong in the Lab, in one page, as it happens to a person. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { toHash } from "../../apps/lab/src/experiment/address.ts";
import { FIRST_EXPERIMENT } from "../../apps/lab/src/experiment/experiment.ts";
import { card, type Lab, LabBrowser, noLab } from "./lab_page.ts";
import { png } from "./png.ts";

test("what goes wrong is said where it happens, and the rest stays", { skip: noLab }, async () => {
  const browser = await LabBrowser.start();
  try {
    const lab = await browser.blank();
    const { page } = lab;
    await page.addInitScript(watchWorkers);
    await browser.load(lab, "plain");
    await lab.ready();
    await page.getByLabel(/^Your own images/).check();
    await fullStorage(lab, browser.origin);
    await folderByDrop(page);
    await card(page, "cats").getByText("3 images").waitFor();
    await folderByChoice(page);
    await refusedCamera(lab);
    await manyImages(lab);
    await page.getByLabel(/^Fashion-MNIST, a part/).check();
    await lab.ready();
    await lostWorker(lab);
    await othersCode(lab);
    await codeOfAFile(lab);
    await tooLarge(lab);
    await noSimd(lab);
    await lab.close();
  } finally {
    await browser.close();
  }
});

/** The browser refuses to keep more; what is removed, or freed elsewhere, makes room again. */
async function fullStorage(lab: Lab, origin: string): Promise<void> {
  const { page } = lab;
  const session = await page.context().newCDPSession(page);
  // Before anything is kept: Chromium asks for the room there is only now and then.
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  await page.getByLabel("New class").fill("dogs");
  await page.getByLabel("New class").press("Enter");
  const full = page.getByText("The browser's storage is full.");
  await full.waitFor();
  await page.locator(".problem").getByRole("button").click();
  await page.getByLabel("Choose a folder").setInputFiles(photos("dogs", 1));
  await full.waitFor();
  assert.equal(await page.locator(".class-card").count(), 0);
  await page.locator(".problem").getByRole("button").click();
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await session.detach();
}

/** A folder on the disk with a folder of images, a text, and what systems hide in folders. */
function photos(className: string, count: number): string {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-photos-"));
  made.push(folder);
  mkdirSync(join(folder, className));
  for (let i = 0; i < count; i++) writeFileSync(join(folder, className, `${i}.png`), png([9, 9, i]));
  writeFileSync(join(folder, className, ".DS_Store"), "");
  writeFileSync(join(folder, "readme.txt"), "no image");
  return folder;
}

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Of a folder that is chosen, each folder inside becomes a class; a file that is not an image makes none. */
async function folderByChoice(page: Page): Promise<void> {
  await page.getByLabel("Choose a folder").setInputFiles(photos("dogs", 2));
  await card(page, "dogs").getByText("2 images").waitFor();
  await page.getByText("1 file is not an image").waitFor();
  await page.getByText("readme.txt", { exact: true }).waitFor();
  assert.equal(await page.locator(".class-card").count(), 2);
}

/** A folder as the desktop gives it; a program cannot make one, so its entries are made here. */
async function folderByDrop(page: Page): Promise<void> {
  await page.getByRole("region", { name: /^Drop folders here/ }).evaluate(
    (place, base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const file = (name: string) => ({
        isDirectory: false,
        file: (take: (file: File) => void) => take(new File([bytes], name, { type: "image/png" })),
      });
      const lists = [[file("1.png"), file("2.png")], [file("3.png"), file(".hidden")], []];
      const entry = {
        isDirectory: true,
        name: "cats",
        createReader: () => ({ readEntries: (take: (list: unknown) => void) => take(lists.shift()) }),
      };
      const transfer = new DataTransfer();
      transfer.items.add(new File([], "cats"));
      const { prototype } = DataTransferItem;
      const given = prototype.webkitGetAsEntry;
      prototype.webkitGetAsEntry = () => entry as unknown as FileSystemEntry;
      place.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
      prototype.webkitGetAsEntry = given;
    },
    Buffer.from(png([9, 9, 9])).toString("base64"),
  );
}

async function refusedCamera(lab: Lab): Promise<void> {
  await lab.page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("denied", "NotAllowedError"));
  });
  await lab.button("Camera for cats").click();
  await lab.page.getByText(/^The camera was refused\. Allow it/).waitFor();
  await lab.button("Close the camera").click();
}

/** Drops copies of one image onto a class. */
async function dropCopies(page: Page, name: string, count: number, bytes: Uint8Array): Promise<void> {
  await card(page, name).evaluate(
    (place, { base64, count }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      for (let i = 0; i < count; i++)
        transfer.items.add(new File([bytes], `${i}.png`, { type: "image/png" }));
      place.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
    },
    { base64: Buffer.from(bytes).toString("base64"), count },
  );
}

async function manyImages(lab: Lab): Promise<void> {
  const { page } = lab;
  await dropCopies(page, "cats", 10_000, png([9, 9, 9]));
  await page.getByText(/^Reading images: [1-9][\d,]* of 10,?000/).waitFor();
  await lab.button("Cancel").click();
  await page.getByText(/^Reading images/).waitFor({ state: "detached" });
  const kept = Number((await card(page, "cats").innerText()).match(/([\d,]+) images/)?.[1].replace(",", ""));
  assert.ok(kept > 3 && kept < 10_000, `${kept} images`);
}

/** Runs in the page first: a worker that ends tells its page with an error. */
function watchWorkers(): void {
  const Made = Worker;
  window.Worker = class extends Made {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      addEventListener("lose-worker", () => {
        this.terminate();
        this.dispatchEvent(new ErrorEvent("error", { message: "ended", cancelable: true }));
      });
    }
  };
}

/** The training begins in a new worker. */
async function lostWorker(lab: Lab): Promise<void> {
  const { page } = lab;
  await lab.train(3);
  await page.evaluate(() => dispatchEvent(new Event("lose-worker")));
  await page.getByText("The training stopped unexpectedly.").waitFor();
  await lab.train(2);
  await page.getByText("The training stopped unexpectedly.").waitFor({ state: "detached" });
}

/** Code of a link runs when the person says so. */
async function othersCode(lab: Lab): Promise<void> {
  const { page } = lab;
  const code = "return nn.Sequential(nn.Flatten(), nn.Linear(784, classes)); // of a link";
  const hash = await toHash({ ...FIRST_EXPERIMENT, networks: [{ kind: "code", size: 28, code }] });
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.getByText("This experiment holds code. Run it?").waitFor();
  await page.getByText("// of a link").waitFor();
  await lab.button("Run it").click();
  await page.locator(".network-controls legend", { hasText: "Code" }).waitFor();
  await lab.ready();
  await lab.train(2);
}

/** So does that of a file that is opened; code that never ends is stopped, and what was there goes on. */
async function codeOfAFile(lab: Lab): Promise<void> {
  const { page } = lab;
  const open = async (code: string) => {
    await lab.go("Take home");
    const text = JSON.stringify({ ...FIRST_EXPERIMENT, networks: [{ kind: "code", size: 28, code }] });
    await page.locator("input[type=file]").setInputFiles({
      name: "experiment.json",
      mimeType: "application/json",
      buffer: Buffer.from(text),
    });
    await page.getByText("This experiment holds code. Run it?").waitFor();
  };
  await open("for (;;) {} // of a file");
  await page.getByText("// of a file").waitFor();
  await lab.button("Do not run it").click();
  await lab.go("Train");
  await page.locator(".network-controls legend", { hasText: "Code" }).waitFor();
  const before = await lab.steps();
  await lab.train(before + 1);
  await open("for (;;) {} // of a file");
  await lab.button("Run it").click();
  await page.getByText(/^The network's code did not end within \d+ seconds and was stopped\./).waitFor();
}

/** It is said beside the network, and at Start; a smaller one is trained at once. */
async function tooLarge(lab: Lab): Promise<void> {
  const { page } = lab;
  await lab.go("Network");
  await page.locator("input[value=known]").check();
  await page.locator(".known label", { hasText: "VGG-11" }).click();
  await page.getByLabel("Image size", { exact: true }).selectOption("96");
  const width = page.getByRole("slider", { name: "Width" });
  await width.press("End");
  await page.getByText(/takes about [\d.]+ GB, more than a page can have/).waitFor();
  await lab.button("Start").click();
  const said = page.getByText("This does not fit into the memory that a page can have.");
  await said.waitFor();
  await width.press("Home");
  await page.getByLabel("Image size", { exact: true }).selectOption("28");
  await lab.train(1);
  await said.waitFor({ state: "detached" });
  // What is shown is what is trained: a network with a mistake is not started with the one before.
  await lab.button("Edit as blocks").click();
  await page.locator(".block").first().focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("Delete");
  await page.locator(".block").last().focus();
  await page.keyboard.press("Delete");
  const steps = await lab.steps();
  await lab.button("Start").click();
  await page
    .locator(".problem")
    .getByText(/classes/)
    .waitFor();
  assert.equal(await lab.steps(), steps);
}

/** The page builds and saves networks all the same. */
async function noSimd(lab: Lab): Promise<void> {
  const { page } = lab;
  const faults = [...lab.faults];
  await page.route("**/training_worker-*.js", async (route) => {
    const response = await route.fetch();
    const without = "WebAssembly.validate = () => false;";
    await route.fulfill({ response, body: `${without}\n${await response.text()}` });
  });
  await page.goto(page.url().replace(/#.*/, ""));
  await page.getByText("This browser has no WebAssembly SIMD, which the training needs.").waitFor();
  await lab.go("Network");
  await page.getByText("61,706 parameters").waitFor();
  assert.deepEqual(lab.faults, faults);
}
