/** `convoyant train` on several ranks: starts them by mpirun, or is one of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { init } from "../../distributed/index.ts";
import { launchRanks, RANK_INTERRUPT } from "../../distributed/launch_ranks.ts";
import { launcherOf, tasksWithoutMpi } from "../../distributed/mpi/launcher.ts";
import { filesOfRank0, writeFiles } from "../../distributed/training/files_of_rank0.ts";
import { shellWord } from "../../experiments/shell_text.ts";
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import { trainingRanks } from "../../train/loop/ranks.ts";
import { INTERRUPTED, whileInterruptible } from "../console/interruption.ts";
import { Output } from "../console/output.ts";

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

function trainFirst(options: Given, output: Output, train: Train): Promise<number> {
  process.on(RANK_INTERRUPT, () => process.emit("SIGINT"));
  return train(options, output);
}

/** Rank 0 keeps the run and reports it: this one works in a folder that it throws away. */
async function trainFollowing(
  options: Given,
  files: ReadonlyMap<string, Uint8Array> | null,
  output: Output,
  train: Train,
): Promise<number> {
  process.on(RANK_INTERRUPT, () => process.emit("SIGINT"));
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
  { threads }: Given,
  output: Output,
): Promise<number> {
  return whileInterruptible(
    () => {},
    async (signal) => {
      const good = await launchRanks({
        ranks,
        ...(hosts !== undefined && { hosts }),
        signal,
        command: (suiting) => [
          ...[process.execPath, ...process.execArgv],
          ...process.argv.slice(1).filter((_, i, all) => !isAboutStart(all, i)),
          ...(threads === undefined ? ["--threads", String(suiting)] : []),
        ],
        onStart: (program, args) => {
          output.line([program, ...args].map(shellWord).join(" "));
          output.event({ event: "ranks", program, arguments: args });
        },
      });
      return good ? 0 : signal.aborted ? INTERRUPTED : 1;
    },
  );
}

/** Whether an argument is `--ranks`, `--hosts`, or the value of one. */
function isAboutStart(all: readonly string[], at: number): boolean {
  const isName = (text: string | undefined) => text === "--ranks" || text === "--hosts";
  return isName(all[at]) || isName(all[at - 1]) || /^--(ranks|hosts)=/.test(all[at]);
}
