/** Files of which the hash is known: fetched once, and kept only if they are what they should be. */
import { createReadStream } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { FileError } from "../../base/errors.ts";
import { fileErrorOf } from "../file_errors.ts";
import { makeFolderSync } from "../make_folder.ts";
import { withRegularFile } from "../regular_file.ts";
import { DiskError, type Download, downloadInto } from "./download.ts";
import { shownUrl } from "./http_answer.ts";
import { openPartialFile } from "./partial_file.ts";

/** A sentence about a file that does not have a hash (its first digits suffice), or null if it has. */
export async function hashProblem(path: string, sha256: string): Promise<string | null> {
  const found = await hashOfFile(path);
  if (found.startsWith(sha256)) return null;
  const digits = sha256.length < found.length ? "begins with" : "is";
  return `is not the file it should be: its SHA-256 ${digits} ${found.slice(0, sha256.length)}, expected ${sha256}`;
}

async function hashOfFile(path: string): Promise<string> {
  // A pipe or a device would never end.
  await withRegularFile(path, async () => undefined);
  const { createHash } = process.getBuiltinModule("node:crypto");
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
  return hash.digest("hex");
}

/**
 * Downloads a file to `path`, which appears whole and verified or not at all. A download that breaks off is continued,
 * by this call and, if that does not help, by the next.
 *
 * @param sha256 - its hash, or the first digits of it.
 * @throws FileError that says why it did not come, or that it is another file; DiskError if it cannot be written.
 */
export async function downloadVerified(
  path: string,
  sha256: string,
  download: Omit<Download, "resume">,
): Promise<void> {
  prepareFolder(path);
  const partial = openPartialFile(path);
  let keeps = true;
  try {
    await downloadInto(partial.path, { ...download, resume: true });
    let problem = await hashProblem(partial.path, sha256);
    if (problem !== null && partial.found > 0) {
      // Perhaps what an earlier download had left was not the beginning of this file.
      await downloadInto(partial.path, { ...download, resume: false });
      problem = await hashProblem(partial.path, sha256);
    }
    if (problem !== null) {
      keeps = false;
      throw new FileError(`${shownUrl(download.url)}: what it sends ${problem}; nothing of it was kept`);
    }
    await flush(partial.path);
    partial.finish();
  } catch (error) {
    if (!keeps || error instanceof DiskError) partial.remove();
    else partial.leave();
    throw error;
  }
}

function prepareFolder(path: string): void {
  try {
    makeFolderSync(dirname(path));
  } catch (error) {
    throw new DiskError((error as Error).message, { cause: error });
  }
}

async function flush(path: string): Promise<void> {
  const file = await process.getBuiltinModule("node:fs").promises.open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
