/** Folders of images for tests of the data check. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeJpeg } from "../../../src/io/images/jpeg/encode_jpeg.ts";
import type { Image } from "../../../src/records/image.ts";
import { numbers } from "../../train/small_data.ts";

/** A sharp image of its own for each number: coloured rectangles. Those of a class share its colour. */
export function scene(seed: number, hue = 0, width = 96, height = 72): Image {
  const next = numbers(1000 + 77 * seed);
  for (let i = 0; i < 10; i++) next();
  const data = new Uint8Array(width * height * 3).fill(200);
  for (let shape = 0; shape < 14; shape++) {
    const [left, top] = [next() * width, next() * height];
    const [right, bottom] = [left + 8 + (next() * width) / 3, top + 6 + (next() * height) / 3];
    const colour = [40 + 215 * next(), 40 + 215 * next(), 40 + 215 * next()];
    colour[hue % 3] = 250;
    for (let y = Math.floor(top); y < Math.min(height, bottom); y++)
      for (let x = Math.floor(left); x < Math.min(width, right); x++)
        for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = colour[c];
  }
  return { width, height, channels: 3, data };
}

/** The image blurred: the mean over a square, three times. */
export function blurred(image: Image, radius: number): Image {
  let { data } = image;
  for (let pass = 0; pass < 3; pass++) data = boxed(boxed(data, image, radius, 1, 0), image, radius, 0, 1);
  return { ...image, data };
}

function boxed(data: Uint8Array, { width, height }: Image, radius: number, dx: number, dy: number) {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    let sum = 0;
    for (let k = -radius; k <= radius; k++) {
      const [u, v] = [
        Math.min(width - 1, Math.max(0, x + k * dx)),
        Math.min(height - 1, Math.max(0, y + k * dy)),
      ];
      sum += data[(v * width + u) * 3 + c];
    }
    out[i] = Math.round(sum / (2 * radius + 1));
  }
  return out;
}

/** One colour everywhere. */
export function plain(level: number, width = 96, height = 72): Image {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(level) };
}

/** Writes an image as JPEG, or bytes as they are, under a name below the folder. */
export function put(folder: string, name: string, what: Image | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, what instanceof Uint8Array ? what : encodeJpeg(what, { quality: 90 }));
  return path;
}
