/** Images by the names of files and folders, or from standard input. */
import { statSync } from "node:fs";
import { ArgumentError, FileError } from "../base/errors.ts";
import { hasImageEnding } from "../data/folders/image_endings.ts";
import { walkFolder } from "../data/folders/walk_folder.ts";
import { MAX_IMAGE_BYTES } from "../io/images/decode_image.ts";
import { type PredictInput, requireImageName } from "./predict.ts";

/** What was named. */
export interface NamedImages {
  readonly images: readonly PredictInput[];
  /** Whether they came from a folder or a list: there may be many. */
  readonly isList: boolean;
}

/**
 * The images that names stand for, for `predict`: what `convoyant predict` does with its arguments. Folders are searched, also
 * below.
 *
 * @param names - files, folders, `test:17`, or `-` for standard input: a path a line, or the bytes of one image.
 * @throws FileError for a folder without images, and for standard input that holds nothing; ArgumentError for `-` twice.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { images } = await experiments.namedImages(["photos", "cat.jpg"]);
 * const { predictions } = await experiments.predict("runs/first", images);
 * ```
 */
export async function namedImages(names: readonly string[]): Promise<NamedImages> {
  if (names.filter((name) => name === "-").length > 1)
    throw new ArgumentError("predict: standard input (-) can be read once");
  const images: PredictInput[] = [];
  let isList = false;
  for (const name of names) {
    const more = name === "-" ? await fromStandardInput() : [name];
    isList ||= name === "-" && more.length > 1;
    for (const one of more) {
      const isFolder = typeof one === "string" && statSync(one, { throwIfNoEntry: false })?.isDirectory();
      if (isFolder) {
        isList = true;
        // Not spread: there may be a million.
        for (const path of await imagesIn(one)) images.push(path);
      } else {
        if (typeof one === "string") requireImageName(one);
        images.push(one);
      }
    }
  }
  return { images, isList };
}

async function imagesIn(folder: string): Promise<string[]> {
  const files = await walkFolder(folder, { unreadable: [], skipped: [] });
  const images = files.filter(({ file }) => hasImageEnding(file)).map(({ path }) => path);
  if (images.length > 0) return images;
  throw new FileError(
    `${folder} holds no images: expected files that end in .jpg, .png, .webp, .gif, .bmp or the like, in it or in folders below`,
  );
}

async function fromStandardInput(): Promise<PredictInput[]> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of process.stdin) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length > MAX_IMAGE_BYTES)
      throw new FileError(`standard input holds more than ${MAX_IMAGE_BYTES} bytes; name the image's file`);
  }
  const bytes = Buffer.concat(pieces);
  const lines = linesOf(bytes);
  if (lines === null) return [{ name: "standard input", bytes }];
  if (lines.length > 0) return lines;
  throw new FileError("standard input is empty: expected a path a line, or the bytes of an image");
}

/** The lines of a text; null for an image: its bytes are not text, or it is a PNM file in letters. */
function linesOf(bytes: Uint8Array): string[] | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  if (text.includes("\0") || /^P[1-6]\s/.test(text)) return null;
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}
