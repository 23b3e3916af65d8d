/** From an image in any form to what the network sees. */
import { readBytes } from "#read_bytes";
import { isArrayBuffer, isSharedArrayBuffer, tagOf } from "../base/builtin_kinds.ts";
import { ArgumentError, FileError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { BlobLike } from "../base/web_types.ts";
import type { ArrayBatch } from "../data/array_batch.ts";
import { planesOf } from "../data/folders/load_images.ts";
import { Preprocess } from "../data/transforms/calls/preprocess.ts";
import { runTransform } from "../data/transforms/run_transform.ts";
import { decodeNamed, MAX_IMAGE_BYTES } from "../io/images/decode_image.ts";
import { DEFAULT_LIMIT } from "../io/images/image_settings.ts";
import { PixelWriter, type SourceChannels } from "../io/images/pixel_writer.ts";
import type { Image } from "../records/image.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import { ENLARGED, inputOf, NOTHING_RANDOM, requireModest, resizedSize } from "./network_input.ts";

/** ImagePixels as a canvas or a decoder gives them: an `Image`, or an `ImageData` of a page. */
export interface ImagePixels {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1 grey, 3 red, green, blue, 4 with opacity; by default what the data's length says. */
  readonly channels?: 1 | 3 | 4;
  /** 0 to 255, the channels of a pixel beside each other. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * An image to classify: pixels, the bytes of an image file, a `Blob` or `File`, or a path (in a page an address).
 */
export type ClassifierImage = ImagePixels | ArrayBuffer | Uint8Array | BlobLike | string;

/** How messages name an image. */
export function imageName(image: ClassifierImage, index: number): string {
  if (typeof image === "string") return image;
  const name = (image as { readonly name?: unknown } | null)?.name;
  return typeof name === "string" && name !== "" ? name : `image ${index}`;
}

/**
 * The image, with the channels that the network takes.
 *
 * @throws FileError if it cannot be read or is not an image; ArgumentError for what is not an image at all.
 */
export async function readInput(
  of: string,
  image: ClassifierImage,
  { mean, background }: Preprocessing,
  name: string,
): Promise<Image> {
  const channels = mean.length as 1 | 3;
  if (isPixels(image)) return withChannels(of, image, channels, background);
  const decode = (bytes: unknown) => decodeNamed(of, bytes, name, { channels, background });
  if (typeof image === "string") return decode(await readBytes(image, MAX_IMAGE_BYTES));
  if (ArrayBuffer.isView(image) || isArrayBuffer(image) || isSharedArrayBuffer(image)) return decode(image);
  if (["Blob", "File"].includes(tagOf(image))) return decode(await bytesOfBlob(image as BlobLike, name));
  throw new ArgumentError(
    `${of}: expected an image: pixels { width, height, channels, data }, the bytes of a file, a Blob or a path, got ` +
      shownValue(image),
  );
}

async function bytesOfBlob(blob: BlobLike, name: string): Promise<Uint8Array> {
  if (blob.size > MAX_IMAGE_BYTES)
    throw new FileError(`${name}: expected at most ${MAX_IMAGE_BYTES} bytes, got ${blob.size}`);
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new FileError(`${name} cannot be read: ${(error as Error).message}; choose the file again`, {
      cause: error,
    });
  }
}

function isPixels(image: unknown): image is ImagePixels {
  const { data } = (image ?? {}) as { readonly data?: unknown };
  return ArrayBuffer.isView(data) && !ArrayBuffer.isView(image);
}

function withChannels(
  of: string,
  { width, height, channels: given, data }: ImagePixels,
  channels: 1 | 3,
  background: Preprocessing["background"],
): Image {
  const pixels = width * height;
  const own = given ?? data.length / pixels;
  const isSize = (side: number) => Number.isSafeInteger(side) && side > 0;
  if (!isSize(width) || !isSize(height) || ![1, 3, 4].includes(own) || pixels * own !== data.length)
    throw new ArgumentError(
      `${of}: expected width * height * channels levels, with 1, 3 or 4 channels, got ${shownValue(width)} x ` +
        `${shownValue(height)} x ${shownValue(given ?? "?")} and ${data.length} levels`,
    );
  if (data.BYTES_PER_ELEMENT !== 1)
    throw new ArgumentError(`${of}: expected levels from 0 to 255 as a Uint8Array, got ${shownValue(data)}`);
  const settings = { channels, background, limit: DEFAULT_LIMIT };
  const writer = new PixelWriter(width, height, own as SourceChannels, settings);
  writer.write(new Uint8Array(data.buffer, data.byteOffset, data.length), pixels, 0);
  return writer.image;
}

/** Corners and centre, and the same for the mirror image. */
const VIEWS = [1, 2, 5, 10] as const;

/** How many looks are taken at an image. */
export function viewCount(of: string, given: unknown): number {
  if (given === undefined || given === false) return 1;
  if (given === true) return 2;
  if ((VIEWS as readonly unknown[]).includes(given)) return given as number;
  throw new ArgumentError(
    `${of}: expected \`testTimeAugmentation\` to be true (the image and its mirror image), or how many views: 1, 2, 5 (corners ` +
      `and centre) or 10 (and mirrored), got ${shownValue(given)}`,
  );
}

/**
 * An image as the network sees it, float32 [1, C, H, W]: once, or in several views. Two are the image and its mirror image,
 * five the corners and the centre, ten both.
 *
 * @throws FileError for an image whose shape makes it huge when it is resized.
 */
export function viewsOf(
  image: Image,
  preprocessing: Preprocessing,
  views: number,
  name: string,
): ArrayBatch[] {
  if (views < 5) {
    const whole = inputOf(image, preprocessing, Preprocess(preprocessing).spec, name);
    return views === 1 ? [whole] : [whole, mirrored(whole)];
  }
  requireModest(image, preprocessing, name);
  const { resize, crop, ...rest } = preprocessing;
  const [height, width] = crop ?? resizedSize(image, preprocessing);
  const wider = (side: number) => Math.round(side * ENLARGED);
  const isTight = crop === null || typeof resize?.size === "object";
  const enlarged = {
    size: isTight ? ([wider(height), wider(width)] as const) : (resize?.size ?? null),
    interpolation: resize?.interpolation ?? "bilinear",
  };
  const { spec } = Preprocess({
    ...rest,
    crop: null,
    resize: enlarged.size === null ? null : { ...enlarged, size: enlarged.size },
  });
  const larger = runTransform(spec, planesOf(image), NOTHING_RANDOM);
  const crops = cornersAndCentre(larger, height, width);
  return views === 5 ? crops : [...crops, ...crops.map(mirrored)];
}

function mirrored({ data, shape, dtype }: ArrayBatch): ArrayBatch {
  const width = shape[3];
  const result = data.slice();
  for (let row = 0; row < result.length; row += width) result.subarray(row, row + width).reverse();
  return { data: result, shape, dtype };
}

function cornersAndCentre(batch: ArrayBatch, height: number, width: number): ArrayBatch[] {
  const [, , tall, wide] = batch.shape;
  const [h, w] = [Math.min(height, tall), Math.min(width, wide)];
  const [bottom, right] = [tall - h, wide - w];
  const places = [
    [0, 0],
    [0, right],
    [bottom, 0],
    [bottom, right],
    [Math.round(bottom / 2), Math.round(right / 2)],
  ];
  return places.map(([top, left]) => cut(batch, top, left, h, w));
}

function cut(
  { data, shape, dtype }: ArrayBatch,
  top: number,
  left: number,
  h: number,
  w: number,
): ArrayBatch {
  const [, channels, tall, wide] = shape;
  const result = new Float32Array(channels * h * w);
  for (let c = 0, to = 0; c < channels; c++)
    for (let y = 0; y < h; y++, to += w) {
      const from = (c * tall + top + y) * wide + left;
      result.set(data.subarray(from, from + w), to);
    }
  return { data: result, shape: [1, channels, h, w], dtype };
}
