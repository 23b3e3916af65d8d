/** Data sets in a page (`#locate_dataset`; Node.js has `locate_dataset.ts`): fetched from beside the page. */

import { FileError } from "../../base/errors.ts";
import { addressOf, type UrlLike } from "../../base/web_types.ts";
import { gunzip, isGzipped } from "../../io/page_gzip.ts";
import { fetchBytes } from "../../io/web_bytes.ts";
import { sha256OfBytes } from "../../io/web_hash.ts";
import type { DataFile } from "../../records/data_file.ts";
import type { DatasetSource } from "../mnist_format.ts";
import { arrayOfFile, type LocatedData, type LocateOptions, problemOf } from "./located_data.ts";

/**
 * Fetches the files of a data set, packed or not, and verifies them.
 *
 * @throws FileError without a `url`, and if a file cannot be fetched or is not, byte for byte, the file it should be.
 */
export async function locateDataset(source: DatasetSource, options: LocateOptions): Promise<LocatedData> {
  const { images, labels } = options.train ? source.train : source.test;
  if (options.url === undefined) {
    const names = [source.train, source.test].flatMap((part) => [part.images.name, part.labels.name]);
    throw new FileError(
      `${source.title}: a page has no files. Put ${names.join(", ")} (as they are or with .gz) on a server and name ` +
        'their folder: { url: "./data/" }',
    );
  }
  const folder = folderUrl(options.url);
  options.onProgress?.(`fetching ${source.title} from ${folder.host}`);
  const [imageBytes, labelBytes] = await Promise.all([
    fetchDataFile(folder, images),
    fetchDataFile(folder, labels),
  ]);
  return {
    images: arrayOfFile(imageBytes, images.name, 3),
    labels: arrayOfFile(labelBytes, labels.name, 1),
    folder: folder.href,
  };
}

/** The address with a slash at its end, seen from the page. */
function folderUrl(given: string | UrlLike): URL {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  let url: URL;
  try {
    url = new URL(addressOf(given), base);
  } catch (error) {
    throw new FileError(`${addressOf(given)} is not an address that data can be fetched from`, {
      cause: error,
    });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function fetchDataFile(folder: URL, file: DataFile): Promise<Uint8Array> {
  const packed = new URL(`${file.name}.gz`, folder);
  const plain = new URL(file.name, folder);
  const { bytes, url } = await fetchBytes(packed).then(
    (bytes) => ({ bytes, url: packed }),
    async (problem: FileError) => {
      const bytes = await fetchBytes(plain).catch((error: FileError) => {
        throw new FileError(`${problem.message}; ${error.message}`, { cause: error });
      });
      return { bytes, url: plain };
    },
  );
  // A server may send a packed file as one that the browser unpacks on the way.
  const unpacked = isGzipped(bytes) ? await gunzip(bytes, url.href, file.bytes) : bytes;
  const problem = problemOf(unpacked, await sha256OfBytes(unpacked), file);
  if (problem !== null) throw new FileError(`${url.href} ${problem}`);
  return unpacked;
}
