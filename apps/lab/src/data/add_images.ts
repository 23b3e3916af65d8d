/** Adds files to a class: decodes some at a time, keeps them, says how far it is. */
import { LabError, type Problem, problemOf } from "../worker/problem.ts";
import type { AddedImages } from "../worker/protocol.ts";
import type { KeptImage } from "./image_database.ts";

/** Where images are kept, and how they are decoded. */
export interface ImageKeeper {
  readonly decode: (file: Blob, name: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly keep: (images: readonly KeptImage[]) => Promise<unknown>;
}

/** Decoded at once, and kept in one piece. */
const CHUNK = 32;

/** Of files that are refused this many are named. */
const MOST_REFUSED = 100;

export interface NamedFile {
  readonly name: string;
  readonly blob: Blob;
}

/** Never rejects for a file that is not an image. */
export async function addImages(
  className: string,
  files: readonly NamedFile[],
  { decode, keep }: ImageKeeper,
  options: {
    readonly isCancelled: () => boolean;
    readonly onProgress: (done: number, of: number) => void;
  },
): Promise<AddedImages> {
  const refused: Problem[] = [];
  let [added, refusedCount] = [0, 0];
  const result = (stopped: AddedImages["stopped"]): AddedImages => ({
    added,
    refused,
    refusedCount,
    stopped,
  });
  const decoded = async ({ name, blob }: NamedFile): Promise<KeptImage | Problem> => {
    try {
      return { className, name, rgb: await decode(blob, name) };
    } catch (error) {
      return problemOf(error);
    }
  };
  for (let from = 0; from < files.length; from += CHUNK) {
    if (options.isCancelled()) return result("cancelled");
    const images: KeptImage[] = [];
    for (const one of await Promise.all(files.slice(from, from + CHUNK).map(decoded))) {
      if ("rgb" in one) images.push(one);
      else if (refusedCount++ < MOST_REFUSED) refused.push(one);
    }
    try {
      if (images.length > 0) await keep(images);
    } catch (error) {
      if (error instanceof LabError && error.kind === "storage full") return result(problemOf(error));
      throw error;
    }
    added += images.length;
    options.onProgress(Math.min(from + CHUNK, files.length), files.length);
  }
  return result(null);
}
