/** Decoding with the package sharp, if it is installed (`#sharp_decoder`; a page has `page_sharp.ts`). */
import { ArgumentError, FileError } from "../../base/errors.ts";
import { isMissing, requirePackage } from "../../base/optional_package.ts";
import type { Image } from "../../records/image.ts";
import { checkClaim, imageFailure } from "./image_failure.ts";
import type { ImageFormat } from "./image_format.ts";
import type { DecodeSettings } from "./image_settings.ts";
import { PixelWriter, type SourceChannels } from "./pixel_writer.ts";

/** The version that package.json names. */
const SHARP = "sharp@0.35.5";

interface RawPixels {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: SourceChannels };
}

/** What we use of sharp's interface. */
interface SharpImage {
  metadata(): Promise<{ readonly width?: number; readonly height?: number }>;
  autoOrient(): SharpImage;
  raw(options: { depth: "uchar" }): SharpImage;
  toBuffer(options: { resolveWithObject: true }): Promise<RawPixels>;
}

interface Sharp {
  (
    bytes: Uint8Array,
    options: { limitInputPixels: false; ignoreIcc: boolean; failOn: "warning" },
  ): SharpImage;
  /** Of sharp itself and of the libraries that it was built with. */
  readonly versions: Readonly<Record<string, string | undefined>>;
}

/** @throws ArgumentError if sharp is not installed; FileError as the exact decoders do. */
export async function decodeWithSharp(
  bytes: Uint8Array,
  settings: DecodeSettings,
  format: ImageFormat,
  name?: string,
): Promise<Image> {
  const sharp = loadSharp();
  const fail = imageFailure(format, name);
  if (format === "BMP")
    throw new FileError(`${name ?? "the image"} is BMP, which sharp does not read; leave out \`decoder\``);
  try {
    const image = sharp(bytes, { limitInputPixels: false, ignoreIcc: true, failOn: "warning" });
    // Reads the header alone.
    const { width = 0, height = 0 } = await image.metadata();
    checkClaim(width, height, settings.limit, fail);
    const { data, info } = await image
      .autoOrient()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const writer = new PixelWriter(info.width, info.height, info.channels, settings);
    writer.write(data, info.width * info.height, 0);
    return writer.image;
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw fail(firstLine(error));
  }
}

/**
 * sharp's version, and that of the library that reads images for it: "0.35.5, libvips 8.18.7".
 *
 * @throws ArgumentError if it is not installed.
 */
export function sharpVersion(): string {
  const { sharp = "", vips = "" } = loadSharp().versions;
  return `${sharp}, libvips ${vips}`;
}

function loadSharp(): Sharp {
  try {
    return requirePackage("sharp") as Sharp;
  } catch (error) {
    const why = isMissing(error)
      ? "the package sharp is not installed"
      : `sharp cannot be loaded: ${firstLine(error)}`;
    throw new ArgumentError(`${why}; install it with \`npm install ${SHARP}\`, or leave out \`decoder\``);
  }
}

/** What sharp says at first; lines behind that repeat it for every layer of libvips. */
function firstLine(error: unknown): string {
  const [line] = String((error as Error).message).split("\n");
  return line;
}
