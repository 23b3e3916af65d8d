/** Decoding of images of any format: one way in, for Node.js, pages and workers. */
import { readBytes } from "#read_bytes";
import { decodeWithSharp, sharpVersion } from "#sharp_decoder";
import { isArrayBuffer, isSharedArrayBuffer } from "../../base/builtin_kinds.ts";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { VERSION } from "../../base/version.ts";
import type { Image } from "../../records/image.ts";
import { type ImageFormat, imageFormat, refusal } from "./image_format.ts";
import { DEFAULT_SETTINGS, type DecodeSettings } from "./image_settings.ts";

/** How an image is decoded. */
export interface DecodeOptions {
  /**
   * Channels of the result: 1 grey (ITU-R BT.601, as Pillow's "L"), 3 red, green, blue, 4 with alpha. Default: 1 if the
   * file is grey, 3 otherwise.
   */
  channels?: 1 | 3 | 4;
  /** What lies behind pixels that are not opaque, 0 to 255 each. Default white. */
  background?: readonly [red: number, green: number, blue: number];
  /** The most pixels; an image that claims more is refused before it is decoded. Default 64 million. */
  limit?: number;
  /**
   * "exact" (default): Convoyant's own decoders, the same pixels everywhere. "sharp": the package sharp, faster, Node.js
   * only; its pixels differ slightly.
   */
  decoder?: ImageDecoder;
}

/** What decodes: Convoyant's own decoders, or the package sharp. */
export type ImageDecoder = "exact" | "sharp";

/** The most bytes that a file may have: more than an image of the most pixels needs, not packed. */
export const MAX_IMAGE_BYTES = 2 ** 29;

type Decode = (bytes: Uint8Array, settings: DecodeSettings, name?: string) => Image;

/** Loaded when the first image of a format comes. */
const DECODERS: Readonly<Record<ImageFormat, () => Promise<Decode>>> = {
  JPEG: async () => (await import("./jpeg/decode_jpeg.ts")).decodeJpeg,
  PNG: async () => (await import("./png.ts")).decodePng,
  WebP: async () => (await import("./webp/decode_webp.ts")).decodeWebp,
  GIF: async () => (await import("./gif.ts")).decodeGif,
  BMP: async () => (await import("./bmp.ts")).decodeBmp,
  PNM: async () => (await import("./pnm.ts")).decodePnm,
};

/**
 * Decodes an image: JPEG, PNG, WebP, GIF (its first frame), BMP, PPM, PGM or PBM, recognised by its content. It is
 * turned upright as EXIF says, and alpha is composited on the background.
 *
 * @param bytes - the file: Uint8Array, ArrayBuffer, or Node's Buffer.
 * @throws FileError if it is of another format, damaged, cut short, or larger than the limit; ArgumentError for an
 *   option with a wrong value.
 * @example
 * ```ts
 * const bytes = new TextEncoder().encode("P2 2 1 255 0 128");
 * const image = await data.decodeImage(bytes, { channels: 3 });
 * image.data; // Uint8Array(6) [0, 0, 0, 128, 128, 128]
 * ```
 */
export function decodeImage(
  bytes: ArrayBuffer | ArrayBufferView,
  options: DecodeOptions = {},
): Promise<Image> {
  return decodeNamed("decodeImage", bytes, undefined, options);
}

/**
 * Reads an image file, as {@link decodeImage} decodes it. A page reads an address, seen from the page.
 *
 * @throws FileError if it cannot be read or is not an image; ArgumentError for an option with a wrong value.
 * @example
 * ```ts no-run
 * const { width, height, channels } = await data.readImage("photo.jpg");
 * ```
 */
export async function readImage(path: string, options: DecodeOptions = {}): Promise<Image> {
  if (typeof path !== "string")
    throw new ArgumentError(`readImage: expected a path, got ${shownValue(path)}`);
  settingsOf("readImage", options);
  return decodeNamed("readImage", await readBytes(path, MAX_IMAGE_BYTES), path, options);
}

/**
 * {@link decodeImage} of bytes whose origin has a name.
 *
 * @param name - what messages call the image: its path.
 */
export async function decodeNamed(
  caller: string,
  given: unknown,
  name: string | undefined,
  options: DecodeOptions,
): Promise<Image> {
  const settings = settingsOf(caller, options);
  const bytes = bytesOfImage(caller, given);
  const format = imageFormat(bytes);
  if (format === undefined) throw new FileError(`${name ?? "the image"} ${refusal(bytes)}`);
  if (options.decoder === "sharp") return decodeWithSharp(bytes, settings, format, name);
  return (await DECODERS[format]())(bytes, settings, name);
}

/**
 * What decodes, with its version: "exact 0.1.0", "sharp 0.35.5". Two runs with the same had the same pixels.
 *
 * @throws ArgumentError if it is sharp, which is not installed.
 */
export function decoderVersion(decoder: ImageDecoder = "exact"): string {
  return decoder === "sharp" ? `sharp ${sharpVersion()}` : `exact ${VERSION}`;
}

function bytesOfImage(caller: string, given: unknown): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (isArrayBuffer(given) || isSharedArrayBuffer(given)) return new Uint8Array(given);
  throw new ArgumentError(`${caller}: expected the bytes of an image (Uint8Array), got ${shownValue(given)}`);
}

/** @throws ArgumentError for options that no image could be decoded with. */
export function requireDecodeOptions(caller: string, options: DecodeOptions): void {
  settingsOf(caller, options);
}

const OPTIONS = ["channels", "background", "limit", "decoder"];

function settingsOf(caller: string, options: DecodeOptions): DecodeSettings {
  const wrong = (name: keyof DecodeOptions, expected: string) =>
    new ArgumentError(`${caller}: expected ${name} to be ${expected}, got ${shownValue(options[name])}`);
  if (typeof options !== "object" || options === null)
    throw new ArgumentError(`${caller}: expected options as an object, got ${shownValue(options)}`);
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError(
      `${caller} has no option ${shownValue(unknown)}; its options: ${OPTIONS.join(", ")}`,
    );
  const { channels, background = DEFAULT_SETTINGS.background, limit = DEFAULT_SETTINGS.limit } = options;
  if (channels !== undefined && ![1, 3, 4].includes(channels)) throw wrong("channels", "1, 3 or 4");
  const isByte = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
  if (!Array.isArray(background) || background.length !== 3 || !background.every(isByte))
    throw wrong("background", "three integers from 0 to 255");
  if (!Number.isInteger(limit) || limit < 1) throw wrong("limit", "an integer of pixels above 0");
  if (!["exact", "sharp", undefined].includes(options.decoder)) throw wrong("decoder", '"exact" or "sharp"');
  return { channels, background: background as unknown as DecodeSettings["background"], limit };
}
