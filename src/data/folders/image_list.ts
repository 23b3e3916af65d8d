import { listedPath, lookAtListed } from "#image_folders";
import { readBytes } from "#read_bytes";
import { isBytes } from "../../base/builtin_kinds.ts";
import { compareCodePoints } from "../../base/code_point_order.ts";
import { ArgumentError, didYouMean, FileError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { checkedCacheOptions } from "../cache/image_cache.ts";
import { ToTensor } from "../transforms/index.ts";
import type { LeftOut } from "./folder_scan.ts";
import { ImageFiles } from "./image_files.ts";
import { decodeOptionsOf, type ImageFilesOptions, labelsOf, reportLeftOut } from "./image_folder.ts";
import type { ImageSource } from "./image_source.ts";
import {
  type ListErrorClass,
  type ListedRow,
  labelsOfRow,
  MAX_LIST_BYTES,
  rowsOfTable,
  type TableSettings,
} from "./listed_images.ts";

/** An image with its label, or with several. */
export interface ListedImage {
  /** A path (in a page an address), a `File` or `Blob`, or the bytes. */
  readonly image: ImageSource;
  /** The name of its class; the names of its classes with `multiLabel`. */
  readonly label: string | readonly string[];
}

/** What `ImageList` takes. */
export interface ImageListSettings extends ImageFilesOptions {
  /** The path of a CSV file (in a page its address), or the images themselves. */
  images: string | readonly ListedImage[];
  /** Names of the classes in the order of their labels. By default those that occur, sorted; numbers by their value. */
  classes?: readonly string[];
  /** What relative paths are seen from; by default the folder of the CSV file, or without one that of the process. */
  root?: string;
  /** Whether the first line holds the names of the columns. By default it is looked at. */
  header?: boolean;
  /** Name or number, from 0, of the column of paths. By default the one that is called so (`path`, `file`, `image`, ...), else the first. */
  pathColumn?: string | number;
  /** Name or number of the column of labels; several with `multiLabel`. By default the one that is called so (`label`, `class`, ...), else what is left. */
  labelColumn?: string | number | readonly (string | number)[];
  /** Whether an image may have several labels, or none: a row of zeros and ones for each. @default false */
  multiLabel?: boolean;
  /** What stands between several labels in one field. @default "|" */
  labelSeparator?: string;
  /** What stands between fields: one character. @default "," */
  delimiter?: string;
}

const IMAGE_LIST = parameterTable<ImageListSettings>("ImageList")(
  [
    "images",
    "transform?",
    "targetTransform?",
    "classes?",
    "root?",
    "header?:boolean",
    "pathColumn?",
    "labelColumn?",
    "multiLabel?:boolean",
    "labelSeparator?",
    "delimiter?",
    "channels?",
    "background?",
    "limit?",
    "decoder?",
    "cache?",
  ],
  async (
    images,
    transform = ToTensor(),
    targetTransform = null,
    classes,
    root,
    header,
    pathColumn,
    labelColumn,
    multiLabel = false,
    labelSeparator = "|",
    delimiter = ",",
    channels = 3,
    background,
    limit,
    decoder,
    cache,
  ): Promise<ImageFiles> => {
    const decode = decodeOptionsOf("ImageList", { channels, background, limit, decoder });
    const table = { header, delimiter, pathColumn, labelColumn, multiLabel, labelSeparator };
    requireTable(table);
    if (root !== undefined && (typeof root !== "string" || root === ""))
      throw new ArgumentError(`ImageList: expected \`root\` to be a path, got ${shownValue(root)}`);
    if (multiLabel && targetTransform !== null)
      throw new ArgumentError(
        "ImageList: `targetTransform` turns one label into another; leave it out with `multiLabel`",
      );
    const ListError = typeof images === "string" ? FileError : ArgumentError;
    const { rows, name } = await listedRows(images, root, table);
    const names = classes === undefined ? classesOf(rows, name, ListError) : checkedClasses(classes);
    const labels = numberedLabels(rows, names, ListError);
    const reasons = await reasonsAgainst(rows);
    const kept = rows.map((_, i) => i).filter((i) => reasons[i] === null);
    const unreadable = rows.flatMap(({ source, where }, i): LeftOut[] =>
      reasons[i] === null ? [] : [{ path: String(source), reason: `${where}: ${reasons[i]}` }],
    );
    if (kept.length === 0) throw noImages(name, unreadable);
    reportLeftOut("ImageList", name, unreadable, []);
    const chosen = kept.map((i) => labels[i]);
    return new ImageFiles({
      name: "ImageList",
      sources: kept.map((i) => rows[i].source),
      labels: multiLabel
        ? rowsOfLabels(chosen, names.length)
        : labelsOf(
            chosen.map(([one]) => one),
            targetTransform,
          ),
      classes: names,
      transform,
      decode,
      cache: checkedCacheOptions("ImageList", cache),
      unreadable,
      skipped: [],
    });
  },
);

/**
 * Images with their labels from a CSV file, or from a list: what {@link ImageFolder} is for images that do not lie in a
 * folder for each class. A line is a path, a comma and a label; the first line may name the columns, fields may be quoted.
 * In a page, give it the files that were chosen: `[{ image: file, label: "cat" }]`.
 *
 * @throws FileError, with the number of the line, for a label that is not among `classes`, a file that does not exist, a
 *   line without path or label, or damaged quotes; ArgumentError for images in a list that are given wrongly.
 * @example
 * ```ts
 * const white = data.encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(255) });
 * const black = data.encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(0) });
 * const pixels = await data.ImageList([
 *   { image: white, label: "white" },
 *   { image: black, label: "black" },
 * ]);
 * pixels.classes; // ["black", "white"]
 * pixels.targets; // [1, 0]
 * ```
 */
export async function ImageList(...args: ArgumentsOf<typeof IMAGE_LIST>): Promise<ImageFiles> {
  return IMAGE_LIST.bind(args);
}

function requireTable({ delimiter, labelSeparator, pathColumn, labelColumn }: TableSettings): void {
  if (typeof delimiter !== "string" || delimiter.length !== 1 || /["\r\n]/.test(delimiter))
    throw new ArgumentError(
      `ImageList: expected \`delimiter\` to be one character, got ${shownValue(delimiter)}`,
    );
  if (typeof labelSeparator !== "string" || labelSeparator === "")
    throw new ArgumentError(
      `ImageList: expected \`labelSeparator\` to be text, got ${shownValue(labelSeparator)}`,
    );
  for (const column of [pathColumn ?? [], labelColumn ?? []].flat()) {
    if (typeof column === "string" || (Number.isInteger(column) && (column as number) >= 0)) continue;
    throw new ArgumentError(
      `ImageList: expected columns as names or numbers from 0, got ${shownValue(column)}`,
    );
  }
}

async function listedRows(
  images: string | readonly ListedImage[],
  root: string | undefined,
  table: TableSettings,
): Promise<{ rows: ListedRow<ImageSource>[]; name: string }> {
  if (typeof images === "string") {
    const rows = rowsOfTable(await readBytes(images, MAX_LIST_BYTES), images, table);
    return {
      rows: rows.map((row) => ({ ...row, source: listedPath(images, root, row.source) })),
      name: images,
    };
  }
  if (!Array.isArray(images))
    throw new ArgumentError(
      `ImageList: expected the path of a CSV file or a list of images, got ${shownValue(images)}`,
    );
  const rows = images.map((one, i) => {
    const row = rowOf(one, i, table.multiLabel);
    return typeof row.source === "string" ? { ...row, source: listedPath(undefined, root, row.source) } : row;
  });
  return { rows, name: "the list of images" };
}

function rowOf(listed: ListedImage, index: number, multiLabel: boolean): ListedRow<ImageSource> {
  const where = `images[${index}]`;
  const { image, label } = listed ?? {};
  const isSource =
    typeof image === "string" ||
    isBytes(image) ||
    typeof (image as Partial<Blob>)?.arrayBuffer === "function";
  const labels = [label].flat();
  if (!isSource || labels.some((each) => typeof each !== "string")) {
    throw new ArgumentError(
      `ImageList: expected ${where} to be { image, label }: a path, File, Blob or bytes and the name of its class, ` +
        `got ${shownValue(listed)}`,
    );
  }
  return { source: image, labels: labelsOfRow(labels as string[], multiLabel, where, ArgumentError), where };
}

/** The labels that occur, sorted: by value if all are integers, else by code points, as Python does. */
function classesOf(rows: readonly ListedRow<unknown>[], name: string, ListError: ListErrorClass): string[] {
  const found = [...new Set(rows.flatMap(({ labels }) => labels))];
  const isNumbers = found.every((label) => /^(0|[1-9]\d{0,14})$/.test(label));
  found.sort(isNumbers ? (a, b) => Number(a) - Number(b) : compareCodePoints);
  if (found.length > 1) return found;
  throw new ListError(
    `${name} has ${found.length === 0 ? "no labels" : `one class only, ${found[0]}`}; a classifier needs two or more`,
    {
      cure: ", so list images of others, or name them all: { classes: [...] }",
      reason: "one class listed",
    },
  );
}

function checkedClasses(classes: readonly string[]): string[] {
  if (
    !Array.isArray(classes) ||
    classes.length === 0 ||
    classes.some((name) => typeof name !== "string" || name === "")
  )
    throw new ArgumentError(
      `ImageList: expected \`classes\` to be a list of names, got ${shownValue(classes)}`,
    );
  const names = classes.map((name) => name.normalize("NFC"));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new ArgumentError(
    `ImageList: \`classes\` holds ${shownValue(twice)} twice (in Unicode's normal form C)`,
  );
}

function numberedLabels(
  rows: readonly ListedRow<unknown>[],
  classes: readonly string[],
  ListError: ListErrorClass,
): number[][] {
  const numbers = new Map(classes.map((name, label) => [name, label]));
  return rows.map(({ labels, where }) =>
    labels.map((label) => {
      const number = numbers.get(label);
      if (number !== undefined) return number;
      const shown = classes.length > 10 ? [...classes.slice(0, 10), "..."] : classes;
      throw new ListError(
        `${where}: the label ${shownValue(label)} is not one of the classes (${shown.join(", ")})` +
          (didYouMean(label, classes) || "; correct it, or add it to `classes`"),
      );
    }),
  );
}

/** Why listed images cannot be read; null for those that can, as far as their first bytes say. */
async function reasonsAgainst(rows: readonly ListedRow<ImageSource>[]): Promise<(string | null)[]> {
  const paths = rows.filter((row): row is ListedRow<string> => typeof row.source === "string");
  const found = await lookAtListed(
    paths.map(({ source }) => source),
    (i) => paths[i].where,
  );
  let at = 0;
  return rows.map(({ source }) => (typeof source === "string" ? found[at++] : null));
}

function noImages(name: string, unreadable: readonly LeftOut[]): FileError {
  const [first] = unreadable;
  return new FileError(
    `none of the images of ${name} can be read; the first: ${first.path}: ${first.reason}`,
  );
}

/** A one for each label, [N, classes]. */
function rowsOfLabels(labels: readonly (readonly number[])[], classes: number): ArrayBatch {
  const data = new Float32Array(labels.length * classes);
  labels.forEach((row, i) => {
    for (const label of row) data[i * classes + label] = 1;
  });
  return { data, shape: [labels.length, classes], dtype: "float32" };
}
