/** The check on real photographs: Debian's package tuxpaint-stamps-default. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { checkData, type DataCheck } from "../../../src/experiments/data_check/check_data.ts";
import { readImage } from "../../../src/io/images/decode_image.ts";
import { resample } from "../../../src/report/image.ts";
import { blurred, plain, put } from "./checked_folder.ts";

const STAMPS = "/usr/share/tuxpaint/stamps";
const skip = existsSync(STAMPS) ? false : "tuxpaint-stamps-default is not installed";
const root = mkdtempSync(join(tmpdir(), "convoyant-photographs-"));
after(() => rmSync(root, { recursive: true }));

/** Photographs of a few classes, every third one in the split `val`. */
function copyPhotographs(): void {
  for (const label of ["animals/birds", "animals/mammals", "food/fruit", "plants/flowers"]) {
    const folder = join(STAMPS, label);
    const names = readdirSync(folder).filter((name) => name.endsWith(".png"));
    for (const [i, name] of names.sort().slice(0, 24).entries()) {
      const target = join(root, i % 3 === 0 ? "val" : "train", basename(label));
      mkdirSync(target, { recursive: true });
      copyFileSync(join(folder, name), join(target, name));
    }
  }
}

const keyOf = ({ check, images }: DataCheck["issues"][number]) =>
  `${check}: ${images.map(({ name }) => name).join(" ")}`;

test("of planted faults exactly those are found among photographs", { skip }, async () => {
  copyPhotographs();
  const before = await checkData(root);
  assert.ok(before.images > 50, String(before.images));
  // Cut-outs are of all shapes and sizes; but none is a duplicate, damaged, blurred, dark or empty.
  for (const { check, message } of before.issues) assert.match(check, /^odd-(size|aspect)$/, message);
  const natural = new Set(before.issues.map(keyOf));
  const sizeOf = (name: string) => readFileSync(join(root, "train/birds", name)).length;
  const [first, second, third, fourth] = readdirSync(join(root, "train/birds"))
    .sort((a, b) => sizeOf(b) - sizeOf(a))
    .slice(2, 6);
  const bird = (name: string) => join(root, "train/birds", name);
  copyFileSync(bird(first), bird("copied.png"));
  const image = await readImage(bird(second));
  put(root, "train/birds/resized.jpg", resample(image, image.width >> 1, image.height >> 1));
  copyFileSync(bird(third), join(root, "val/birds", `moved_${third}`));
  put(
    root,
    "train/fruit/blurred.jpg",
    blurred(await readImage(join(STAMPS, "animals/fish/clownfish.png")), 6),
  );
  put(root, "train/mammals/black.jpg", plain(0, 150, 150));
  put(root, "train/mammals/cut.png", readFileSync(bird(fourth)).subarray(0, 9000));
  const planted = (await checkData(root)).issues.map(keyOf).filter((key) => !natural.has(key));
  const pair = (...names: string[]) =>
    names
      .map((name) => `train/birds/${name}`)
      .sort()
      .join(" ");
  assert.deepEqual(planted.sort(), [
    "blurry: train/fruit/blurred.jpg",
    "dark: train/mammals/black.jpg",
    `exact-duplicates: ${pair(first, "copied.png")}`,
    `leakage: train/birds/${third} val/birds/moved_${third}`,
    "low-information: train/mammals/black.jpg",
    `near-duplicates: ${pair(second, "resized.jpg")}`,
    "unreadable: train/mammals/cut.png",
  ]);
});
