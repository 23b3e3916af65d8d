/** The images and results of test/fixtures/features. */
import { readFileSync } from "node:fs";
import { decodeImage } from "../../../src/io/images/decode_image.ts";
import type { Image } from "../../../src/records/image.ts";

const file = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/features/${name}`, import.meta.url));

export const readJson = (name: string) => JSON.parse(file(name).toString());

export const readBinary = (name: string): Uint8Array => new Uint8Array(file(name));

export const fixtureImage = (name: string): Promise<Image> => decodeImage(file(`${name}.png`));

/** A part of an image. */
export function cut(image: Image, left: number, top: number, width: number, height: number): Image {
  const { channels } = image;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** The images that make_filters.py works on. */
export async function smallImages(): Promise<Record<"grey" | "small" | "coffee", Image>> {
  const chelsea = await fixtureImage("chelsea");
  return {
    grey: cut(chelsea, 150, 80, 53, 40),
    small: cut(chelsea, 180, 100, 28, 28),
    coffee: await fixtureImage("coffee"),
  };
}

/** An image of any content: the same for the same numbers. */
export function madeImage(width: number, height: number, channels: 1 | 3 | 4 = 1, seed = 1): Image {
  const data = new Uint8Array(width * height * channels);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { width, height, channels, data };
}
