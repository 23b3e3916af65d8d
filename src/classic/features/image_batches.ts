/** Images on their way to workers, and features on their way back. */
import type { Image } from "../../records/image.ts";
import type { ImageFeatures, ImageFunction } from "./extractor.ts";

/** Several images in one piece of memory, which is handed over. */
export interface ImageBatch {
  /** Width, height and channels of each image. */
  readonly sizes: Int32Array;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Their features in one piece. */
export interface FeatureBatch {
  /** How many rows each image has. */
  readonly rows: Int32Array;
  readonly data: Float32Array<ArrayBuffer>;
  /** The key points of all rows; null if rows are not of points. */
  readonly keypoints: Float32Array<ArrayBuffer> | null;
}

/** About how many pixels a batch has: enough to be worth a message. */
const PIXELS = 2 ** 18;

/** Where each batch begins; the last number is how many images there are. */
export function batchStarts(images: readonly Image[]): number[] {
  const starts = [0];
  let pixels = 0;
  for (const [index, { width, height }] of images.entries()) {
    if (pixels >= PIXELS) {
      starts.push(index);
      pixels = 0;
    }
    pixels += width * height;
  }
  return images.length === 0 ? [0] : [...starts, images.length];
}

export function packImages(images: readonly Image[]): ImageBatch {
  const sizes = new Int32Array(images.length * 3);
  const bytes = new Uint8Array(images.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const [index, { width, height, channels, data }] of images.entries()) {
    sizes.set([width, height, channels], index * 3);
    bytes.set(data, at);
    at += data.length;
  }
  return { sizes, bytes };
}

function* unpacked({ sizes, bytes }: ImageBatch): Generator<Image> {
  let at = 0;
  for (let i = 0; i < sizes.length; i += 3) {
    const [width, height, channels] = sizes.subarray(i, i + 3);
    const end = at + width * height * channels;
    yield { width, height, channels: channels as Image["channels"], data: bytes.subarray(at, end) };
    at = end;
  }
}

/** The features of a batch. */
export function featuresOfBatch(batch: ImageBatch, compute: ImageFunction): FeatureBatch {
  const found: ImageFeatures[] = [];
  for (const image of unpacked(batch)) found.push(compute(image));
  const points = found.some(({ keypoints }) => keypoints !== null);
  return {
    rows: Int32Array.from(found, ({ rows }) => rows),
    data: joined(found.map(({ data }) => data)),
    keypoints: points ? joined(found.map(({ keypoints }) => keypoints ?? new Float32Array())) : null,
  };
}

/** Arrays one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
