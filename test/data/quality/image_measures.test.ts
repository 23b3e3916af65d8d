import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { imageMeasures } from "../../../src/data/quality/image_measures.ts";
import { hashText } from "../../../src/data/quality/perceptual_hash.ts";
import type { Image } from "../../../src/records/image.ts";
import { patternImage } from "./measured_images.ts";

const recorded = JSON.parse(
  readFileSync(new URL("../../../../test/fixtures/quality/measures.json", import.meta.url), "utf8"),
);

test("hash, sharpness, contrast, entropy and brightness are imagehash's, OpenCV's, NumPy's and Pillow's", () => {
  for (const one of recorded) {
    const { kind, width, height, channels } = one;
    const name = `${kind} ${width} x ${height} x ${channels}`;
    const measures = imageMeasures(patternImage(kind, width, height, channels));
    assert.equal(hashText(measures.hash), one.hash, name);
    close(measures.sharpness, one.sharpness, name);
    close(measures.relativeSharpness, one.spread === 0 ? 0 : one.sharpness / one.spread, name);
    close(measures.contrast, one.contrast, name);
    close(measures.entropy, one.entropy, name);
    assert.deepEqual(Object.values(measures.brightness), one.brightness, name);
    if (one.colours !== null) assert.deepEqual([...measures.colours], one.colours, name);
    assert.deepEqual([measures.width, measures.height], [width, height]);
  }
});

function close(own: number, expected: number, name: string): void {
  assert.ok(
    Math.abs(own - expected) <= 1e-9 * Math.max(1, expected),
    `${name}: ${own}, expected ${expected}`,
  );
}

test("an image whose sizes and data do not belong together is refused", () => {
  const image: Image = { width: 2, height: 2, channels: 3, data: new Uint8Array(4) };
  assert.throws(() => imageMeasures(image), /imageMeasures: image of 2 by 2 with 3 channels and 4 values/);
});
