/** The command line that starts ranks: `mpirun` of Open MPI or of MPICH. */
import { ArgumentError, DistributedError } from "../base/errors.ts";
import { INSTALL_COMMANDS, type Vendor } from "./mpi/mpi_abi.ts";

/** A program and how often it is started. */
export interface RanksToStart {
  readonly ranks: number;
  /** Machines that share the ranks evenly; this one alone if there are none. */
  readonly hosts: readonly string[];
  /** The program of a rank, with its arguments. */
  readonly command: readonly string[];
  /** Processors of this machine. */
  readonly processors: number;
  /** Whether the user is root, whom Open MPI wants to be told of. */
  readonly root: boolean;
}

/** An `mpirun` that was found. */
export interface Mpirun {
  readonly vendor: Vendor;
  readonly program: string;
}

/** Debian installs both side by side under names of their own; elsewhere there is one, which says what it is. */
const PROGRAMS: readonly { readonly program: string; readonly vendor: Vendor | null }[] = [
  { program: "mpirun.openmpi", vendor: "openmpi" },
  { program: "mpirun.mpich", vendor: "mpich" },
  { program: "mpirun", vendor: null },
  { program: "mpiexec.hydra", vendor: "mpich" },
];

/**
 * The first `mpirun` in the path.
 *
 * @param wanted - whose; any if absent.
 * @throws DistributedError with the command that installs one.
 */
export function findMpirun(wanted?: Vendor): Mpirun {
  for (const { program, vendor } of PROGRAMS) {
    const found = vendor ?? null;
    if (found !== null && wanted !== undefined && found !== wanted) continue;
    const said = versionOf(program);
    const actual = said === null ? null : vendorOf(said);
    if (actual !== null && (wanted === undefined || wanted === actual)) return { vendor: actual, program };
  }
  throw new DistributedError(
    `mpirun is not installed; \`${INSTALL_COMMANDS[wanted ?? "openmpi"]}\` brings it`,
  );
}

function versionOf(program: string): string | null {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { stdout, error } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return error === undefined ? stdout : null;
}

function vendorOf(text: string): Vendor | null {
  if (/Open MPI|OpenRTE|PRTE/i.test(text)) return "openmpi";
  return /hydra|mpich/i.test(text) ? "mpich" : null;
}

/** The arguments of `mpirun`. @throws ArgumentError if the hosts cannot share the ranks evenly. */
export function mpirunArguments(vendor: Vendor, started: RanksToStart): string[] {
  const { ranks, hosts, command, processors, root } = started;
  if (hosts.length > 0 && ranks % hosts.length !== 0)
    throw new ArgumentError(`${ranks} ranks cannot be shared evenly by ${hosts.length} hosts`);
  const perHost = hosts.length === 0 ? ranks : ranks / hosts.length;
  if (vendor === "mpich") {
    const where = hosts.length === 0 ? [] : ["-hosts", hosts.join(","), "-ppn", String(perHost)];
    // Else all ranks are killed before they can say which one was lost.
    return ["-n", String(ranks), ...where, "-bind-to", "none", "-disable-auto-cleanup", ...command];
  }
  return [
    ...["-n", String(ranks)],
    ...(hosts.length === 0 ? [] : ["--host", hosts.map((host) => `${host}:${perHost}`).join(",")]),
    ...["--bind-to", "none"],
    ...(hosts.length === 0 && ranks > processors ? ["--oversubscribe"] : []),
    ...(root ? ["--allow-run-as-root"] : []),
    ...command,
  ];
}
