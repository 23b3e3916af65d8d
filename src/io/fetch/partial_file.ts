/**
 * Files that are downloaded in parts. While a process downloads `name`, the bytes are in a file of its own, with its
 * number in the name; what a broken download leaves is `name.part`, and the next download goes on from there. Taking
 * such a file over is a rename, which only one process can do.
 */
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { processRuns } from "../../base/running_process.ts";
import { fileErrorOf } from "../file_errors.ts";

/** The file that a download goes into. */
export interface PartialFile {
  readonly path: string;
  /** Bytes that an earlier download left. */
  readonly found: number;
  /** Leaves it to the next download. */
  leave(): void;
  /** Removes it. */
  remove(): void;
  /**
   * Puts it in place, and removes what other downloads of the same file have left.
   *
   * @throws FileError if it cannot be renamed.
   */
  finish(): void;
}

/** A file for a download to `path`, in the same folder: one that was left there, or a new one. */
export function openPartialFile(path: string): PartialFile {
  const [folder, name] = [dirname(path), basename(path)];
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const own = join(folder, `.${name}.${process.pid}.${randomBytes(6).toString("hex")}.part`);
  for (const left of leftOf(path)) {
    // Another process may have taken it at this very moment.
    if (quietly(() => renameSync(left, own))) break;
  }
  return {
    path: own,
    found: statSync(own, { throwIfNoEntry: false })?.size ?? 0,
    leave() {
      const size = statSync(own, { throwIfNoEntry: false })?.size ?? 0;
      quietly(() => (size > 0 ? renameSync(own, `${path}.part`) : rmSync(own, { force: true })));
    },
    remove: () => rmSync(own, { force: true }),
    finish() {
      try {
        renameSync(own, path);
      } catch (error) {
        throw fileErrorOf(error, path, "write");
      }
      for (const left of leftOf(path)) quietly(() => rmSync(left, { force: true }));
    },
  };
}

/** Files of broken downloads, also of processes that were killed; the largest first. */
function leftOf(path: string): string[] {
  const folder = dirname(path);
  const name = basename(path);
  const sizes = new Map<string, number>();
  for (const entry of readdirSync(folder)) {
    if (!entry.endsWith(".part")) continue;
    const killed =
      entry.startsWith(`.${name}.`) && /^\d+\.[0-9a-f]{12}\.part$/.test(entry.slice(name.length + 2));
    if (entry !== `${name}.part` && !(killed && !processRuns(Number(entry.split(".").at(-3))))) continue;
    const size = statSync(join(folder, entry), { throwIfNoEntry: false })?.size;
    if (size !== undefined) sizes.set(join(folder, entry), size);
  }
  return [...sizes.keys()].sort((a, b) => (sizes.get(b) as number) - (sizes.get(a) as number));
}

function quietly(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
