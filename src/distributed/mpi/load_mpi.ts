/** Finds MPI, checks whose it is, and loads it for good. */
import { DistributedError } from "../../base/errors.ts";
import { foreignFunctions, type NativeLibrary } from "../../engines/onednn/library/foreign_functions.ts";
import { checkLibraryFile } from "../../engines/onednn/library/library_file.ts";
import type { Launcher } from "./launcher.ts";
import { Mpi } from "./mpi.ts";
import { constantsOf, INSTALL_COMMANDS, LIBRARY_NAMES, VENDOR_NAMES, type Vendor } from "./mpi_abi.ts";

const RTLD_NOW = 2;
const RTLD_GLOBAL = 0x100;
/** A library that is unloaded with a worker would leave its threads without code. */
const RTLD_NODELETE = 0x1000;

/** A library that can be loaded. */
export interface FoundMpi {
  readonly path: string;
  readonly vendor: Vendor;
  /** Name and version, as the library reports them. */
  readonly version: string;
}

interface Opened extends FoundMpi {
  readonly mpi: Mpi;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The libraries to try, the first choice first: what `CONVOYANT_MPI` names, or the launcher's, or either. */
export function candidates(env: Environment, launcher: Launcher | null): readonly string[] {
  const given = env.CONVOYANT_MPI;
  if (given !== undefined && given !== "") return [given];
  const { vendor } = launcher ?? {};
  return vendor ? LIBRARY_NAMES[vendor] : [...LIBRARY_NAMES.openmpi, ...LIBRARY_NAMES.mpich];
}

/**
 * Loads MPI into the thread that is to call it.
 *
 * @throws DistributedError if there is none (with the command that installs it), or if it is not that of the launcher.
 */
export function loadMpi(env: Environment, launcher: Launcher | null): Opened {
  const reasons: string[] = [];
  for (const path of candidates(env, launcher)) {
    try {
      const opened = open(path, true);
      requireVendor(opened, launcher);
      return opened;
    } catch (error) {
      if (error instanceof DistributedError) throw error;
      reasons.push((error as Error).message);
    }
  }
  throw new DistributedError(missing(env, launcher, reasons));
}

/** What MPI there is, without starting it: each library that can be loaded. */
export function findMpi(env: Environment): FoundMpi[] {
  return [...new Set(candidates(env, null))].flatMap((path) => {
    try {
      const { vendor, version } = open(path, false);
      return [{ path, vendor, version }];
    } catch {
      return [];
    }
  });
}

function missing(env: Environment, launcher: Launcher | null, reasons: readonly string[]): string {
  const vendor = launcher?.vendor ?? "openmpi";
  const given = env.CONVOYANT_MPI;
  if (given) return `CONVOYANT_MPI names ${given}, which cannot be loaded (${reasons[0]})`;
  const started =
    launcher?.vendor == null
      ? "MPI is not installed"
      : `this process was started by the mpirun of ${VENDOR_NAMES[vendor]}, whose library is not installed`;
  return `${started} (${reasons.join("; ")}); \`${INSTALL_COMMANDS[vendor]}\` brings it, CONVOYANT_MPI names a library file`;
}

function requireVendor({ vendor, path }: Opened, launcher: Launcher | null): void {
  if (launcher?.vendor == null || launcher.vendor === vendor) return;
  const [started, own] = [VENDOR_NAMES[launcher.vendor], VENDOR_NAMES[vendor]];
  throw new DistributedError(
    `this process was started by the mpirun of ${started}, but ${path} is ${own}: each process would be a world of its ` +
      `own; start it with the mpirun of ${own}, or have CONVOYANT_MPI name the library of ${started}`,
  );
}

/**
 * What keeps UCX, the transport of some builds, from taking over the process: it would handle the signals by which V8 checks
 * the bounds of WebAssembly memory, and patch the functions with which V8 maps memory.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  UCX_ERROR_SIGNALS: "",
  UCX_HANDLE_ERRORS: "none",
  UCX_MEM_EVENTS: "n",
  UCX_WARN_UNUSED_ENV_VARS: "n",
};

/** @param toStart - whether its plug-ins are to find its symbols among those of the process. */
function open(path: string, toStart: boolean): Opened {
  checkLibraryFile(path);
  const foreign = foreignFunctions();
  const own = foreign.open(null);
  const setenv = own.declare("setenv", "int", ["string", "string", "int"]);
  for (const [name, value] of Object.entries(SETTINGS)) setenv(name, value, 0);
  const flags = RTLD_NOW | RTLD_NODELETE | (toStart ? RTLD_GLOBAL : 0);
  const handle = own.declare("dlopen", "pointer", ["string", "int"])(path, flags);
  if (handle === 0) foreign.pin(path);
  const library: NativeLibrary = foreign.open(path);
  if (!library.exports("MPI_Get_library_version"))
    throw new Error(`${path}: it is not MPI, or older than version 3`);
  const dlsym = own.declare("dlsym", "pointer", ["pointer", "string"]);
  const vendor: Vendor = dlsym(handle, "ompi_mpi_comm_world") !== 0 ? "openmpi" : "mpich";
  const mpi = new Mpi(
    library,
    constantsOf(vendor, (name) => dlsym(handle, name)),
    foreign,
  );
  return { path, vendor, version: shortVersion(mpi.version), mpi };
}

/** "Open MPI v4.1.4, package: ..." and "MPICH Version: 4.0.2 MPICH Release date: ..." in few words. */
export function shortVersion(text: string): string {
  const openMpi = /^Open MPI v?(\S+?),/.exec(text);
  if (openMpi !== null) return `Open MPI ${openMpi[1]}`;
  const mpich = /^MPICH Version:\s*(\S+)/.exec(text);
  if (mpich !== null) return `MPICH ${mpich[1]}`;
  return text.split("\n")[0].trim();
}
