import { FileError } from "../../base/errors.ts";
import { readRegularFile } from "../regular_file.ts";
import type { GreyImage } from "./grey_image.ts";
import { decodePgm } from "./pgm.ts";
import { decodePngGrey, MAX_RAW_BYTES } from "./png.ts";

/** The most that a file of the most pixels may have: not packed, and with room for what stands around them. */
const MAX_BYTES = MAX_RAW_BYTES + (1 << 26);

/**
 * Reads an image as grey: PNG or PGM, recognised by its first bytes.
 *
 * @throws FileError if the file cannot be read, is of another kind, or is damaged.
 */
export async function readGreyImage(path: string): Promise<GreyImage> {
  const bytes = await readRegularFile(path, MAX_BYTES);
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePngGrey(bytes, { name: path });
  if (bytes[0] === 0x50 && (bytes[1] === 0x32 || bytes[1] === 0x35)) return decodePgm(bytes, { name: path });
  throw new FileError(`${path} is neither PNG nor PGM (P2, P5); convert the image to one of them`);
}
