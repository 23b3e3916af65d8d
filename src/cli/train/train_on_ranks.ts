/** `convoyant train` on several ranks: starts them by mpirun, or is one of them. */
import { ArgumentError } from "../../base/errors.ts";
import { launchRanks, RANK_INTERRUPT } from "../../distributed/launch_ranks.ts";
import { launcherOf, tasksWithoutMpi } from "../../distributed/mpi/launcher.ts";
import { trainAsRank } from "../../distributed/training/train_as_rank.ts";
import { shellWord } from "../../experiments/shell_text.ts";
import { CountProgress } from "../../report/terminal/count_progress.ts";
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import type { Given } from "../command.ts";
import { INTERRUPTED, interruptible } from "../console/interruption.ts";
import { Output } from "../console/output.ts";

/** Whether a training is one of several ranks, or is to start them. @param about - the options about ranks. */
export function concernsRanks(about: Given): boolean {
  const wanted = Object.values(about).some((option) => option !== undefined);
  return wanted || launcherOf(process.env) !== null || tasksWithoutMpi(process.env) !== null;
}

/** Returns the exit code. @param train - trains here, with the options and the output of this rank. */
export async function trainOnRanks(
  { ranks, hosts, shards, reduce, compress }: Given,
  given: Given,
  output: Output,
  train: (given: Given, output: Output) => Promise<number>,
): Promise<number> {
  if (launcherOf(process.env) === null && (ranks ?? 1) > 1)
    return startRanks({ ranks, hosts, threads: given.threads }, output);
  if (hosts !== undefined && ranks === undefined)
    throw new ArgumentError("train: --hosts needs --ranks, the number of ranks on all of them together");
  const options = {
    ...(shards !== undefined && { shards }),
    ...(reduce !== undefined && { reduce }),
    ...(compress !== undefined && { compress }),
  };
  return trainAsRank(options, given.resume, ({ isFirst, own }) => {
    process.on(RANK_INTERRUPT, () => process.emit("SIGINT"));
    return train({ ...given, ...own }, isFirst ? output : new SilentOutput(output.json));
  });
}

class SilentOutput extends Output {
  constructor(json: boolean) {
    const nowhere = nodeTerminal({ write() {} });
    super(json, nowhere, new CountProgress(nowhere));
  }

  override event(): void {}
}

/** Runs this command line once for each rank. */
async function startRanks({ ranks, hosts, threads }: Given, output: Output): Promise<number> {
  const work = async (signal: AbortSignal) => {
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
  };
  return interruptible(
    () => {},
    ({ signal }) => work(signal),
  );
}

/** Whether an argument is `--ranks`, `--hosts`, or the value of one. */
function isAboutStart(all: readonly string[], at: number): boolean {
  const isName = (text: string | undefined) => text === "--ranks" || text === "--hosts";
  return isName(all[at]) || isName(all[at - 1]) || /^--(ranks|hosts)=/.test(all[at]);
}
