/** Folders that are written whole or not at all, and replaced only if they are earlier shipments. */
import { createHash, randomBytes } from "node:crypto";
import * as nodeFs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isPlainObject } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";
import { parseJson } from "../base/json_text.ts";
import { VERSION } from "../base/version.ts";
import { type WriterFs, writeFileAtomic, writeFileAtomicSync } from "../io/atomic_file.ts";
import { fileErrorOf } from "../io/file_errors.ts";
import { makeFolderSync } from "../io/make_folder.ts";
import { MOST_JSON_BYTES, readTextSync } from "../io/regular_file.ts";
import { GENERATOR } from "./page_html.ts";

/** What says that a folder is a shipment, and which files belong to it. */
export const SHIPMENT_FILE = "shipment.json";
const FORMAT = "convoyant-shipment-1";

/** Files by name. */
export type ShippedFiles = ReadonlyMap<string, string | Uint8Array>;

/** A file of a shipment. */
export interface ShippedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Refuses an output folder that is something else than an earlier shipment.
 *
 * @throws FileError that names what is in the way.
 */
export function requireFreeFolder(path: string): void {
  const stat = nodeFs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) throw inUse(`${path} is a file, not a folder`);
  const names = namesIn(path);
  if (names.length === 0) return;
  const own = filesOfShipment(path);
  if (own === undefined)
    throw inUse(
      `${path} is in use: it holds ${firstOf(names)} and is not an earlier shipment (it has no ${SHIPMENT_FILE})`,
    );
  const strange = names.filter((name) => name !== SHIPMENT_FILE && !own.includes(name));
  if (strange.length > 0)
    throw inUse(
      `${path} is in use: ${firstOf(strange)} in it ${strange.length === 1 ? "is" : "are"} not of the earlier shipment there`,
    );
}

/** @throws FileError for a file that is not a page of ours. */
export function requireFreePage(path: string): void {
  const stat = nodeFs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isFile()) throw inUse(`${path} is not a file`);
  if (!startOf(path).includes(GENERATOR)) throw inUse(`${path} is in use: it is not an earlier shipment`);
}

const inUse = (problem: string) =>
  new FileError(problem, { cure: "; choose another `out`, or remove it first", reason: "output in use" });

/** Writes one page, whole or not at all. */
export async function writePage(path: string, html: string): Promise<void> {
  requireFreePage(path);
  makeFolderSync(dirname(resolve(path)));
  await writeFileAtomic(path, html);
}

/**
 * Writes a folder beside its place, then renames it: at any moment the old shipment is there, or the new one.
 *
 * @throws FileError if the place is in use or the files cannot be written; the old shipment is as it was then.
 * @internal
 */
export function writeShipment(path: string, files: ShippedFiles, fs: WriterFs = nodeFs): ShippedFile[] {
  requireFreeFolder(path);
  // A link stays a link: what it leads to is replaced.
  const place = nodeFs.existsSync(path) ? nodeFs.realpathSync(path) : resolve(path);
  const listed = Array.from(files, ([name, content]) => describe(name, content));
  makeFolderSync(dirname(place));
  const beside = (kind: string) =>
    join(dirname(place), `.${basename(place)}.${kind}.${process.pid}.${randomBytes(6).toString("hex")}`);
  const [fresh, old] = [beside("new"), beside("old")];
  try {
    nodeFs.mkdirSync(fresh);
    for (const [name, content] of files) write(path, fresh, name, content, fs);
    const record = { format: FORMAT, convoyant: VERSION, files: listed };
    write(path, fresh, SHIPMENT_FILE, `${JSON.stringify(record, null, 2)}\n`, fs);
    replace(place, fresh, old);
  } catch (error) {
    nodeFs.rmSync(fresh, { recursive: true, force: true });
    throw fileErrorOf(error, path, "write");
  }
  try {
    nodeFs.rmSync(old, { recursive: true, force: true });
  } catch (error) {
    throw fileErrorOf(error, old, "write");
  }
  return listed;
}

/** An error names the file as it was to be, not the one that is written first. */
function write(path: string, folder: string, name: string, content: string | Uint8Array, fs: WriterFs): void {
  const half = join(folder, name);
  try {
    writeFileAtomicSync(half, content, fs);
  } catch (error) {
    throw fileErrorOf((error as Error).cause ?? error, join(path, name), "write");
  }
}

function replace(place: string, fresh: string, old: string): void {
  const isThere = nodeFs.existsSync(place);
  if (isThere) nodeFs.renameSync(place, old);
  try {
    nodeFs.renameSync(fresh, place);
  } catch (error) {
    if (isThere) nodeFs.renameSync(old, place);
    throw error;
  }
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function describe(name: string, content: string | Uint8Array): ShippedFile {
  return { name, bytes: Buffer.byteLength(content), sha256: sha256Of(content) };
}

/** The names that a shipment lists; undefined for a folder that is none. */
function filesOfShipment(path: string): string[] | undefined {
  const file = join(path, SHIPMENT_FILE);
  if (!nodeFs.existsSync(file)) return undefined;
  try {
    const record = parseJson(readTextSync(file, MOST_JSON_BYTES));
    if (!isPlainObject(record) || record.format !== FORMAT || !Array.isArray(record.files)) return undefined;
    return record.files.map((one) => String((one as { name?: unknown } | null)?.name));
  } catch {
    return undefined;
  }
}

function namesIn(path: string): string[] {
  try {
    return nodeFs.readdirSync(path).sort();
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
}

function startOf(path: string): string {
  try {
    const descriptor = nodeFs.openSync(path, "r");
    try {
      const start = Buffer.alloc(4096);
      return start.toString("latin1", 0, nodeFs.readSync(descriptor, start, 0, start.length, 0));
    } finally {
      nodeFs.closeSync(descriptor);
    }
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
}

const firstOf = (names: readonly string[]) =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
