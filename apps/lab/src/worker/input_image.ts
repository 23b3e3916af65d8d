/** Images in any form as what a network takes. */
import { data, fromTypedArray, type Tensor } from "convoyant";
import { type LabData, pixelsOf } from "../data/lab_data.ts";
import { LabError } from "./problem.ts";
import type { ImageInput, ShownImage } from "./protocol.ts";

/** Levels 0 to 255, channel by channel. */
interface Planes {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

/**
 * What a network is given for an image: float32 [1, C, size, size].
 *
 * @throws LabError "no image" for a file that is none.
 */
export async function networkInput(image: ImageInput, given: LabData, size: number): Promise<Tensor> {
  const planes = await planesOf(image, given);
  const x = fromTypedArray(planes.data, [1, planes.channels, planes.height, planes.width], "uint8");
  const { CenterCrop, Compose, Resize, ToTensor } = data.transforms;
  const isOwn = image.kind === "train" || image.kind === "test";
  // As the loaders do with the data, and as preprocessing does with a photo: the shorter edge, then the middle.
  if (planes.width === size && planes.height === size) return ToTensor()(x) as Promise<Tensor>;
  const transform = isOwn
    ? Compose([Resize([size, size]), ToTensor()])
    : Compose([Resize(size), CenterCrop(size), ToTensor()]);
  return transform(x) as Promise<Tensor>;
}

async function planesOf(image: ImageInput, given: LabData): Promise<Planes> {
  const { channels, side } = given;
  switch (image.kind) {
    case "pixels":
      return planesOfRgba(image, channels);
    case "file":
      return planesOfFile(image.blob, channels);
    default:
      return { channels, height: side, width: side, data: pixelsOf(given, image.kind, image.index) };
  }
}

async function planesOfFile(blob: Blob, channels: 1 | 3): Promise<Planes> {
  const name = (blob as Partial<File>).name ?? "the file";
  try {
    const {
      width,
      height,
      data: levels,
    } = await data.decodeImage(new Uint8Array(await blob.arrayBuffer()), { channels });
    return { channels, width, height, data: byPlanes(levels, channels, width * height) };
  } catch (error) {
    throw new LabError("no image", `${name} is not an image that can be read: ${(error as Error).message}`, {
      file: name,
    });
  }
}

function byPlanes(levels: Uint8Array, channels: number, pixels: number): Uint8Array {
  if (channels === 1) return levels;
  const planes = new Uint8Array(levels.length);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < channels; c++) planes[c * pixels + i] = levels[i * channels + c];
  return planes;
}

/** On white if it is not opaque; grey as Rec. 601 has it, as the library's decoders do. */
export function planesOfRgba(
  {
    width,
    height,
    data: rgba,
  }: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray },
  channels: 1 | 3,
): Planes {
  const pixels = width * height;
  if (!(width > 0 && height > 0 && rgba.length === 4 * pixels))
    throw new LabError("no image", `the image has no pixels: ${width} x ${height}`);
  const planes = new Uint8Array(channels * pixels);
  for (let i = 0; i < pixels; i++) {
    const alpha = rgba[4 * i + 3] / 255;
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(rgba[4 * i + c] * alpha + 255 * (1 - alpha)));
    if (channels === 1) planes[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else {
      planes[i] = r;
      planes[pixels + i] = g;
      planes[2 * pixels + i] = b;
    }
  }
  return { channels, width, height, data: planes };
}

/** An image of the data, to show. */
export function shownImage(given: LabData, split: "train" | "test", index: number): ShownImage {
  const { channels, side } = given;
  return shownPlanes(pixelsOf(given, split, index), channels, side);
}

function shownPlanes(planes: Uint8Array, channels: 1 | 3, side: number): ShownImage {
  const pixels = side * side;
  const levels = new Uint8Array(planes.length);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < channels; c++) levels[i * channels + c] = planes[c * pixels + i];
  return { width: side, height: side, channels, data: levels };
}

/** What a network was given, to show. */
export async function shownInput(x: Tensor): Promise<ShownImage> {
  const [, channels, side] = x.shape;
  const numbers = (await x.data()) as Float32Array;
  const planes = Uint8Array.from(numbers, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return shownPlanes(planes, channels as 1 | 3, side);
}
