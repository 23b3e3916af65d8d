/** What can go wrong in the Lab, in one page, as it happens to a person. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { toHash } from "../../apps/lab/src/experiment/address.ts";
import { FIRST_EXPERIMENT } from "../../apps/lab/src/experiment/experiment.ts";
import { card, type Lab, LabBrowser, noLab } from "./lab_page.ts";
import { png } from "./png.ts";

test("what goes wrong is said where it happens, and the rest stays", { skip: noLab }, async () => {
  const browser = await LabBrowser.start();
  try {
    const lab = await browser.open("plain");
    const { page } = lab;
    await lab.ready();
    await page.getByLabel(/^Your own images/).check();
    await folderByDrop(page);
    await card(page, "cats").getByText("3 images").waitFor();
    await refusedCamera(lab);
    await manyImages(lab);
    await page.getByLabel(/^Fashion-MNIST, a part/).check();
    await lab.ready();
    await lostWorker(lab);
    await othersCode(lab);
    await lab.close();
  } finally {
    await browser.close();
  }
});

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

/** A worker that ends tells its page with an error. */
async function lostWorker(lab: Lab): Promise<void> {
  const { page } = lab;
  await page.addInitScript(() => {
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
  });
  await page.reload();
  await lab.ready();
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
  const open = () =>
    page.evaluate((to) => {
      location.hash = "";
      location.hash = to;
    }, hash);
  await open();
  await page.getByText("This experiment holds code. Run it?").waitFor();
  await page.getByText("// of a link").waitFor();
  await lab.button("Do not run it").click();
  await lab.train(2);
  await open();
  await lab.button("Run it").click();
  await page.locator(".network-controls legend", { hasText: "Code" }).waitFor();
  await lab.ready();
  await lab.train(2);
}
