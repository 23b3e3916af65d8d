/** Images between files, canvases and the network. */
import { FileError } from "../../base/errors.ts";
import { decodeImage } from "../../io/images/decode_image.ts";
import { imageFormat } from "../../io/images/image_format.ts";
import type { Image } from "../../records/image.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";

/** A file that is not an image that can be read. */
export class UnreadableImage extends Error {
  /** Whether it is of a format that is known. */
  readonly isImage: boolean;

  constructor(isImage: boolean, message: string) {
    super(message);
    this.isImage = isImage;
  }
}

/**
 * Decodes a file: with the decoders that trained the network, so that it sees the same pixels; formats that those do not
 * know (AVIF, HEIC) as the browser shows them.
 *
 * @throws UnreadableImage if neither can.
 */
export async function imageOf(file: Blob, { mean, background }: Preprocessing): Promise<Image> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (imageFormat(bytes) === undefined) return imageOfBrowser(file, background);
  try {
    return await decodeImage(bytes, { channels: mean.length === 1 ? 1 : 3, background });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UnreadableImage(true, error.message);
  }
}

async function imageOfBrowser(file: Blob, background: Preprocessing["background"]): Promise<Image> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new UnreadableImage(false, "not an image");
  }
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = contextOf(canvas);
  context.fillStyle = `rgb(${background.join(" ")})`;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return imageOfCanvas(canvas);
}

/** An opaque canvas as an image of three channels. */
export function imageOfCanvas(canvas: HTMLCanvasElement): Image {
  const { width, height } = canvas;
  const { data: rgba } = contextOf(canvas).getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, channels: 3, data };
}

/** Shows an image of one or three channels. */
export function drawImage(canvas: HTMLCanvasElement, { width, height, channels, data }: Image): void {
  canvas.width = width;
  canvas.height = height;
  const shown = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) shown.data[4 * i + c] = data[channels * i + (channels === 1 ? 0 : c)];
    shown.data[4 * i + 3] = 255;
  }
  contextOf(canvas).putImageData(shown, 0, 0);
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
}
