/** What every decoder is given beside the bytes. */
import { FileError } from "../../base/errors.ts";
import type { Image } from "../../records/image.ts";

/** Makes the error for what is wrong with an image; names the file. */
export type ImageFailure = (message: string) => FileError;

/** How an image is decoded, complete. */
export interface DecodeSettings {
  /** Channels of the result; undefined: grey if the file is grey, red, green and blue otherwise. */
  readonly channels: 1 | 3 | 4 | undefined;
  /** What lies behind pixels that are not opaque. */
  readonly background: readonly [red: number, green: number, blue: number];
  /** The most pixels. */
  readonly limit: number;
}

/** Decodes the bytes of a file of one format; `name` is the file's, for errors. */
export type Decode = (bytes: Uint8Array, settings?: DecodeSettings, name?: string) => Image;

/** The most pixels an image may have unless `limit` says otherwise: more than any camera's, 192 MB in colour. */
export const DEFAULT_LIMIT = 64_000_000;

export const DEFAULT_SETTINGS: DecodeSettings = {
  channels: undefined,
  background: [255, 255, 255],
  limit: DEFAULT_LIMIT,
};

/** Errors about an image of one format: "JPEG file photo.jpg cannot be read: ...". */
export function imageFailure(format: string, name: string | undefined): ImageFailure {
  const what = name === undefined ? `${format} image` : `${format} file ${name}`;
  return (message) => new FileError(`${what} cannot be read: ${message}; save the image again`);
}

/** @throws FileError if an image claims no pixels or more than the limit: called before anything is allocated. */
export function checkClaim(width: number, height: number, limit: number, fail: ImageFailure): void {
  if (width >= 1 && height >= 1 && width * height <= limit) return;
  throw fail(`it claims to be ${width} x ${height} pixels; expected 1 to ${limit} in all (\`limit\`)`);
}
