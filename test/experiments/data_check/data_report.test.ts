import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FileError } from "../../../src/base/errors.ts";
import { checkData } from "../../../src/experiments/data_check/check_data.ts";
import { writeDataReport } from "../../../src/experiments/data_check/data_report.ts";
import { decodeImage } from "../../../src/io/images/decode_image.ts";
import { plain, put, scene } from "./checked_folder.ts";

const top = mkdtempSync(join(tmpdir(), "convoyant-report-"));
after(() => rmSync(top, { recursive: true }));

test("the page shows what was found with small images, names escaped, and loads nothing", async () => {
  const root = join(top, "photos");
  for (let i = 0; i < 4; i++) put(root, `ant/${i}.jpg`, scene(i));
  for (let i = 0; i < 4; i++) put(root, `bee/${i}.jpg`, scene(10 + i, 1));
  put(root, "ant/a<b>&'.jpg", scene(20, 0, 600, 450));
  put(root, "bee/a.jpg", scene(20, 0, 600, 450));
  put(root, "bee/black.jpg", plain(0));
  put(root, "bee/cut.jpg", new Uint8Array(3));
  const file = join(top, "report.html");
  const check = await checkData(root);
  await writeDataReport(check, file);
  const page = readFileSync(file, "utf8");
  assert.match(page, /<h1>Data check<\/h1>/);
  assert.match(page, /ant\/(<wbr>)?a&lt;b&gt;&amp;&#39;\.jpg/);
  assert.ok(!/<script|a<b>|https?:\/\//.test(page));
  assert.match(page, /default-src 'none'; img-src data:/);
  for (const heading of [
    "Unreadable files (1)",
    "Duplicates with different labels (1)",
    "Too dark (1)",
    "Odd size (2)",
  ])
    assert.ok(page.includes(`>${heading}</h2>`), heading);
  assert.match(page, /Labels likely wrong<\/th><td class="num ">not checked/);
  assert.match(page, /Blurry<\/th><td class="num inside">none/);
  // Each image once for each finding; what cannot be read is named without one.
  const uris = [...page.matchAll(/src="data:image\/jpeg;base64,([^"]+)"/g)].map(([, text]) => text);
  assert.equal(uris.length, 6);
  const sizes = await Promise.all(uris.map((text) => decodeImage(Buffer.from(text, "base64"))));
  assert.deepEqual(
    sizes.map(({ width, height }) => [width, height]),
    [
      [260, 195],
      [260, 195],
      [96, 72],
      [96, 72],
      [260, 195],
      [260, 195],
    ],
  );
  assert.match(page, /<dt>bee\/<wbr>cut\.jpg<\/dt><dd>[^<]+<\/dd>/);
  await assert.rejects(writeDataReport(check, join(top, "none", "report.html")), FileError);
});
