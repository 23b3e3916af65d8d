/** `convoyant bench`: our engines and other libraries, each in a process of its own, in turn. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { engineNames } from "../engines/select.ts";
import { entry } from "../models/index.ts";
import { type BenchLine, formatBench, ratiosOf, type SkipLine } from "./bench_lines.ts";
import {
  type Contender,
  matmulContenders,
  type PytorchMode,
  parsePeers,
  runInTurn,
  trainingContenders,
} from "./bench_peers.ts";
import { INTERRUPTED, interruption } from "./interruption.ts";
import type { Output } from "./output.ts";

export interface BenchCommand {
  readonly what: string;
  readonly nets: readonly string[];
  readonly engines: readonly string[];
  readonly against: readonly string[];
  readonly modes: readonly string[];
  readonly size: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly threads: number | null;
}

const TASKS = ["train", "matmul"] as const;
const MODES: readonly PytorchMode[] = ["eager", "channels-last", "compile", "compile-channels-last"];

export async function benchCommand(command: BenchCommand, output: Output): Promise<number> {
  checkNames(command);
  const contenders = contendersOf(command);
  const interrupt = interruption(() => output.note("Stopping."));
  let results: (BenchLine | SkipLine)[];
  try {
    results = await runInTurn(contenders, {
      rounds: command.rounds,
      signal: interrupt.signal,
      onStart: (contender, round) =>
        output.note(
          `round ${round}/${command.rounds}: ${contender.library} ${contender.engine} ${contender.net ?? contender.task ?? ""}`,
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
  for (const result of [...lines, ...skips, ...ratiosOf(lines)]) output.event({ ...result });
  if (lines.length > 0 || skips.length > 0) output.line(formatBench(lines, skips));
  const ownFailed = skips.some((s) => s.library === "convoyant");
  return ownFailed ? 1 : 0;
}

function checkNames(command: BenchCommand): void {
  oneOf("benchmark", command.what, TASKS);
  for (const name of command.engines) oneOf("engine", name, engineNames());
  for (const mode of command.modes) oneOf("PyTorch mode", mode, MODES);
  if (command.what === "train") for (const net of command.nets) entry(net);
}

function oneOf(what: string, given: string, known: readonly string[]): void {
  if (known.includes(given)) return;
  throw new ArgumentError(
    `unknown ${what} \`${given}\`${didYouMean(given, known)} (there are: ${known.join(", ")})`,
  );
}

function contendersOf(command: BenchCommand): Contender[] {
  const peers = parsePeers(command.against.join(","));
  const threads = command.threads ?? availableParallelism();
  // Five windows in the time that was asked for.
  const settings = {
    threads,
    windows: 5,
    seconds: command.seconds / 5,
    pytorchModes: command.modes as PytorchMode[],
  };
  if (command.what === "matmul") {
    return [
      ...command.engines.map((engine) => own(command, engine, threads)),
      ...matmulContenders(peers, command.size, settings),
    ];
  }
  return command.nets.flatMap((net) => [
    ...command.engines.map((engine) => own(command, engine, threads, net)),
    ...trainingContenders(peers, net, "f32", settings),
  ]);
}

function own(command: BenchCommand, engine: string, threads: number, net?: string): Contender {
  const program = fileURLToPath(new URL("./bench_own.js", import.meta.url));
  const args = [
    program,
    command.what,
    "--engine",
    engine,
    "--threads",
    `${threads}`,
    "--windows",
    "5",
    "--seconds",
    `${command.seconds / 5}`,
  ];
  if (net !== undefined) args.push("--net", net);
  else args.push("--size", `${command.size}`);
  return {
    library: "convoyant",
    engine,
    ...(net === undefined ? { task: "matmul" } : { net }),
    command: process.execPath,
    args,
  };
}
