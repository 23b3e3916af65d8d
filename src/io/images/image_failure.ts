/** Errors about images that cannot be decoded. */
import { FileError } from "../../base/errors.ts";

/** Makes the error for what is wrong with an image; names the file. */
export type ImageFailure = (message: string) => FileError;

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

/** Pixels for each byte of a file that may lie around its frame: as many as a byte of GIF stands for at most. */
const MOST_PIXELS_OF_BYTE = 2731;

/**
 * What lies around a small frame costs a file nothing, and would be allocated on a claim.
 *
 * @throws FileError for a canvas that is too large for so few bytes.
 */
export function checkCanvas(width: number, height: number, bytes: number, fail: ImageFailure): void {
  if (width * height <= bytes * MOST_PIXELS_OF_BYTE) return;
  throw fail(`it claims ${width} x ${height} pixels, which ${bytes} bytes cannot hold`);
}
