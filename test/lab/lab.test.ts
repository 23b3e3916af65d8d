/** Each step of the Lab, done as a person does it, on both kinds of page. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { dropFiles, KINDS, type Kind, type Lab, LabBrowser, noLab } from "./lab_page.ts";

/** What a page loads before the data, gzipped. */
const MOST_BYTES = 300_000;

let browser: LabBrowser;

before(async () => {
  if (!noLab) browser = await LabBrowser.start();
});
after(() => browser?.close());

/** A small image of one colour as a PNG. */
function png(red: number, green: number, blue: number): Uint8Array {
  const side = 16;
  const chunk = (name: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 2, 0, 0, 0]);
  const row = Buffer.from([0, ...Array.from({ length: side }, () => [red, green, blue]).flat()]);
  const rows = Buffer.concat(Array.from({ length: side }, () => row));
  const magic = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    magic,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.of()),
  ]);
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const images = (count: number, colour: (i: number) => [number, number, number]) =>
  Array.from({ length: count }, (_, i) => ({
    name: `${i}.png`,
    type: "image/png",
    bytes: png(...colour(i)),
  }));

/** Runs a test in a page of each kind. */
function onBothPages(name: string, run: (lab: Lab, kind: Kind) => Promise<void>): void {
  for (const kind of KINDS)
    test(`${name} (${kind})`, { skip: noLab }, async () => {
      const lab = await browser.open(kind);
      await run(lab, kind);
      await lab.close();
    });
}

describe("the Lab", { skip: noLab }, () => {
  onBothPages("loads little, asks no one else, trains, and shows what happens inside", async (lab, kind) => {
    const { page } = lab;
    const sizes: Promise<number>[] = [];
    const outside: string[] = [];
    page.on("response", (response) => {
      const url = response.url();
      if (!url.startsWith(browser.origin) && !url.startsWith("blob:")) outside.push(url);
      if (!url.includes("/data/") && url.startsWith("http"))
        sizes.push(
          response.body().then(
            (body) => gzipSync(body, { level: 9 }).length,
            () => 0,
          ),
        );
    });
    await page.reload();
    await lab.ready();
    await page.locator(".gallery canvas").first().waitFor();
    assert.equal(await page.locator(".gallery > li").count(), 10);
    await lab.go("Train");
    await lab.train(20);
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes before the data`);
    assert.deepEqual(outside, []);
    assert.match(await page.locator(".engine").innerText(), kind === "plain" ? /1 thread/ : /thread/);
    const before = await lab.steps();
    await lab.button("One step").click();
    await page.getByText(String(before + 1), { exact: true }).waitFor();
    await insides(lab);
  });
});

/** Looks at the four panels of a training. */
async function insides(lab: Lab): Promise<void> {
  const { page } = lab;
  await page.locator(".map").first().click();
  const explorer = page.locator(".explorer");
  await explorer.locator(".sum").waitFor();
  const value = await explorer.locator(".arithmetic strong").first().innerText();
  await explorer.getByRole("application").press("ArrowRight");
  await page.waitForFunction(
    (text) => document.querySelector(".arithmetic strong")?.textContent !== text,
    value,
  );
  await page.getByRole("tab", { name: "Kernels" }).click();
  await page.locator(".kernel").first().waitFor();
  assert.equal(await page.locator(".filter").count(), 6);
  await page.getByRole("tab", { name: "Confusion matrix" }).click();
  await lab.button("Test now").click();
  await page.locator(".confusion").waitFor();
  const cells = await page.locator(".confusion td:not(.numbers)").allInnerTexts();
  assert.equal(cells.length, 100);
  assert.equal(
    cells.reduce((sum, text) => sum + Number(text), 0),
    1000,
  );
  await page.getByRole("tab", { name: "Gradients" }).click();
  await page.locator(".gradients tbody tr").first().waitFor();
}

void readFileSync;
void dropFiles;
void images;
