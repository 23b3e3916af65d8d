/** Looks through class folders, decoding next to nothing. Node only. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { readBytes } from "#read_bytes";
import { compareCodePoints } from "../../base/code_point_order.ts";
import { FileError } from "../../base/errors.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { decodeNamed, MAX_IMAGE_BYTES } from "../../io/images/decode_image.ts";
import { END_BYTES, endsWell } from "../../io/images/image_end.ts";
import { type ImageFormat, imageFormat, refusal } from "../../io/images/image_format.ts";
import type {
  FolderScan,
  LeftOut,
  ScannedImage,
  ScanOptions,
  SplitFolder,
  SplitName,
} from "./folder_scan.ts";
import { hasImageEnding } from "./image_endings.ts";
import {
  breathe,
  entriesOf,
  type FolderEntry,
  systemReason,
  type WalkedFile,
  walkFolder,
} from "./walk_folder.ts";

/** Bytes that recognise a format. */
const START_BYTES = 64;

/** Files after which other work of the thread gets its turn. */
const FILES_AT_ONCE = 200;

const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

interface Findings {
  readonly images: ScannedImage[];
  readonly unreadable: LeftOut[];
  readonly skipped: LeftOut[];
}

interface ClassFolder {
  readonly name: string;
  readonly entry: FolderEntry;
}

/**
 * Finds the images of a folder with a folder for each class, as torchvision's ImageFolder does: classes sorted by name,
 * nested folders belonging to their class. The first and last bytes of each image are looked at; only what does not end as
 * its format does is decoded, to tell whether it is whole.
 *
 * @throws FileError if the folder cannot be read, if two class folders have the same name but for its Unicode form, or
 *   if there is one that `classes` does not name.
 */
export async function scanFolder(root: string, options: ScanOptions = {}): Promise<FolderScan> {
  const findings: Findings = { images: [], unreadable: [], skipped: [] };
  const entries = rootEntries(root, findings);
  const folders = classFolders(root, entries);
  const classes = options.classes ?? folders.map(({ name }) => name);
  const looseImages = skipLooseFiles(entries, findings);
  for (const { name, entry } of folders) {
    const label = classes.indexOf(name);
    if (label < 0) throw unknownClass(root, name, classes);
    const files = await walkFolder(entry.path, findings);
    for (let i = 0; i < files.length; i++) {
      await classify(files[i], entry.name, label, findings);
      if (i % FILES_AT_ONCE === FILES_AT_ONCE - 1) await breathe();
    }
  }
  // Folders come by name, labels by the classes that were given.
  findings.images.sort((a, b) => a.label - b.label);
  return { root, classes: [...classes], ...findings, looseImages };
}

/** The class folders' names, sorted: the classes that a scan would find. */
export function classNamesOf(root: string): string[] {
  const entries = rootEntries(root, { unreadable: [], skipped: [] });
  return classFolders(root, entries).map(({ name }) => name);
}

function rootEntries(root: string, findings: Omit<Findings, "images">): FolderEntry[] {
  try {
    if (!statSync(root).isDirectory())
      throw new FileError(
        `${root} is a file; expected a folder that holds a folder of images for each class`,
      );
    return entriesOf(root, findings);
  } catch (error) {
    throw fileErrorOf(error, root, "read");
  }
}

function classFolders(root: string, entries: readonly FolderEntry[]): ClassFolder[] {
  const folders = entries
    .filter(({ kind }) => kind === "folder")
    .map((entry) => ({ name: entry.name.normalize("NFC"), entry }))
    .sort((a, b) => compareCodePoints(a.name, b.name));
  const twice = folders.findIndex(({ name }, i) => name === folders[i + 1]?.name);
  if (twice >= 0) {
    const [first, second] = [folders[twice].entry.name, folders[twice + 1].entry.name];
    throw new FileError(
      `${root} holds two folders for the class ${folders[twice].name}, whose names differ only in how Unicode writes ` +
        `them (${codePoints(first)} and ${codePoints(second)}); move the images of both into one folder`,
    );
  }
  return folders;
}

/** "U+00E9 ..." */
function codePoints(text: string): string {
  return Array.from(text, (c) => `U+${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`).join(
    " ",
  );
}

function unknownClass(root: string, name: string, classes: readonly string[]): FileError {
  const known = classes.length > 10 ? [...classes.slice(0, 10), "..."] : classes;
  return new FileError(
    `${root} holds a folder ${name}, which is not one of the classes of the training images (${known.join(", ")}); ` +
      "rename or remove it, or add such a folder to the training images",
  );
}

/** Files right in the root belong to no class, as in torchvision. Returns how many of them are images. */
function skipLooseFiles(entries: readonly FolderEntry[], findings: Findings): number {
  let images = 0;
  for (const { kind, name, path } of entries) {
    if (kind !== "file") continue;
    const isImage = hasImageEnding(name);
    if (isImage) images++;
    findings.skipped.push({
      path,
      reason: isImage ? "an image outside of any class folder" : "not an image",
    });
  }
  return images;
}

/** Puts a file to the images, or to what is left out. */
async function classify(
  found: WalkedFile,
  folder: string,
  label: number,
  { images, unreadable, skipped }: Findings,
): Promise<void> {
  const { path, file, size } = found;
  const isImage = hasImageEnding(file);
  const looked = await lookAt(path, isImage);
  if ("format" in looked && isImage) {
    const name = [folder, found.folder, file].filter((part) => part !== "").join("/");
    images.push({ path, name, label, bytes: size, format: looked.format });
  } else if ("format" in looked) skipped.push({ path, reason: notAnImage(looked.format) });
  else if (isImage) unreadable.push({ path, reason: looked.reason });
  else skipped.push({ path, reason: "not an image" });
}

/** BMP and PNM are recognised by two bytes, which a text may begin with. */
function notAnImage(format: ImageFormat): string {
  if (format === "BMP" || format === "PNM") return "not an image";
  return `not counted: its name does not end as an image's does, though it is ${format}; rename it`;
}

/**
 * The format of an image by its first bytes, or why it cannot be read.
 *
 * @param whole - whether it is to be decoded if its end is not that of its format.
 */
export async function lookAt(
  path: string,
  whole = true,
): Promise<{ readonly format: ImageFormat } | { readonly reason: string }> {
  try {
    const { start, end, size } = readEnds(path);
    const format = imageFormat(start);
    if (format === undefined) return { reason: refusal(start) };
    if (whole && !endsWell(format, start, end, size))
      await decodeNamed("scanFolder", await readBytes(path, MAX_IMAGE_BYTES), undefined, {});
    return { format };
  } catch (error) {
    return { reason: error instanceof FileError ? error.message : systemReason(error, path) };
  }
}

/** The first and the last bytes of a file, and its size. */
function readEnds(path: string): { start: Uint8Array; end: Uint8Array; size: number } {
  const descriptor = openSync(path, OPEN_FLAGS);
  try {
    const { size } = fstatSync(descriptor);
    const read = (length: number, at: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, at));
    };
    return { start: read(START_BYTES, 0), end: read(END_BYTES, Math.max(0, size - END_BYTES)), size };
  } finally {
    closeSync(descriptor);
  }
}

/** Usual names of the parts of a data set. */
const SPLIT_NAMES: Readonly<Record<string, SplitName>> = {
  train: "train",
  training: "train",
  val: "val",
  valid: "val",
  validation: "val",
  test: "test",
  testing: "test",
};

/**
 * The folders `train/`, `val/` and `test/` of a data set, train first; none if it is not split so. Classes may have
 * such names too: these are parts only if one of them holds folders itself, or if there are no others.
 */
export function findSplits(root: string): SplitFolder[] {
  const report = { unreadable: [], skipped: [] };
  const folders = rootEntries(root, report).filter(({ kind }) => kind === "folder");
  const named = folders.flatMap((entry) => {
    const name = entry.name.toLowerCase();
    const split = Object.hasOwn(SPLIT_NAMES, name) ? SPLIT_NAMES[name] : undefined;
    return split === undefined ? [] : [{ split, folder: entry.name, path: entry.path }];
  });
  const nested = named.filter(({ path }) => holdsFolders(path));
  const allNamed = named.length === folders.length;
  const isSplit = named.length > 1 ? nested.length > 0 || allNamed : nested.length > 0 && allNamed;
  const order: readonly SplitName[] = ["train", "val", "test"];
  return isSplit ? named.sort((a, b) => order.indexOf(a.split) - order.indexOf(b.split)) : [];
}

function holdsFolders(path: string): boolean {
  try {
    return entriesOf(path, { unreadable: [], skipped: [] }).some(({ kind }) => kind === "folder");
  } catch {
    return false;
  }
}

/** A class folder's own folders: what would be classes if the root were one level deeper. */
export function foldersIn(root: string, name: string): string[] {
  try {
    return entriesOf(join(root, name), { unreadable: [], skipped: [] })
      .filter(({ kind }) => kind === "folder")
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
