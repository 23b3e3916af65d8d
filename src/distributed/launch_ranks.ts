/** Starts ranks by mpirun, and waits until they have ended. */
import { spawn } from "node:child_process";
import { ArgumentError } from "../base/errors.ts";
import { processors } from "../workers/processors.ts";
import { findMpirun, mpirunArguments } from "./mpirun.ts";

/** mpirun forwards this signal, and ends everything at a Ctrl-C of its own. */
export const RANK_INTERRUPT = "SIGUSR2";

/** Ranks that are to be started. */
export interface LaunchOptions {
  readonly ranks: number;
  /** Machines that share the ranks, separated by commas; this one alone by default. */
  readonly hosts?: string;
  /** The program of a rank with its arguments, for a number of threads that suits the machine. */
  readonly command: (threads: number) => readonly string[];
  /** Asks all ranks to end in order. */
  readonly signal: AbortSignal;
  /** Called with the command line that starts them. */
  readonly onStart?: (program: string, args: readonly string[]) => void;
}

/**
 * Runs a program once for each rank.
 *
 * @returns whether all ended well.
 * @throws ArgumentError for hosts that cannot share the ranks; DistributedError without an mpirun.
 */
export async function launchRanks(options: LaunchOptions): Promise<boolean> {
  const { ranks, hosts, command, signal, onStart } = options;
  const names = hosts?.split(",").map((name) => name.trim()) ?? [];
  if (names.some((name) => name === ""))
    throw new ArgumentError(`--hosts: expected names separated by commas, got "${hosts}"`);
  const { program, vendor } = findMpirun();
  const perHost = Math.max(1, Math.ceil(ranks / Math.max(1, names.length)));
  const threads = Math.max(1, Math.floor(processors() / perHost));
  const root = process.getuid?.() === 0;
  const started = { ranks, hosts: names, command: command(threads), processors: processors(), root };
  const args = mpirunArguments(vendor, started);
  onStart?.(program, args);
  return runMpirun(program, args, signal);
}

function runMpirun(program: string, args: readonly string[], signal: AbortSignal): Promise<boolean> {
  // In a process group of its own: a Ctrl-C in the terminal is for this process, which passes on that it came.
  // Open MPI gives ranks a terminal of its own: what is shown there must suit where it ends.
  const env = process.stdout.isTTY ? process.env : { ...process.env, TERM: "dumb" };
  const child = spawn(program, args, { stdio: "inherit", detached: true, env });
  signal.addEventListener("abort", () => child.kill(RANK_INTERRUPT));
  // What ends this process at once ends them too.
  process.on("exit", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}
