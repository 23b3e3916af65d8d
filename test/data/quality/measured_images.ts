/** Images that a formula of integers gives: those of test/fixtures/quality/make.py. */
import type { Image } from "../../../src/records/image.ts";

const wave = (n: number) => Math.min(255, Math.abs((((n % 512) + 512) % 512) - 256));

const PATTERNS: Readonly<Record<string, (x: number, y: number, c: number) => number>> = {
  smooth: (x, y, c) => Math.floor((wave(3 * x + y + 40 * c) + wave(2 * y - x + 900)) / 2),
  busy: (x, y, c) => ((7 * x + 3 * y) * (c + 1) + ((x * y) >> 3)) % 256,
  blocks: (x, y, c) => ((Math.floor(x / 9) + Math.floor(y / 5) + c) * 83) % 256,
  step: (x, y, c) => (x > 2 * y ? 230 - 20 * c : 25),
  black: () => 0,
  white: () => 255,
  grey: () => 77,
};

export function patternImage(kind: string, width: number, height: number, channels: 1 | 3): Image {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    data[i] = PATTERNS[kind](pixel % width, Math.floor(pixel / width), i % channels);
  }
  return { width, height, channels, data };
}
