/** Finds oneDNN, checks what it is and loads it for good. */
import { EngineError } from "../../../base/errors.ts";
import { warnOnce } from "../../../base/warnings.ts";
import { Dnnl } from "./dnnl.ts";
import { declareFunctions } from "./dnnl_functions.ts";
import type { ForeignFunctions, NativeLibrary } from "./foreign_functions.ts";
import { foreignFunctions } from "./foreign_functions.ts";
import { checkLibraryFile } from "./library_file.ts";
import { requireInstalled, requireOwn, UntrustedLibraryError } from "./trusted_file.ts";

/** Names that the system's loader is asked for, the newest generation first. */
export const SYSTEM_NAMES = ["libdnnl.so.3", "libdnnl.so.2"];

/** What the library is linked with. */
export const OPENMP_RUNTIME = "libgomp.so.1";

/** The oldest version whose interface we call. */
const OLDEST: readonly [number, number] = [2, 3];

/** Folder of the cache that holds installed libraries. */
export function libraryFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { join } = process.getBuiltinModule("node:path");
  return join(cacheRoot(env), "convoyant", "onednn");
}

/** The user's folder of caches. */
function cacheRoot(env: NodeJS.ProcessEnv): string {
  const { isAbsolute, join } = process.getBuiltinModule("node:path");
  const { homedir } = process.getBuiltinModule("node:os");
  const cache = env.XDG_CACHE_HOME;
  // The specification has relative paths ignored.
  return cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), ".cache");
}

/** Where the library may be, the first choice first: the user's word, what was installed, the system's. */
export function candidates(env: NodeJS.ProcessEnv = process.env): { paths: string[]; chosen: boolean } {
  const given = env.CONVOYANT_DNNL;
  if (given !== undefined && given !== "") return { paths: [given], chosen: true };
  const { join } = process.getBuiltinModule("node:path");
  const { existsSync } = process.getBuiltinModule("node:fs");
  const installed = SYSTEM_NAMES.map((name) => join(libraryFolder(env), name)).filter((path) =>
    existsSync(path),
  );
  return { paths: [...installed, ...SYSTEM_NAMES], chosen: false };
}

export interface LoadedDnnl {
  readonly dnnl: Dnnl;
  readonly path: string;
}

/** What this thread has loaded, and the paths that were asked for. */
let loaded: (LoadedDnnl & { readonly asked: string }) | undefined;

/**
 * Loads the first library that works and readies it for one thread, once: the caller computes alone, because the
 * engine's own workers divide the work.
 *
 * @param path The library that another thread has already found.
 * @throws EngineError that says what was tried, and why each did not do; UntrustedLibraryError for one that others can
 *   write, or that is not what was installed.
 */
export function loadDnnl(path?: string): LoadedDnnl {
  const { paths, chosen } = path === undefined ? candidates() : { paths: [path], chosen: true };
  const asked = paths.join("\n");
  if (loaded?.asked === asked) return loaded;
  const foreign = foreignFunctions();
  const reasons: string[] = [];
  for (const candidate of paths) {
    try {
      loaded = { dnnl: openDnnl(foreign, candidate), path: candidate, asked };
      return loaded;
    } catch (error) {
      // Falling back to another library would hide that this one was changed.
      if (error instanceof UntrustedLibraryError) throw error;
      reasons.push(reasonFor(candidate, (error as Error).message));
    }
  }
  if (chosen) throw new EngineError(`oneDNN cannot be used: ${reasons[0]}`);
  throw new EngineError(
    `oneDNN is not here (${reasons.join("; ")}); \`convoyant engine install onednn\` brings it, ` +
      "CONVOYANT_DNNL names a library file",
  );
}

/** What this thread knows of the library; null if it cannot be used. */
export interface DnnlFacts {
  readonly fastBfloat16: boolean;
}

let facts: DnnlFacts | null | undefined;

/** Whether the library is here and can be used, and what it is good at; found out once. */
export function dnnlFacts(): DnnlFacts | null {
  if (facts !== undefined) return facts;
  try {
    facts = { fastBfloat16: loadDnnl().dnnl.fastBfloat16 };
  } catch (error) {
    if (error instanceof UntrustedLibraryError) warnOnce("untrusted-library", error.message);
    facts = null;
  }
  return facts;
}

/** Has the library looked for again: it has just been installed. */
export function forgetDnnlFacts(): void {
  facts = undefined;
  loaded = undefined;
}

/** @throws EngineError or the loader's error if this is not a oneDNN that we can call. */
function openDnnl(foreign: ForeignFunctions, path: string): Dnnl {
  checkLibraryFile(path);
  requireTrusted(path);
  pinRuntime(foreign, path);
  foreign.pin(path);
  const library = foreign.open(path);
  if (!library.exports("dnnl_version"))
    throw new EngineError("it is not oneDNN: it has no function dnnl_version");
  requireVersion(foreign, library);
  if (library.exports("omp_set_num_threads")) library.declare("omp_set_num_threads", "void", ["int"])(1);
  return new Dnnl(declareFunctions(foreign, library), foreign);
}

/** What the system's loader finds by itself is the system's. */
function requireTrusted(path: string): void {
  const { dirname, isAbsolute, resolve } = process.getBuiltinModule("node:path");
  if (!path.includes("/") || !process.getBuiltinModule("node:fs").existsSync(path)) return;
  const installed = isAbsolute(path) && dirname(path) === libraryFolder();
  requireOwn(path, installed ? resolve(cacheRoot(process.env)) : undefined);
  if (installed) requireInstalled(path);
}

/** The OpenMP run-time that was installed beside the library, if the system has none of its own. */
function pinRuntime(foreign: ForeignFunctions, path: string): void {
  const { dirname, isAbsolute, join } = process.getBuiltinModule("node:path");
  const runtime = join(dirname(path), OPENMP_RUNTIME);
  if (!isAbsolute(path) || !process.getBuiltinModule("node:fs").existsSync(runtime)) return;
  checkLibraryFile(runtime);
  requireTrusted(runtime);
  foreign.pin(runtime);
}

function requireVersion(foreign: ForeignFunctions, library: NativeLibrary): void {
  const [major, minor, patch] = foreign.integers(library.declare("dnnl_version", "pointer", [])(), 3);
  if (major > 3)
    throw new EngineError(`it is version ${major}.${minor}.${patch}; versions 2.3 to 3 are known`);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new EngineError(
    `it is version ${major}.${minor}.${patch}, too old; ${OLDEST.join(".")} or newer is needed`,
  );
}

/** The loader names the file itself in most of its messages, or a library that the file needs. */
function reasonFor(path: string, message: string): string {
  const { existsSync } = process.getBuiltinModule("node:fs");
  const own = message.startsWith(`${path}: `);
  const plain = own ? message.slice(path.length + 2) : message;
  // The loader passes over files of other architectures as though they were not there.
  const passedOver = own && /No such file/.test(plain) && existsSync(path);
  if (passedOver || /wrong ELF class|Exec format/.test(plain))
    return `${path}: it was built for another architecture`;
  if (own && /No such file/.test(plain)) return `${path}: not found`;
  if (/invalid ELF header|file too short/.test(plain)) return `${path}: it is not a shared library`;
  return `${path}: ${plain}`;
}
