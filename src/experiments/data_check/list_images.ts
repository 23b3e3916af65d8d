/** The images that are checked: those of a folder, of all its splits, or of a CSV list, with their classes. */
import { statSync } from "node:fs";
import { relative, sep } from "node:path";
import { compareCodePoints } from "../../base/code_point_order.ts";
import { FileError } from "../../base/errors.ts";
import type { FolderScan, LeftOut } from "../../data/folders/folder_scan.ts";
import { hasImageEnding } from "../../data/folders/image_endings.ts";
import { MAX_LIST_BYTES, rowsOfTable } from "../../data/folders/listed_images.ts";
import { listedPath } from "../../data/folders/node_folders.ts";
import { findSplits, lookAt, scanFolder } from "../../data/folders/scan_folder.ts";
import { breathe, entriesOf } from "../../data/folders/walk_folder.ts";
import { readBytes } from "../../io/node_bytes.ts";

/** An image that has not been decoded yet. */
export interface FoundImage {
  readonly path: string;
  readonly name: string;
  readonly split: string | null;
  readonly label: string | null;
}

/** What lies in a folder, or stands in a list. */
export interface FoundFolder {
  readonly images: readonly FoundImage[];
  /** Names of the classes, sorted; none if the images are in no class folders. */
  readonly classes: readonly string[];
  /** Folders of the splits, the training images first; none if there are no splits. */
  readonly splits: readonly string[];
  readonly unreadable: readonly (LeftOut & FoundImage)[];
  /** Hidden files, files of other kinds, links to what is counted already. */
  readonly skipped: readonly LeftOut[];
}

/**
 * Looks through a folder as `data.ImageFolder` does, or reads a CSV file as `data.ImageList` does; images that lie in no
 * class folder are taken if there is nothing else.
 *
 * @throws FileError if it cannot be read, or holds no images.
 */
export function listImages(root: string): Promise<FoundFolder> {
  return statSync(root, { throwIfNoEntry: false })?.isFile() ? imagesOfTable(root) : imagesOfFolder(root);
}

async function imagesOfTable(path: string): Promise<FoundFolder> {
  const rows = rowsOfTable(await readBytes(path, MAX_LIST_BYTES), path);
  const images: FoundImage[] = [];
  const unreadable: (LeftOut & FoundImage)[] = [];
  for (const { source, labels, where } of rows) {
    await breathe();
    const image = { path: listedPath(path, undefined, source), name: source, split: null, label: labels[0] };
    const looked = await lookAt(image.path);
    if ("format" in looked) images.push(image);
    else unreadable.push({ ...image, reason: `${where}: ${looked.reason}` });
  }
  const classes = [...new Set(rows.map(({ labels }) => labels[0]))].sort(compareCodePoints);
  return { images, classes, splits: [], unreadable, skipped: [] };
}

async function imagesOfFolder(root: string): Promise<FoundFolder> {
  const parts = findSplits(root);
  const scans: { scan: FolderScan; split: string | null }[] = [];
  for (const { path, folder } of parts) scans.push({ scan: await scanFolder(path), split: folder });
  if (parts.length === 0) scans.push({ scan: await scanFolder(root), split: null });
  const images = scans.flatMap(({ scan, split }) =>
    scan.images.map(({ path, label }) => listed(root, path, split, scan.classes[label])),
  );
  const unreadable = scans.flatMap(({ scan, split }) =>
    scan.unreadable.map(({ path, reason }) => ({ ...listed(root, path, split, null), reason })),
  );
  const skipped = scans.flatMap(({ scan }) => scan.skipped);
  const splits = parts.map(({ folder }) => folder);
  if (images.length + unreadable.length === 0) return looseImages(root, splits, skipped);
  const classes = [...new Set(scans.flatMap(({ scan }) => scan.classes))];
  return { images, classes, splits, unreadable, skipped };
}

/** Images right in the folder, or in those of the splits. */
function looseImages(root: string, splits: readonly string[], skipped: readonly LeftOut[]): FoundFolder {
  const folders = splits.length === 0 ? [null] : splits;
  const images = folders.flatMap((split) => {
    const folder = split === null ? root : `${root}${sep}${split}`;
    return entriesOf(folder, { unreadable: [], skipped: [] })
      .filter(({ kind, name }) => kind === "file" && hasImageEnding(name))
      .map(({ path }) => listed(root, path, split, null));
  });
  if (images.length === 0)
    throw new FileError(`${root} holds no images; expected a folder for each class with its images inside`);
  const names = new Set(images.map(({ path }) => path));
  const others = skipped.filter(({ path }) => !names.has(path));
  return { images, classes: [], splits, unreadable: [], skipped: others };
}

function listed(root: string, path: string, split: string | null, label: string | null): FoundImage {
  return { path, name: relative(root, path).split(sep).join("/"), split, label };
}
