/** Brings oneDNN into the cache, without root and without compiling. */
import { dirname, join } from "node:path";
import { EngineError } from "../base/errors.ts";
import { foreignFunctions } from "../engines/onednn/library/foreign_functions.ts";
import { libraryFolder, loadDnnl, OPENMP_RUNTIME } from "../engines/onednn/library/load_dnnl.ts";
import type { Progress } from "../io/fetch/progress.ts";
import { CommandError } from "../io/fetch/run_command.ts";
import { makeFolderSync } from "../io/make_folder.ts";
import { closeFolder, recordLibrary, removeLibrary } from "./installed_library.ts";
import { fetchRuntime, type LibrarySource, librarySources } from "./onednn_sources.ts";

export interface InstalledLibrary {
  readonly path: string;
  /** "3.2.0 (AVX-512, bfloat16)". */
  readonly version: string;
  readonly source: string;
}

/**
 * Brings oneDNN into the cache: the first source that gives a library which works here.
 *
 * @throws InstallationError that lists what was tried and why each did not do; nothing is left behind then.
 */
export async function installOnednn(
  progress: Progress,
  sources: readonly LibrarySource[] = librarySources(),
  folder = libraryFolder(),
): Promise<InstalledLibrary> {
  // Without koffi nothing that is fetched could be tried out.
  requireKoffi();
  makeFolderSync(folder);
  closeFolder(folder);
  const reasons: string[] = [];
  for (const source of sources) {
    let path: string | undefined;
    try {
      path = await source.fetch(folder, progress);
      recordLibrary(path);
      return { path, version: await provenVersion(path, folder, progress), source: source.title };
    } catch (error) {
      if (path !== undefined) removeLibrary(path);
      // A source may be called as the command that it runs.
      const isItself = error instanceof CommandError && error.command === source.title;
      reasons.push(`${source.title}: ${isItself ? error.why : (error as Error).message}`);
    }
  }
  throw new InstallationError(reasons);
}

/** No source gave a library that works. */
export class InstallationError extends EngineError {
  /** Each source, and why it did not do. */
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(
      `oneDNN could not be installed:\n${reasons.map((reason) => `  ${reason}`).join("\n")}\n` +
        "Install the distribution's package (Debian: libdnnl2), or name a library file with CONVOYANT_DNNL.",
    );
    this.reasons = reasons;
  }
}

/** @throws EngineError with the one command that is missing. */
function requireKoffi(): void {
  try {
    foreignFunctions();
  } catch (error) {
    throw new EngineError(
      `oneDNN is not installed: ${(error as Error).message}, then \`npx convoyant engine install onednn\` again`,
      { cause: error },
    );
  }
}

/** Loads what was fetched; a missing OpenMP run-time is fetched too. */
async function provenVersion(path: string, folder: string, progress: Progress): Promise<string> {
  try {
    return loadDnnl(path).dnnl.description;
  } catch (error) {
    if (!/libgomp/.test((error as Error).message)) throw error;
    await fetchRuntime(folder, progress);
    recordLibrary(join(dirname(path), OPENMP_RUNTIME));
    return loadDnnl(path).dnnl.description;
  }
}
