import { readFile } from "node:fs/promises";
import { FileError } from "../base/errors.ts";
import { fileErrorOf } from "./file_errors.ts";
import type { GreyImage } from "./grey_image.ts";
import { decodePgm } from "./pgm.ts";
import { decodePngGrey } from "./png.ts";

/**
 * Reads a picture as grey: PNG or PGM, told by its first bytes.
 *
 * @throws FileError where the file cannot be read, is of another kind, or is damaged.
 */
export async function readGreyImage(path: string): Promise<GreyImage> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePngGrey(bytes, { name: path });
  if (bytes[0] === 0x50 && (bytes[1] === 0x32 || bytes[1] === 0x35)) return decodePgm(bytes, { name: path });
  throw new FileError(`${path} is neither PNG nor PGM (P2, P5); convert the picture to one of them`);
}
