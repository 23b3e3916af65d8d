/** Files in a folder and all folders below it. Node only. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { isError } from "../../base/builtin_kinds.ts";
import { compareCodePoints } from "../../base/code_point_order.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import type { LeftOut } from "./folder_scan.ts";

/** An entry of a folder, links followed. */
export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly isLink: boolean;
  /** Bytes of a file. */
  readonly size: number;
}

/** A file below the folder that was walked. */
export interface WalkedFile {
  readonly path: string;
  /** Its folder below the start, "" for the start itself; with "/" on every system. */
  readonly folder: string;
  readonly file: string;
  readonly size: number;
}

/** Where entries go that are not followed. */
export interface WalkReport {
  readonly unreadable: LeftOut[];
  readonly skipped: LeftOut[];
}

/** What systems and programs put beside images. */
const SYSTEM_NAMES = new Set([
  "__macosx",
  "thumbs.db",
  "desktop.ini",
  "@eadir",
  "$recycle.bin",
  "system volume information",
  "lost+found",
]);

/** Entries of a folder, sorted as Python sorts them; what is hidden, broken or special is reported instead. */
export function entriesOf(folder: string, report: WalkReport): FolderEntry[] {
  const found: FolderEntry[] = [];
  const listed = readdirSync(folder, { withFileTypes: true });
  for (const entry of listed.sort((a, b) => compareCodePoints(a.name, b.name))) {
    const { name } = entry;
    const path = join(folder, name);
    if (name.startsWith(".")) report.skipped.push({ path, reason: "hidden: its name begins with a dot" });
    else if (SYSTEM_NAMES.has(name.toLowerCase()))
      report.skipped.push({ path, reason: "a file or folder of the system" });
    else {
      const followed = follow(path, name, entry.isSymbolicLink(), report);
      if (followed !== undefined) found.push(followed);
    }
  }
  return found;
}

function follow(path: string, name: string, isLink: boolean, report: WalkReport): FolderEntry | undefined {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return { name, path, kind: "folder", isLink, size: 0 };
    if (stats.isFile()) return { name, path, kind: "file", isLink, size: stats.size };
    report.skipped.push({ path, reason: "neither a file nor a folder" });
  } catch (error) {
    report.unreadable.push({ path, reason: isLink ? brokenLink(error) : systemReason(error, path) });
  }
  return undefined;
}

function brokenLink(error: unknown): string {
  const code = isError(error) ? (error as NodeJS.ErrnoException).code : undefined;
  return `a symbolic link that leads nowhere (${code ?? String(error)}); restore its target or remove it`;
}

/** What the system says about a path, in our words. */
export function systemReason(error: unknown, path: string): string {
  return fileErrorOf(error, path, "read").message;
}

/**
 * Files in a folder and below it, in the order of `sorted(os.walk(folder))`. Symbolic links are followed, each folder
 * once: what a link leads to that is counted already, or that holds the folder itself, is skipped.
 */
export async function walkFolder(start: string, report: WalkReport): Promise<WalkedFile[]> {
  const files: WalkedFile[] = [];
  const home = realpathSync(start);
  const seen = new Set<string>();
  const waiting = [{ path: start, folder: "" }];
  // Links come last: a folder is counted where it really lies, if it lies here.
  const links: { path: string; folder: string }[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop() ?? links.shift()) {
    const { path, folder } = next;
    const real = folderNotSeen(path, home, seen, report);
    if (real === undefined) continue;
    seen.add(real);
    for (const entry of readFolder(path, report)) {
      const below = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.kind === "file") files.push({ path: entry.path, folder, file: entry.name, size: entry.size });
      else (entry.isLink ? links : waiting).push({ path: entry.path, folder: below });
    }
    await breathe();
  }
  return files.sort((a, b) => compareCodePoints(a.folder, b.folder) || compareCodePoints(a.file, b.file));
}

/** Where a folder really is; undefined, with a report, if it is counted already. */
function folderNotSeen(
  path: string,
  home: string,
  seen: Set<string>,
  report: WalkReport,
): string | undefined {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    report.unreadable.push({ path, reason: systemReason(error, path) });
    return undefined;
  }
  const holdsHome = real !== home && home.startsWith(real.endsWith(sep) ? real : real + sep);
  if (!holdsHome && !seen.has(real)) return real;
  report.skipped.push({
    path,
    reason: `a symbolic link to ${real}, which is counted already or holds the link`,
  });
  return undefined;
}

function readFolder(path: string, report: WalkReport): FolderEntry[] {
  try {
    return entriesOf(path, report);
  } catch (error) {
    report.unreadable.push({ path, reason: systemReason(error, path) });
    return [];
  }
}

/** Lets other work of the thread go on. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
