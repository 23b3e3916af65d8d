/** `convoyant train` on several ranks: starts them by mpirun, or is one of them. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { init } from "../../distributed/index.ts";
import { launcherOf, tasksWithoutMpi } from "../../distributed/mpi/launcher.ts";
import { findMpirun, mpirunArguments } from "../../distributed/mpirun.ts";
import { shellWord } from "../../experiments/shell_text.ts";
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import { trainingRanks } from "../../train/loop/ranks.ts";
import { processors } from "../../workers/processors.ts";
import { INTERRUPTED, interruption } from "../console/interruption.ts";
import { Output } from "../console/output.ts";
import { filesOfRank0, writeFiles } from "./run_of_rank0.ts";

/** Options of `train` that are about ranks. */
export interface RanksOptions {
  readonly ranks?: number;
  readonly hosts?: string;
  readonly shards?: number;
  readonly reduce?: "tree" | "fast";
  readonly compress?: "bfloat16";
}

/** Options of `train` as they were given. */
type Given = Readonly<Record<string, any>>;

/** Trains here, with the options and the output of this rank. */
type Train = (options: Given, output: Output) => Promise<number>;

/** Whether a training is one of several ranks, or is to start them. */
export function concernsRanks({ ranks, hosts, shards, reduce, compress }: RanksOptions): boolean {
  const wanted = [ranks, hosts, shards, reduce, compress].some((option) => option !== undefined);
  return wanted || launcherOf(process.env) !== null || tasksWithoutMpi(process.env) !== null;
}

/** Returns the exit code. */
export async function trainOnRanks(
  about: RanksOptions,
  options: Given,
  output: Output,
  train: Train,
): Promise<number> {
  if (launcherOf(process.env) === null && (about.ranks ?? 1) > 1) return startRanks(about, options, output);
  if (about.hosts !== undefined && about.ranks === undefined)
    throw new ArgumentError("train: --hosts needs --ranks, the number of ranks on all of them together");
  const { shards, reduce, compress } = about;
  const { rank } = await init({
    ...(shards !== undefined && { shards }),
    ...(reduce !== undefined && { reduce }),
    ...(compress !== undefined && { compress }),
  });
  try {
    const { resume } = options;
    // A rank of another machine has no such folder.
    const files = typeof resume === "string" ? await filesOfRank0(resume) : null;
    if (rank === 0) return await trainFirst(options, output, train);
    if (typeof resume === "string" && files === null)
      throw new ArgumentError(`train: rank 0 has no run ${resume} to go on with`);
    return await trainFollowing(options, files, output, train);
  } catch (error) {
    trainingRanks()?.leave(error);
    throw error;
  }
}

/** mpirun forwards this signal, and ends everything at a Ctrl-C of its own. */
const INTERRUPT = "SIGUSR2";

function trainFirst(options: Given, output: Output, train: Train): Promise<number> {
  process.on(INTERRUPT, () => process.emit("SIGINT"));
  return train(options, output);
}

/** Rank 0 keeps the run and reports it: this one works in a folder that it throws away. */
async function trainFollowing(
  options: Given,
  files: ReadonlyMap<string, Uint8Array> | null,
  output: Output,
  train: Train,
): Promise<number> {
  process.on(INTERRUPT, () => process.emit("SIGINT"));
  const folder = mkdtempSync(join(tmpdir(), "convoyant-rank-"));
  const own = join(folder, "run");
  try {
    if (files === null) return await train({ ...options, out: own }, new SilentOutput(output.json));
    writeFiles(files, own);
    return await train({ ...options, resume: own }, new SilentOutput(output.json));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class SilentOutput extends Output {
  constructor(json: boolean) {
    super(json, nodeTerminal({ write() {} }));
  }

  override get quiet(): boolean {
    return true;
  }

  override event(): void {}
  override note(): void {}
}

/** Runs this command line once for each rank. */
async function startRanks(
  { ranks = 1, hosts }: RanksOptions,
  options: Given,
  output: Output,
): Promise<number> {
  const names = hosts?.split(",").map((name) => name.trim()) ?? [];
  if (names.some((name) => name === ""))
    throw new ArgumentError(`--hosts: expected names separated by commas, got "${hosts}"`);
  const { program, vendor } = findMpirun();
  const perHost = Math.max(1, Math.ceil(ranks / Math.max(1, names.length)));
  const threads = options.threads ?? Math.max(1, Math.floor(processors() / perHost));
  const command = [
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1).filter((_, i, all) => !isAboutStart(all, i)),
    ...(options.threads === undefined ? ["--threads", String(threads)] : []),
  ];
  const root = process.getuid?.() === 0;
  const args = mpirunArguments(vendor, { ranks, hosts: names, command, processors: processors(), root });
  output.line([program, ...args].map(shellWord).join(" "));
  output.event({ event: "ranks", program, arguments: args });
  return runMpirun(program, args);
}

/** Whether an argument is `--ranks`, `--hosts`, or the value of one. */
function isAboutStart(all: readonly string[], at: number): boolean {
  const isName = (text: string | undefined) => text === "--ranks" || text === "--hosts";
  return isName(all[at]) || isName(all[at - 1]) || /^--(ranks|hosts)=/.test(all[at]);
}

function runMpirun(program: string, args: readonly string[]): Promise<number> {
  // In a process group of its own: a Ctrl-C in the terminal is for this process, which passes on that it came.
  // Open MPI gives ranks a terminal of its own: what is shown there must suit where it ends.
  const env = process.stdout.isTTY ? process.env : { ...process.env, TERM: "dumb" };
  const child = spawn(program, args, { stdio: "inherit", detached: true, env });
  const interrupt = interruption(() => child.kill(INTERRUPT));
  interrupt.arm();
  // A second Ctrl-C ends this process at once.
  process.on("exit", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      interrupt.release();
      resolve(code === 0 ? 0 : interrupt.signal.aborted ? INTERRUPTED : 1);
    });
  });
}
