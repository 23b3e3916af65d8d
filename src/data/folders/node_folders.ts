/** Image folders on disk (`#image_folders`; a page has `page_folders.ts`). */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { FolderScan, SplitFolder } from "./folder_scan.ts";
import { classNamesOf, findSplits, foldersIn, lookAt, scanFolder } from "./scan_folder.ts";
import { breathe } from "./walk_folder.ts";

/** What `openFolder` is asked for. */
export interface OpenFolderOptions {
  /** A part of the data set; null: the folders are classes, whatever they are called. */
  readonly split: string | null | undefined;
  readonly allowEmpty: boolean;
  /** What to do about a class without images. */
  readonly advice?: string;
}

const ADVICE = "add images, remove the folder, or give { allowEmpty: true }";

/**
 * Scans a folder, or the part of it that is asked for, and checks that a classifier can be trained with it.
 *
 * @throws FileError for a folder without classes, with one only, or with an empty one; ArgumentError if a part has to be
 *   chosen, or if there is no such part.
 */
export async function openFolder(
  root: string,
  { split, allowEmpty, advice = ADVICE }: OpenFolderOptions,
): Promise<FolderScan> {
  const parts = split === null ? [] : findSplits(root);
  if (split == null) {
    if (parts.length > 0) throw splitMissing(root, parts);
    return checked(await scanFolder(root), allowEmpty, advice);
  }
  const part = chosenPart(root, parts, split);
  const training = parts.find((each) => each.split === "train");
  if (training === undefined || training === part)
    return checked(await scanFolder(part.path), allowEmpty, advice);
  // Labels are those of the training images, also if this part lacks a class.
  const classes = classNamesOf(training.path);
  return checked(await scanFolder(part.path, { classes }), allowEmpty, advice);
}

function splitMissing(root: string, parts: readonly SplitFolder[]): ArgumentError {
  const names = parts.map(({ folder }) => `${folder}/`).join(", ");
  return new ArgumentError(
    `ImageFolder: ${root} holds the parts ${names} of a data set; say which one: { split: "${parts[0].split}" } ` +
      "(or { split: null } if these are the names of classes)",
  );
}

function chosenPart(root: string, parts: readonly SplitFolder[], split: string): SplitFolder {
  const fitting = parts.filter((part) => part.split === split || part.folder === split);
  if (fitting.length === 1) return fitting[0];
  const names = parts.map(({ folder }) => `${folder}/`).join(", ");
  if (fitting.length > 1) {
    throw new ArgumentError(
      `ImageFolder: ${root} holds ${fitting.map(({ folder }) => `${folder}/`).join(" and ")}, both for \`split\` ` +
        `${shownValue(split)}; name the folder itself: { split: "${fitting[1].folder}" }`,
    );
  }
  throw new ArgumentError(
    `ImageFolder: ${root} has no part ${shownValue(split)}; ` +
      (names === ""
        ? "it holds no folders train/, val/ or test/: leave out `split`"
        : `its parts are ${names}`),
  );
}

function checked(scan: FolderScan, allowEmpty: boolean, advice: string): FolderScan {
  const { root, classes, images, looseImages } = scan;
  if (classes.length === 0 || (images.length === 0 && looseImages > 0)) throw withoutClasses(scan);
  if (classes.length === 1) throw oneClass(root, classes[0]);
  const filled = new Set(images.map(({ label }) => label));
  const empty = classes.filter((_, label) => !filled.has(label));
  if (empty.length > 0 && (!allowEmpty || images.length === 0)) throw emptyClass(scan, empty, advice);
  return scan;
}

function withoutClasses({ root, looseImages }: FolderScan): FileError {
  const expected = `expected a folder for each class with its images inside, as ${root}/cat/1.jpg`;
  if (looseImages === 0) return new FileError(`${root} holds no class folders; ${expected}`);
  return new FileError(`${root} holds ${counted(looseImages)} but no class folders; ${expected}`, {
    cure: ", or list the images with their labels in a CSV file and open it with data.ImageList",
    reason: "no class folders",
  });
}

function counted(images: number): string {
  return images === 1 ? "1 image" : `${images} images`;
}

function oneClass(root: string, name: string): FileError {
  const inside = foldersIn(root, name);
  const hint =
    inside.length > 1
      ? `; its own folders (${shortList(inside)}) look like classes: name ${root}/${name}`
      : "; add a folder for each other class, or name the folder above if the other classes lie there";
  return new FileError(`${root} holds one class only, ${name}; a classifier needs two or more${hint}`);
}

function emptyClass({ root, unreadable }: FolderScan, empty: readonly string[], advice: string): FileError {
  const [first] = unreadable;
  const because =
    first === undefined
      ? ""
      : ` (${counted(unreadable.length)} cannot be read, the first: ${first.path}: ${first.reason})`;
  return new FileError(
    `${root} has no image of ${empty.length === 1 ? "class" : "classes"} ${shortList(empty)}${because}; ${advice}`,
  );
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** Where a listed path leads, seen from the list's folder (undefined: the folder that the process runs in), or from `root`. */
export function listedPath(list: string | undefined, root: string | undefined, path: string): string {
  return resolve(root ?? (list === undefined ? "." : dirname(list)), path);
}

/** Paths after which other work of the thread gets its turn. */
const PATHS_AT_ONCE = 200;

/**
 * Looks at the first bytes of listed images: why one cannot be read, or null if it is an image.
 *
 * @throws FileError for one that does not exist.
 */
export async function lookAtListed(
  paths: readonly string[],
  whereOf: (index: number) => string,
): Promise<(string | null)[]> {
  const reasons: (string | null)[] = [];
  for (const [i, path] of paths.entries()) {
    const looked = await lookAt(path);
    if ("reason" in looked && !existsSync(path)) throw missingImage(path, whereOf(i));
    reasons.push("reason" in looked ? looked.reason : null);
    if (i % PATHS_AT_ONCE === PATHS_AT_ONCE - 1) await breathe();
  }
  return reasons;
}

function missingImage(path: string, where: string): FileError {
  const hint = path.includes("\\") ? "; write / in paths, not \\" : "";
  return new FileError(`${where}: there is no file ${path}${hint}`, {
    cure: "; relative paths are seen from the list's folder, or from `root`",
    reason: "listed image missing",
  });
}
