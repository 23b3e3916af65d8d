/** Image files as small squares, by the browser's own decoders. */
import { LabError } from "../worker/problem.ts";

/** Edge in pixels of own images as they are kept: the largest that the Lab's networks take. */
export const KEPT_SIDE = 96;

/** Of one kept image: red, green, blue of each pixel. */
export const KEPT_BYTES = KEPT_SIDE * KEPT_SIDE * 3;

/** What is taken of one file at most. */
const MOST_FILE_BYTES = 64 * 2 ** 20;

/**
 * The middle of an image, as large as its shorter edge, on white.
 *
 * @throws LabError "no image" for a file that is none, or damaged.
 */
export async function decodeSquare(source: Blob | ImageData, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const bitmap = await bitmapOf(source, name);
  const edge = Math.min(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(KEPT_SIDE, KEPT_SIDE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new LabError("failed", "this browser has no canvas for workers");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, KEPT_SIDE, KEPT_SIDE);
  context.imageSmoothingQuality = "high";
  const [left, top] = [(bitmap.width - edge) / 2, (bitmap.height - edge) / 2];
  context.drawImage(bitmap, left, top, edge, edge, 0, 0, KEPT_SIDE, KEPT_SIDE);
  bitmap.close();
  const rgba = context.getImageData(0, 0, KEPT_SIDE, KEPT_SIDE).data;
  const rgb = new Uint8Array(KEPT_BYTES);
  for (let pixel = 0; pixel < KEPT_SIDE * KEPT_SIDE; pixel++)
    for (let c = 0; c < 3; c++) rgb[3 * pixel + c] = rgba[4 * pixel + c];
  return rgb;
}

async function bitmapOf(source: Blob | ImageData, name: string): Promise<ImageBitmap> {
  const refuse = (why: string, cause?: unknown) =>
    new LabError(
      "no image",
      `${name} is not an image that this browser can read: ${why}`,
      { file: name },
      { cause },
    );
  if (source instanceof Blob && source.size === 0) throw refuse("it is empty");
  if (source instanceof Blob && source.size > MOST_FILE_BYTES) throw refuse("it is larger than 64 MiB");
  try {
    return await createImageBitmap(source);
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
}

/** A kept image as levels channel by channel, in colours or grey (Rec. 601, as the library's decoders have it). */
export function keptPlanes(rgb: Uint8Array, channels: 1 | 3): Uint8Array<ArrayBuffer> {
  const pixels = KEPT_SIDE * KEPT_SIDE;
  const planes = new Uint8Array(channels * pixels);
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]];
    if (channels === 1) planes[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else {
      planes[i] = r;
      planes[pixels + i] = g;
      planes[2 * pixels + i] = b;
    }
  }
  return planes;
}
