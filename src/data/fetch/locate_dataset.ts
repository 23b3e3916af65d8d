import { FileError } from "../../base/errors.ts";
import { addressOf, type UrlLike } from "../../base/web_types.ts";
import { WEB_LIMITS } from "../../io/fetch/web_limits.ts";
import type { DataFile } from "../../records/data_file.ts";
import type { ArrayBatch } from "../array_batch.ts";
import type { DataFiles, DatasetSource } from "../mnist_format.ts";
import { askedFolder, destinationOf, placesOf } from "./data_folders.ts";
import { type Attempt, fetchDataset } from "./fetch_dataset.ts";
import { arrayOfFile, type LocatedData, type LocateOptions } from "./located_data.ts";
import { findDataFile, readDataFile } from "./read_data_file.ts";

/**
 * Finds a data set on this machine or fetches it: the folder that was asked for, the cache, the
 * distribution's folder, then the web and the distribution's package.
 *
 * @throws FileError that lists what was tried and says how to provide the files yourself. A file in the folder
 *   that was asked for which is damaged, or is of another data set, is an error at once; elsewhere the search
 *   goes on.
 */
export async function locateDataset(source: DatasetSource, options: LocateOptions): Promise<LocatedData> {
  const wanted = options.train ? source.train : source.test;
  const attempts: Attempt[] = [];
  for (const { folder, origin } of placesOf(source, options.dataDir)) {
    try {
      const found = await readFolder(folder, wanted);
      if (!("missing" in found)) return found;
      attempts.push({ where: folder, outcome: `no ${found.missing}(.gz)` });
    } catch (error) {
      if (origin === "option")
        throw new FileError(`${(error as FileError).message}; remove or replace it`, { cause: error });
      attempts.push({ where: folder, outcome: (error as Error).message });
    }
  }
  const destination = destinationOf(source, options.dataDir);
  if (options.download ?? true) {
    // Both parts at once: a training also tests, perhaps when the network is gone.
    const files = [source.train.images, source.train.labels, source.test.images, source.test.labels];
    const result = await fetchDataset(
      sourceAt(source, options.url),
      files,
      destination,
      options.onProgress ?? (() => {}),
      options.limits ?? WEB_LIMITS,
    );
    if (result.fetched) return readFetched(destination, wanted);
    attempts.push(...result.attempts);
  }
  throw notFound(source, wanted, destination, attempts);
}

/** The source with the address that was asked for in place of its own. */
function sourceAt(source: DatasetSource, url: string | UrlLike | undefined): DatasetSource {
  if (url === undefined) return source;
  const text = addressOf(url);
  if (!URL.canParse(text))
    throw new FileError(`${text} is not an address that data can be fetched from (https://...)`);
  return { ...source, urls: [text.endsWith("/") ? text : `${text}/`], package: null };
}

/** The data of a folder, or the name of a file that is not there. */
async function readFolder(
  folder: string,
  { images, labels }: DataFiles,
): Promise<LocatedData | { missing: string }> {
  const [imagesPath, labelsPath] = [images, labels].map((file) => findDataFile(folder, file));
  if (imagesPath === undefined) return { missing: images.name };
  if (labelsPath === undefined) return { missing: labels.name };
  return {
    images: await readArray(imagesPath, images, 3),
    labels: await readArray(labelsPath, labels, 1),
    folder,
  };
}

async function readFetched(folder: string, wanted: DataFiles): Promise<LocatedData> {
  const found = await readFolder(folder, wanted);
  if ("missing" in found)
    throw new FileError(`${folder}: ${found.missing} was removed while it was fetched; try again`);
  return found;
}

async function readArray(path: string, file: DataFile, dimensions: 1 | 3): Promise<ArrayBatch> {
  return arrayOfFile(await readDataFile(path, file), path, dimensions);
}

function notFound(
  source: DatasetSource,
  wanted: DataFiles,
  destination: string,
  attempts: readonly Attempt[],
): FileError {
  const tried = attempts.map(({ where, outcome }) => `  ${where}: ${outcome}`).join("\n");
  const names = [source.train, source.test].flatMap(({ images, labels }) => [images.name, labels.name]);
  const byPackage = source.package === null ? "" : `, or install the package ${source.package}`;
  const asked = askedFolder(undefined) === undefined ? "" : " (CONVOYANT_DATA is set)";
  return new FileError(
    `${source.title} was not found (${wanted.images.name}) and could not be fetched. Tried${asked}:\n${tried}\n` +
      `To provide the files yourself, put ${names.join(", ")} (as they are or with .gz) into ${destination}`,
    {
      cure: ` or into a folder named by \`root\` (\`dataDir\`) or CONVOYANT_DATA${byPackage}.`,
      reason: "data missing",
      facts: { byPackage },
    },
  );
}
