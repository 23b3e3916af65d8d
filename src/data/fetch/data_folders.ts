import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { DatasetSource } from "../mnist_format.ts";

/** Convoyant's cache: $XDG_CACHE_HOME/convoyant, else ~/.cache/convoyant. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  // The specification has relative paths ignored.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "convoyant");
}

/** A folder in which a data set may lie, and who named it. */
export interface Place {
  readonly folder: string;
  readonly origin: "option" | "cache" | "system";
}

/**
 * Where a data set is looked for, in this order: the folder that was asked for (or `CONVOYANT_DATA`), the
 * cache, the distribution's folder.
 */
export function placesOf(source: DatasetSource, dataDir: string | undefined, env = process.env): Place[] {
  const below = (base: string, origin: Place["origin"]) =>
    source.folders.map((folder) => ({ folder: join(base, folder), origin }));
  const asked = askedFolder(dataDir, env);
  return [
    ...(asked === undefined ? [] : below(asked, "option")),
    // A file right in the cache could be of any data set; only its own folder counts.
    { folder: join(cacheFolder(env), source.folders[0]), origin: "cache" },
    ...source.systemFolders.map((folder) => ({ folder, origin: "system" as const })),
  ];
}

/** The folder that the user named, if any. */
export function askedFolder(dataDir: string | undefined, env = process.env): string | undefined {
  return dataDir || env.CONVOYANT_DATA || undefined;
}

/** Where fetched files are put: the folder that the user named, else the cache. */
export function destinationOf(source: DatasetSource, dataDir: string | undefined, env = process.env): string {
  return join(askedFolder(dataDir, env) ?? cacheFolder(env), source.folders[0]);
}
