/** The promise, end to end: the same answers wherever the shipment runs, as far as that is installed here. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import { stopEngine, useEngine } from "../../src/index.ts";
import { type ShipOptions, ship, type VerificationRow } from "../../src/ship/index.ts";
import { rowHolds } from "../../src/ship/verify/verification.ts";
import { noBrowser } from "../browser/chromium.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { writeClassifier, writeImages } from "./small_classifier.ts";

/** Photographs that Debian's tuxpaint-stamps-default installs. */
const STAMPS = "/usr/share/tuxpaint/stamps/animals/birds";

const root = temporaryFolder();
const images = join(root, "images");
let count: number;

before(async () => {
  await useEngine("wasm", { threads: 1 });
  mkdirSync(images);
  count = writeImages(images).length;
});
after(() => stopEngine());

async function verified(name: string, options: ShipOptions): Promise<Record<string, VerificationRow>> {
  const out = join(root, `out-${name}-${options.dtype ?? ""}`);
  const source = await writeClassifier(join(root, `${name}.safetensors`), name);
  const { verification } = await ship(source, out, options);
  assert.ok(verification?.holds, JSON.stringify(verification));
  const card = readFileSync(join(out, "README.md"), "utf8");
  for (const row of verification.rows) {
    assert.ok(rowHolds(row), JSON.stringify(row));
    assert.ok(card.includes(`| ${row.name} | `), row.name);
  }
  return Object.fromEntries(verification.rows.map((row) => [row.name, row]));
}

const imagesOf = ({ outcome }: VerificationRow) => ("images" in outcome ? outcome.images : outcome.skipped);

test("every engine, the page, and what else is installed answer the same from the JPEG bytes on", async () => {
  const rows = await verified("mobilenet-v3-small", { verify: true, images: [images], dtype: "bfloat16" });
  assert.equal(imagesOf(rows["Node.js, wasm"]), count);
  assert.equal(imagesOf(rows["Node.js, reference"]), 2);
  if (!noBrowser) assert.equal(imagesOf(rows["The page in Chromium"]), count);
  for (const name of ["onnxruntime-node", "onnxruntime-web"])
    assert.ok(imagesOf(rows[name]) === count || /is not installed/.test(String(imagesOf(rows[name]))), name);
});

test("photographs with alpha answer the same", {
  skip: existsSync(STAMPS) ? false : "tuxpaint-stamps-default is not installed",
}, async () => {
  const rows = await verified("efficientnet-lite0", { verify: 4, images: [STAMPS] });
  assert.equal(imagesOf(rows["Node.js, wasm"]), 4);
  if (!noBrowser) assert.equal(imagesOf(rows["The page in Chromium"]), 4);
});

test("a source that does not say what it was tested on needs images", async () => {
  const source = await writeClassifier(join(root, "no-images.safetensors"));
  await assert.rejects(ship(source, join(root, "none"), { verify: true }), ArgumentError);
});
