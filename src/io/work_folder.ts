/** Folders for files on their way to a cache, which leave nothing behind. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const PREFIX = ".fetch-";
const A_DAY = 24 * 60 * 60 * 1000;

/** A folder that is open until it is closed or this process ends. */
export interface WorkFolder {
  readonly path: string;
  /** Removes it with all that is in it. */
  close(): void;
}

/**
 * A new folder inside `destination`. Removes those that processes which were killed have left there.
 *
 * @throws Error of the file system if there can be none.
 */
export function openWorkFolder(destination: string): WorkFolder {
  removeAbandoned(destination);
  const path = mkdtempSync(join(destination, PREFIX));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", remove);
  const close = () => {
    process.off("exit", remove);
    remove();
  };
  return { path, close };
}

/** Young folders may belong to another process. */
function removeAbandoned(destination: string): void {
  for (const name of readdirSync(destination)) {
    const path = join(destination, name);
    if (!name.startsWith(PREFIX)) continue;
    // Another process may be removing it at this very moment.
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (changed !== undefined && Date.now() - changed > A_DAY) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
