/** Image folders in a page (`#image_folders`; Node.js has `node_folders.ts`): there are none. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";

/** @throws ArgumentError always. */
export async function openFolder(): Promise<never> {
  throw new ArgumentError(
    "ImageFolder: a page cannot read folders; give data.ImageList the files that were chosen, with their labels",
  );
}

/** The address of a listed image, seen from the list's address (undefined: the page's), or from `root`. */
export function listedPath(list: string | undefined, root: string | undefined, path: string): string {
  const { document, location } = globalThis as {
    document?: { baseURI: string };
    location?: { href: string };
  };
  const page = document?.baseURI ?? location?.href;
  const from = root === undefined ? (list ?? page) : root.endsWith("/") ? root : `${root}/`;
  try {
    return new URL(path, from === undefined ? undefined : new URL(from, page)).href;
  } catch (error) {
    throw new ArgumentError(`ImageList: expected an address, got ${shownValue(path)}`, { cause: error });
  }
}

/** Addresses are looked at when they are fetched. */
export async function lookAtListed(paths: readonly string[]): Promise<null[]> {
  return paths.map(() => null);
}
