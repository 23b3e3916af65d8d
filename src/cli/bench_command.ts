/** `convoyant bench`: our engines and other libraries, each in a process of its own, in turn. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { engineNames } from "../engines/engine_names.ts";
import { fastestEngine } from "../engines/select.ts";
import { bestOf, bestTable } from "../experiments/bench/bench_best.ts";
import { type BenchLine, formatBench, ratiosOf, type SkipLine } from "../experiments/bench/bench_lines.ts";
import {
  type Contender,
  matmulContenders,
  type PytorchMode,
  parsePeers,
  pytorchModes,
  runInTurn,
  trainingContenders,
} from "../experiments/bench/bench_peers.ts";
import { INTERRUPTED, interruption } from "../experiments/console/interruption.ts";
import type { Output } from "../experiments/console/output.ts";
import { precisionNamed } from "../experiments/console/precision_choice.ts";
import { oneOf } from "../experiments/training_config.ts";
import { entry } from "../models/index.ts";

export interface BenchCommand {
  readonly what: string;
  readonly nets: readonly string[];
  /** Ours; the fastest of this machine where it is absent. */
  readonly engines?: readonly string[];
  readonly precision: readonly string[];
  readonly against: readonly string[];
  readonly modes: readonly string[];
  readonly size: number;
  /** The chapter's where it is absent. */
  readonly batchSize?: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly threads: number | null;
}

const TASKS = ["train", "matmul"] as const;

export async function benchCommand(given: BenchCommand, output: Output): Promise<number> {
  checkNames(given);
  const command = { ...given, engines: given.engines ?? [fastestEngine()] };
  const contenders = contendersOf(command);
  const interrupt = interruption(() => output.note("Stopping."));
  let results: (BenchLine | SkipLine)[];
  try {
    results = await runInTurn(contenders, {
      rounds: command.rounds,
      signal: interrupt.signal,
      onStart: (contender, round) =>
        output.note(
          `round ${round}/${command.rounds}: ${contender.library} ${contender.engine} ${contender.net ?? contender.task ?? ""} ${contender.precision}`,
        ),
    });
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    interrupt.release();
  }
  const lines = results.filter((r): r is BenchLine => r.event === "bench");
  const skips = results.filter((r): r is SkipLine => r.event === "skip");
  for (const result of [...lines, ...skips, ...ratiosOf(lines), ...bestOf(lines)])
    output.event({ ...result });
  if (lines.length > 0 || skips.length > 0) output.lines(formatBench(lines, skips, output.style));
  const best = bestTable(lines, output.style);
  // Beside the objects, for whoever is watching.
  if (best.length > 0) output.json ? output.note(best.join("\n")) : output.lines(["", ...best]);
  const ownFailed = skips.some((s) => s.library === "convoyant" && !s.absent);
  return ownFailed ? 1 : 0;
}

function checkNames(command: BenchCommand): void {
  oneOf("benchmark", command.what, TASKS);
  for (const name of command.engines ?? []) oneOf("engine", name, engineNames());
  for (const name of command.precision) precisionNamed(name);
  for (const mode of command.modes) oneOf("PyTorch mode", mode, pytorchModes);
  if (command.what === "train") for (const net of command.nets) entry(net);
}

type Command = BenchCommand & Required<Pick<BenchCommand, "engines">>;

function contendersOf(command: Command): Contender[] {
  const peers = parsePeers(command.against.join(","));
  const threads = command.threads ?? availableParallelism();
  // Five windows in the time that was asked for.
  const settings = {
    threads,
    ...(command.batchSize !== undefined && { batch: command.batchSize }),
    windows: 5,
    seconds: command.seconds / 5,
    pytorchModes: command.modes as PytorchMode[],
  };
  const nets = command.what === "matmul" ? [undefined] : command.nets;
  return nets.flatMap((net) =>
    command.precision.flatMap((precision) => [
      ...command.engines.map((engine) => own(command, engine, precision, threads, net)),
      ...(net === undefined
        ? matmulContenders(peers, command.size, precision, settings)
        : trainingContenders(peers, net, precision, settings)),
    ]),
  );
}

function own(command: Command, engine: string, precision: string, threads: number, net?: string): Contender {
  const program = fileURLToPath(new URL("../experiments/bench/bench_own.js", import.meta.url));
  const args = [
    program,
    command.what,
    "--engine",
    engine,
    "--precision",
    precision,
    "--threads",
    `${threads}`,
    "--windows",
    "5",
    "--seconds",
    `${command.seconds / 5}`,
  ];
  if (net !== undefined) args.push("--net", net);
  else args.push("--size", `${command.size}`);
  if (command.batchSize !== undefined) args.push("--batch", `${command.batchSize}`);
  return {
    library: "convoyant",
    engine,
    precision,
    ...(net === undefined ? { task: "matmul" } : { net }),
    command: process.execPath,
    args,
  };
}
