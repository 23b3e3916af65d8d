import { join } from "node:path";
import type { DataFile } from "../../records/data_file.ts";
import { downloadInto } from "./download.ts";
import type { Progress } from "./progress.ts";
import type { WebLimits } from "./web_limits.ts";

/** gzip's header and trailer, and a little for data that does not pack. */
const PACKING_OVERHEAD = 1 << 16;

/**
 * Downloads a packed data file into a folder and returns its path. What it contains is not checked here.
 *
 * @throws FileError that says why it did not come.
 */
export async function downloadFile(
  base: string,
  file: DataFile,
  folder: string,
  progress: Progress,
  limits?: WebLimits,
): Promise<string> {
  const path = join(folder, `${file.name}.gz`);
  const url = `${base}${file.name}.gz`;
  // Packed, it is not noticeably longer than what it unpacks to.
  const mostBytes = file.bytes + PACKING_OVERHEAD;
  await downloadInto(path, { url, name: file.name, mostBytes, progress, limits });
  return path;
}
