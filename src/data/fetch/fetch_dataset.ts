import { accessSync, constants } from "node:fs";
import { join, sep } from "node:path";
import { FileError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../io/atomic_file.ts";
import { fetchPackage } from "../../io/fetch/apt_source.ts";
import type { Progress } from "../../io/fetch/progress.ts";
import { WEB_LIMITS, type WebLimits } from "../../io/fetch/web_limits.ts";
import { downloadFile } from "../../io/fetch/web_source.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { openWorkFolder, type WorkFolder } from "../../io/work_folder.ts";
import type { DataFile } from "../../records/data_file.ts";
import type { DatasetSource } from "../mnist_format.ts";
import { findDataFile, readDataFile } from "./read_data_file.ts";

/** What came of one source. */
export interface Attempt {
  readonly where: string;
  readonly outcome: string;
}

/** The files that were fetched, or what was tried in vain. */
export type FetchResult =
  | { readonly fetched: true }
  | { readonly fetched: false; readonly attempts: Attempt[] };

/**
 * Fetches a data set's files into `destination`, unpacked and verified: from the web, else from the
 * distribution's package.
 *
 * Work goes on in a folder of its own inside the destination, and each file is put in place by a rename when
 * it is whole and verified: a fetch that is killed leaves nothing that looks like a data file, and two at the
 * same time do not disturb each other.
 *
 * @throws FileError if the destination cannot be written; nothing is fetched then.
 */
export async function fetchDataset(
  source: DatasetSource,
  files: readonly DataFile[],
  destination: string,
  progress: Progress,
  limits: WebLimits = WEB_LIMITS,
): Promise<FetchResult> {
  const { path: work, close } = makeWorkFolder(destination);
  const attempts: Attempt[] = [];
  try {
    for (const url of source.urls) {
      progress(`fetching ${source.title} from ${new URL(url).host}`);
      const fetchOne = (file: DataFile) => downloadFile(url, file, work, progress, limits);
      if (await attempt(url, work, attempts, () => takeFiles(files, destination, fetchOne)))
        return { fetched: true };
    }
    const { package: name } = source;
    if (name !== null) {
      const takeAll = async () => {
        const root = await fetchPackage(name, work, progress);
        await takeFiles(files, destination, async (file) => findInPackage(root, source, file));
      };
      if (await attempt(`apt-get download ${name}`, work, attempts, takeAll)) return { fetched: true };
    }
    return { fetched: false, attempts };
  } finally {
    close();
  }
}

/** Runs one way of getting the files. A destination that cannot be written ends everything. */
async function attempt(
  where: string,
  work: string,
  attempts: Attempt[],
  take: () => Promise<void>,
): Promise<boolean> {
  try {
    await take();
    return true;
  } catch (error) {
    if (error instanceof DestinationError) throw error.reason;
    // The source is named already, and the temporary folder means nothing to users.
    const outcome = (error as Error).message
      .replaceAll(where, "")
      .replaceAll(`${work}${sep}`, "")
      .replace(/^: /, "");
    attempts.push({ where, outcome });
    return false;
  }
}

/** The destination failed, not the source: trying another source would not help. */
class DestinationError extends Error {
  readonly reason: FileError;

  constructor(reason: FileError) {
    super(reason.message);
    this.reason = reason;
  }
}

async function takeFiles(
  files: readonly DataFile[],
  destination: string,
  fetchOne: (file: DataFile) => Promise<string>,
): Promise<void> {
  for (const file of files) {
    const bytes = await readDataFile(await fetchOne(file), file);
    try {
      await writeFileAtomic(join(destination, file.name), bytes);
    } catch (error) {
      throw new DestinationError(error as FileError);
    }
  }
}

function findInPackage(root: string, source: DatasetSource, file: DataFile): string {
  for (const folder of source.systemFolders) {
    const path = findDataFile(join(root, folder), file);
    if (path !== undefined) return path;
  }
  throw new FileError(`${file.name} is not in the package`);
}

/** A new folder inside the destination; says what to do if that cannot be. */
function makeWorkFolder(destination: string): WorkFolder {
  try {
    makeFolderSync(destination);
    accessSync(destination, constants.W_OK);
    return openWorkFolder(destination);
  } catch (error) {
    const { message } = fileErrorOf(error, destination, "write");
    throw new FileError(`${message}; this is where the data would be put`, {
      cure: ": name a folder that can be written with `root` (`dataDir`), CONVOYANT_DATA or XDG_CACHE_HOME",
      reason: "data folder",
      cause: error,
    });
  }
}
