/** Folders of images that the Lab shows: a folder for each class. */
import { basename, resolve } from "node:path";
import { FileError } from "../base/errors.ts";
import { scanFolder } from "../data/folders/scan_folder.ts";

/** A folder, looked through. */
export interface ServedFolder {
  /** As the page calls it: its last part, with a number if two are called so. */
  readonly name: string;
  readonly classes: readonly string[];
  readonly count: number;
  /** For each class, in their order, the names of its images below the folder. */
  readonly files: readonly (readonly string[])[];
  /** Where each image lies. */
  readonly paths: ReadonlyMap<string, string>;
}

/** @throws FileError for a folder that cannot be read, or has fewer than two classes with images. */
export async function servedFolders(roots: readonly string[]): Promise<ServedFolder[]> {
  const folders: ServedFolder[] = [];
  for (const root of roots) {
    const { classes, images } = await scanFolder(root);
    const files = classes.map((_, label) =>
      images.filter((one) => one.label === label).map(({ name }) => name),
    );
    if (files.filter((list) => list.length > 0).length < 2)
      throw new FileError(
        `${root} holds images of ${files.filter((list) => list.length > 0).length} classes; expected a folder that holds a folder of images for each of at least two classes`,
      );
    folders.push({
      name: freeName(basename(resolve(root)) || "images", folders),
      classes,
      count: images.length,
      files,
      paths: new Map(images.map(({ name, path }) => [name, path])),
    });
  }
  return folders;
}

function freeName(name: string, taken: readonly { readonly name: string }[]): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.some((one) => one.name === candidate)) return candidate;
  }
}
