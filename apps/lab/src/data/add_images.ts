/** Adds files to a class: decodes some at a time, keeps them, says how far it is. */
import { LabError, type Problem, problemOf } from "../worker/problem.ts";
import type { KeptImage } from "./image_database.ts";
import type { AddedImages, RefusedFile } from "./image_store.ts";

/** Where images are kept, and how they are decoded. */
export interface ImageKeeper {
  readonly decode: (file: Blob | ImageData, name: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly keep: (images: readonly KeptImage[]) => Promise<unknown>;
}

/** Decoded at once, and kept in one piece. */
const CHUNK = 32;

/** Of files that are refused this many are named. */
const MOST_REFUSED = 1000;

export async function addImages(
  className: string,
  files: readonly (Blob | ImageData)[],
  { decode, keep }: ImageKeeper,
  options: { readonly isCancelled: () => boolean; readonly onProgress: (done: number, of: number) => void },
): Promise<AddedImages> {
  const refused: RefusedFile[] = [];
  let added = 0;
  const result = (stopped: AddedImages["stopped"]): AddedImages => ({ added, refused, stopped });
  for (let from = 0; from < files.length; from += CHUNK) {
    if (options.isCancelled()) return result("cancelled");
    const chunk = files.slice(from, from + CHUNK);
    const decoded = await Promise.all(
      chunk.map(async (file, i): Promise<KeptImage | (Problem & { file: string })> => {
        const name = nameOf(file, from + i);
        try {
          return { className, name, rgb: await decode(file, name) };
        } catch (error) {
          return { ...problemOf(error), file: name };
        }
      }),
    );
    const images = decoded.filter((one): one is KeptImage => "rgb" in one);
    for (const one of decoded)
      if (!("rgb" in one) && refused.length < MOST_REFUSED) refused.push({ name: one.file, problem: one });
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

function nameOf(file: Blob | ImageData, index: number): string {
  const { name } = file as { readonly name?: unknown };
  return typeof name === "string" && name !== "" ? name : `image ${index + 1}`;
}
