/** Lists of images with their labels: the rows of a CSV file, or given in code. */
import { type ArgumentError, FileError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { type CsvRow, parseCsv } from "../../io/formats/csv/csv.ts";
import { hasImageEnding } from "./image_endings.ts";

/** An image of a list. */
export interface ListedRow<Source> {
  readonly source: Source;
  /** Names of its classes, in Unicode's normal form C. */
  readonly labels: readonly string[];
  /** How messages name the row: "labels.csv, line 3". */
  readonly where: string;
}

/** What a wrong list is: a file, or an argument. */
export type ListErrorClass = typeof FileError | typeof ArgumentError;

/** How a table is read. */
export interface TableSettings {
  readonly header: boolean | undefined;
  readonly delimiter: string;
  readonly pathColumn: string | number | undefined;
  readonly labelColumn: string | number | readonly (string | number)[] | undefined;
  readonly multiLabel: boolean;
  readonly labelSeparator: string;
}

/** A path and a label in each line, with or without a header. */
const USUAL_TABLE: TableSettings = {
  header: undefined,
  delimiter: ",",
  pathColumn: undefined,
  labelColumn: undefined,
  multiLabel: false,
  labelSeparator: "|",
};

/** The most bytes of a list: some millions of lines. */
export const MAX_LIST_BYTES = 2 ** 28;

/** What headers usually call the column of paths, and of labels. */
const PATH_NAMES = [
  "path",
  "file",
  "filename",
  "file_name",
  "filepath",
  "file_path",
  "image",
  "image_path",
  "img",
];
const LABEL_NAMES = [
  "label",
  "labels",
  "class",
  "classes",
  "class_name",
  "category",
  "target",
  "tag",
  "tags",
];

/**
 * The rows of a CSV file.
 *
 * @throws FileError for a table without rows, without a column that was asked for, or with a row that lacks a path or a label,
 *   or with several columns that could be labels.
 */
export function rowsOfTable(
  bytes: Uint8Array,
  name: string,
  settings: TableSettings = USUAL_TABLE,
): ListedRow<string>[] {
  const rows = parseCsv(bytes, name, settings.delimiter);
  const header = (settings.header ?? looksLikeHeader(rows, settings)) ? rows.shift() : undefined;
  if (rows.length === 0)
    throw new FileError(`${name} lists no images; expected a line for each: its path, a comma, its label`);
  const columns = columnsOf(rows, header, name, settings);
  return rows.map((row) => listedRow(row, columns, name, settings));
}

/** Columns that are named need a header; else it is a first row without a path of an image above one that has one. */
function looksLikeHeader(rows: readonly CsvRow[], { pathColumn, labelColumn }: TableSettings): boolean {
  if ([pathColumn, labelColumn].flat().some((column) => typeof column === "string")) return true;
  const [first, second] = rows;
  if (first === undefined || first.fields.some(hasImageEnding)) return false;
  const isNamed = first.fields.some((field) => PATH_NAMES.includes(field.toLowerCase()));
  return isNamed || (second?.fields.some(hasImageEnding) ?? false);
}

interface Columns {
  readonly path: number;
  /** Columns of labels; null: all but the path's, as many as a row has. */
  readonly labels: readonly number[] | null;
  /** Fields of every row; null: a row may have any number. */
  readonly width: number | null;
}

function columnsOf(
  rows: readonly CsvRow[],
  header: CsvRow | undefined,
  name: string,
  { pathColumn, labelColumn, multiLabel }: TableSettings,
): Columns {
  const names = header?.fields.map((field) => field.toLowerCase());
  const find = (column: string | number): number => {
    const at = typeof column === "number" ? column : (header?.fields.indexOf(column) ?? -1);
    if (at >= 0 && at < (header ?? rows[0]).fields.length) return at;
    const known =
      header === undefined ? `columns 0 to ${rows[0].fields.length - 1}` : header.fields.join(", ");
    throw new FileError(`${name} has no column ${shownValue(column)}; it has ${known}`);
  };
  const usual = (known: readonly string[]) => names?.findIndex((field) => known.includes(field)) ?? -1;
  const path = pathColumn === undefined ? usualPath(rows[0], usual(PATH_NAMES)) : find(pathColumn);
  const width = (header ?? rows[0]).fields.length;
  const named = usual(LABEL_NAMES);
  if (labelColumn !== undefined) {
    const labels = [labelColumn].flat().map(find);
    if (!multiLabel && labels.length > 1) throw severalColumns(name, labels, header);
    return { path, labels, width };
  }
  if (named >= 0 && named !== path) return { path, labels: [named], width };
  if (multiLabel) return { path, labels: null, width: null };
  const labels = Array.from({ length: width }, (_, i) => i).filter((i) => i !== path);
  if (labels.length === 0) throw new FileError(`${name} has one column only; expected paths and labels`);
  if (labels.length > 1) throw severalColumns(name, labels, header);
  return { path, labels, width };
}

/** The column with a usual name, or that holds the path of an image; else the first. */
function usualPath({ fields }: CsvRow, named: number): number {
  return named >= 0 ? named : Math.max(0, fields.findIndex(hasImageEnding));
}

function severalColumns(name: string, labels: readonly number[], header: CsvRow | undefined): FileError {
  const shown = labels.map((i) => shownValue(header?.fields[i] ?? i));
  return new FileError(
    `${name} has several columns that could be the label (${shown.join(", ")}); name it, ` +
      `{ labelColumn: ${shown[0]} }, or give { multiLabel: true } if an image has several labels`,
  );
}

function listedRow(
  { line, fields }: CsvRow,
  { path, labels, width }: Columns,
  name: string,
  { multiLabel, labelSeparator }: TableSettings,
): ListedRow<string> {
  const where = `${name}, line ${line}`;
  if (width !== null && fields.length !== width) {
    throw new FileError(
      `${where}: expected ${width} fields, got ${fields.length}: ${shownValue(fields.join(","))}; ` +
        "put quotes around a field that holds the delimiter",
    );
  }
  if ((fields[path] ?? "") === "") throw new FileError(`${where}: the path is empty`);
  const chosen = labels?.map((i) => fields[i]) ?? fields.filter((_, i) => i !== path);
  const given = multiLabel ? chosen.flatMap((field) => field.split(labelSeparator)) : chosen;
  return { source: fields[path], labels: labelsOfRow(given, multiLabel, where), where };
}

/**
 * Labels in Unicode's normal form C, each once.
 *
 * @param ListError - what is thrown if there is not exactly one, unless there may be several.
 */
export function labelsOfRow(
  given: readonly string[],
  multiLabel: boolean,
  where: string,
  ListError: ListErrorClass = FileError,
): string[] {
  const labels = given.map((label) => label.trim().normalize("NFC")).filter((label) => label !== "");
  if (!multiLabel && labels.length !== 1) {
    throw new ListError(
      labels.length === 0
        ? `${where}: the label is empty`
        : `${where}: expected one label, got ${labels.length}; give { multiLabel: true } if an image has several`,
    );
  }
  return [...new Set(labels)];
}
