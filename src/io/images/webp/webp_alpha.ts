/** The alpha of lossy WebP. Source: RFC 9649, section 2.7.1.2. */
import type { ImageFailure } from "../image_failure.ts";
import { decodePixels } from "./vp8l.ts";

/** A byte of alpha for each pixel of a frame, from its ALPH chunk. */
export function readAlpha(chunk: Uint8Array, width: number, height: number, fail: ImageFailure): Uint8Array {
  const compression = chunk[0] & 3;
  const filter = (chunk[0] >> 2) & 3;
  if (chunk.length < 1 || compression > 1) throw fail("its alpha is damaged");
  const data = chunk.subarray(1);
  const alpha = new Uint8Array(width * height);
  if (compression === 0) {
    if (data.length < alpha.length) throw fail("its alpha is cut short");
    alpha.set(data.subarray(0, alpha.length));
  } else {
    const pixels = decodePixels(data, width, height, fail);
    for (let i = 0; i < alpha.length; i++) alpha[i] = pixels[4 * i + 1];
  }
  if (filter > 0) unfilter(alpha, width, filter);
  return alpha;
}

/** Adds the alpha to the left (1), above (2), or left + above - above left within 0 to 255 (3). */
function unfilter(alpha: Uint8Array, width: number, filter: number): void {
  for (let i = 1; i < alpha.length; i++) {
    const isFirst = i % width === 0;
    if (i < width) alpha[i] += alpha[i - 1];
    else if (isFirst || filter === 2) alpha[i] += alpha[i - width];
    else if (filter === 1) alpha[i] += alpha[i - 1];
    else alpha[i] += Math.min(255, Math.max(0, alpha[i - 1] + alpha[i - width] - alpha[i - width - 1]));
  }
}
