/** Image folders in a page (`#image_folders`; Node.js has `node_folders.ts`): there are none. */
import { ArgumentError } from "../../base/errors.ts";

/** @throws ArgumentError always. */
export async function openFolder(): Promise<never> {
  throw new ArgumentError(
    "ImageFolder: a page cannot read folders; give data.ImageList the files that were chosen, with their labels",
  );
}

/** The address of an image of a list, seen from the address of the list or from another. */
export function listedPath(list: string, root: string | undefined, path: string): string {
  const base = new URL(root === undefined ? list : `${root}/`, document.baseURI);
  return new URL(path, base).href;
}

/** Addresses are looked at when they are fetched. */
export async function lookAtListed(paths: readonly string[]): Promise<null[]> {
  return paths.map(() => null);
}
