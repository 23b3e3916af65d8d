/** The images of a folder or a list that a classifier is to be trained on. */
import { existsSync, statSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { FileError } from "../../base/errors.ts";
import type { LeftOut } from "../../data/folders/folder_scan.ts";
import { ImageList } from "../../data/folders/image_list.ts";
import { openFolder } from "../../data/folders/node_folders.ts";
import { findSplits } from "../../data/folders/scan_folder.ts";
import { names } from "../../models/index.ts";
import type { PhotoSplit, PhotosRecord } from "./photo_config.ts";
import { shortList } from "./photo_words.ts";

/** An image that has not been decoded yet. */
export interface Photo {
  readonly path: string;
  /** Its path below the folder, with "/" on every system. */
  readonly name: string;
  readonly label: number;
  /** Of the file. */
  readonly bytes: number;
  /** The part whose folder it lies in; null if it has to be chosen. */
  readonly split: PhotoSplit | null;
}

/** What lies in a folder, or is listed in a file. */
export interface PhotoSource {
  readonly root: string;
  readonly classes: readonly string[];
  readonly photos: readonly Photo[];
  /** Images that cannot be read, and files that are not images, with the reason. */
  readonly unreadable: readonly LeftOut[];
  readonly skipped: readonly LeftOut[];
}

/** Whether a path names photographs: a folder, or a CSV list. */
export function namesPhotos(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true || (stats?.isFile() === true && /\.(csv|tsv)$/i.test(path));
}

/** Whether a name of what is trained means photographs: that of a network is one also if there is a folder of that name. */
export function isPhotographs(name: string): boolean {
  return !names().includes(name) && namesPhotos(name);
}

/**
 * Opens a folder with a folder for each class, with or without train/, val/ and test/ above them, or a CSV list of paths
 * and labels.
 *
 * @throws FileError if there is nothing, or nothing that a classifier can be trained on.
 */
export async function openPhotos(root: string): Promise<PhotoSource> {
  if (!existsSync(root))
    throw new FileError(`there is no ${root}; name a folder that holds a folder of images for each class`);
  const source = statSync(root).isDirectory() ? await folderSource(root) : await listSource(root);
  requireEnough(source);
  return source;
}

/**
 * Opens the images of a run, with its numbers for the classes: the Lab's are in the order in which they were named. A class
 * that the run does not have gets none of its numbers.
 */
export async function openPhotosOf({
  config,
  classes,
}: Pick<PhotosRecord, "config" | "classes">): Promise<PhotoSource> {
  const source = await openPhotos(config.photos);
  if (source.classes.every((name, i) => classes[i] === name)) return source;
  const numbers = source.classes.map((name) => classes.indexOf(name));
  const photos = source.photos.map((photo) => ({ ...photo, label: numbers[photo.label] }));
  return { ...source, photos };
}

const ADVICE = "add images, or remove the folder";

async function folderSource(root: string): Promise<PhotoSource> {
  const parts = findSplits(root);
  if (parts.length === 0) {
    const scan = await openFolder(root, { split: undefined, allowEmpty: false, advice: ADVICE });
    return { ...scan, photos: scan.images.map((image) => ({ ...image, split: null })) };
  }
  if (!parts.some(({ split }) => split === "train")) {
    throw new FileError(
      `${root} holds ${parts.map(({ folder }) => `${folder}/`).join(" and ")}, but no folder train/ of images to train on`,
    );
  }
  const hasVal = parts.some(({ split }) => split === "val");
  const photos: Photo[] = [];
  const [unreadable, skipped]: [LeftOut[], LeftOut[]] = [[], []];
  let classes: readonly string[] = [];
  for (const { split, folder } of parts) {
    const scan = await openFolder(root, { split: folder, allowEmpty: split !== "train", advice: ADVICE });
    if (split === "train") classes = scan.classes;
    // Without a part to judge epochs by, some of the training images become one.
    const part = split === "train" && !hasVal ? null : split;
    for (const image of scan.images) photos.push({ ...image, name: `${folder}/${image.name}`, split: part });
    unreadable.push(...scan.unreadable);
    skipped.push(...scan.skipped);
  }
  return { root, classes, photos, unreadable, skipped };
}

async function listSource(root: string): Promise<PhotoSource> {
  const list = await ImageList(root);
  const photos = list.samples.map(([path, label]) => ({
    path,
    name: relative(dirname(root), path).split(sep).join("/"),
    label,
    bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    split: null,
  }));
  const { classes, unreadable, skipped } = list;
  return { root, classes, photos, unreadable, skipped };
}

/** @throws FileError for too few images to train on some and check with others. */
function requireEnough({ root, classes, photos }: PhotoSource): void {
  const counts = countsOf(
    photos.map(({ label }) => label),
    classes.length,
  );
  const needed = "every class needs one image to train on and another to check with, better 20 or more";
  if (photos.length < 2 * classes.length)
    throw new FileError(
      `${root} holds ${photos.length === 1 ? "1 image" : `${photos.length} images`} in all, in ${classes.length} classes; ${needed}`,
    );
  const missing = classes.filter((_, label) => counts[label] === 0);
  if (missing.length > 0)
    throw new FileError(`${root} has no image of ${named(missing)} that can be read; ${ADVICE}`);
  const single = classes.filter((_, label) => counts[label] === 1);
  if (single.length === 0) return;
  const there = photos.filter(({ label }) => counts[label] === 1).slice(0, 3);
  throw new FileError(
    `${root} has one image only of ${named(single)} (${shortList(there.map(({ name }) => name))}); ${needed}. Add images, or ` +
      "remove the class",
  );
}

function named(classes: readonly string[]): string {
  return `${classes.length === 1 ? "the class" : "the classes"} ${shortList(classes)}`;
}

/** How many images each class has. */
export function countsOf(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}
