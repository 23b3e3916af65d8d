/** Two ranks of one thread beside one process of two threads, and compared with PyTorch's DistributedDataParallel. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, DistributedError } from "../../../base/errors.ts";
import type { ListenedSignal } from "../../../base/web_types.ts";
import { findMpirun, mpirunArguments } from "../../../distributed/mpirun.ts";
import { engineHere, fastestEngine } from "../../../engines/select.ts";
import { entry } from "../../../models/index.ts";
import { processors } from "../../../workers/processors.ts";
import { baselinePlaces, type Contender, missingPart, runInterleaved } from "../baselines.ts";
import type { SkipLine } from "../bench_lines.ts";
import { BENCH_DEFAULTS } from "../bench_settings.ts";
import { type ModelLine, modelOf } from "./cost_model.ts";
import { type RankLine, type RankRatioLine, rankRatios } from "./rank_lines.ts";
import { VirtualMachines } from "./virtual_machines.ts";

/** What `bench distributed` takes. */
export interface BenchDistributedOptions {
  /** Default LeNet, NiN and GoogLeNet. */
  readonly nets?: readonly string[];
  /** Default: wasm, and onednn if it works here. */
  readonly engines?: readonly string[];
  /** `pytorch`, or nothing. */
  readonly against?: readonly string[];
  /** Of the whole batch. Default: the chapter's. */
  readonly batchSize?: number;
  /** Default: up to three, as many as take three minutes for each network. */
  readonly rounds?: number;
  readonly seconds?: number;
  readonly signal?: ListenedSignal;
  readonly onNote?: (text: string) => void;
}

export interface BenchDistributedResults {
  readonly lines: readonly RankLine[];
  readonly skips: readonly SkipLine[];
  readonly ratios: readonly RankRatioLine[];
  readonly models: readonly ModelLine[];
}

export const DISTRIBUTED_NETS = ["lenet", "nin", "googlenet"];
const RANKS = 2;
/** Seconds for a network, unless a round takes longer. */
const ENOUGH = 180;

/** @throws ArgumentError for names that are not known; DistributedError without an mpirun. */
export async function benchDistributed(options: BenchDistributedOptions): Promise<BenchDistributedResults> {
  const { nets = DISTRIBUTED_NETS, against = [], seconds = BENCH_DEFAULTS.seconds, signal, onNote } = options;
  const other = against.find((name) => name !== "pytorch");
  if (other !== undefined)
    throw new ArgumentError(`bench distributed: expected --against pytorch, got ${other}`);
  const engines = (options.engines ?? ["wasm", fastestEngine()]).map(engineHere);
  for (const net of nets) entry(net);
  const settings = ["--windows", "5", "--seconds", `${seconds / 5}`];
  if (options.batchSize !== undefined) settings.push("--batch", `${options.batchSize}`);
  const machines = VirtualMachines.make();
  const contenders = nets.flatMap((net) => [
    ...[...new Set(engines)].flatMap((engine) => [
      ...["alone", "tree", "fast"].map((task) => own(net, engine, task, settings)),
      ...["gigabit", "bfloat16"].map((task) => overCable(net, engine, task, settings, machines)),
    ]),
    ...(against.includes("pytorch") ? [pytorch(net, settings)] : []),
  ]);
  const { rounds } = options;
  const ofAll = rounds === undefined ? "" : ` of ${rounds}`;
  const found = await runInterleaved(contenders, {
    ...(rounds === undefined ? { rounds: 3, enough: ENOUGH * nets.length } : { rounds }),
    ...(signal !== undefined && { signal }),
    onStart: ({ net, engine, task }, round) =>
      onNote?.(`${net}, ${engine}, ${task} (round ${round}${ofAll})`),
  }).finally(() => {
    if (typeof machines !== "string") machines.remove();
  });
  const lines = found.filter((line) => line.event === "bench") as RankLine[];
  const skips = found.filter((line) => line.event === "skip");
  const models = lines.filter(({ task }) => task === "tree").map(modelOf);
  return { lines, skips, ratios: rankRatios(lines), models: models.filter((model) => model !== null) };
}

/** The arguments of a process that measures a rank. */
function measuring(net: string, engine: string, reduce: string, more: readonly string[]): string[] {
  const program = fileURLToPath(import.meta.resolve("#bench_rank"));
  const threads = String(reduce === "alone" ? RANKS : 1);
  return [program, "--net", net, "--engine", engine, "--reduce", reduce, "--threads", threads, ...more];
}

/** Deterministic ranks on two machines, which a cable of 1 Gbit/s connects; gradients as they are, or as bfloat16. */
function overCable(
  net: string,
  engine: string,
  task: string,
  settings: readonly string[],
  machines: VirtualMachines | string,
): Contender {
  const compress = task === "bfloat16" ? ["--compress", "bfloat16"] : [];
  const args = measuring(net, engine, "tree", [...settings, "--task", task, ...compress]);
  const what = { library: "convoyant", engine, net, task, precision: "f32" };
  if (typeof machines === "string") return { ...what, command: process.execPath, args, missing: machines };
  const started = machines.ranks([process.execPath, ...args]);
  return { ...what, command: started.program, args: started.args };
}

function own(net: string, engine: string, task: string, settings: readonly string[]): Contender {
  const args = measuring(net, engine, task, settings);
  const what = { library: "convoyant", engine, net, task, precision: "f32" };
  if (task === "alone") return { ...what, command: process.execPath, args };
  try {
    const { program: mpirun, vendor } = findMpirun();
    const started = {
      ranks: RANKS,
      hosts: [],
      command: [process.execPath, ...args],
      processors: processors(),
    };
    const root = process.getuid?.() === 0;
    return { ...what, command: mpirun, args: mpirunArguments(vendor, { ...started, root }) };
  } catch (error) {
    if (!(error instanceof DistributedError)) throw error;
    return { ...what, command: process.execPath, args, missing: error.message };
  }
}

function pytorch(net: string, settings: readonly string[]): Contender {
  const places = baselinePlaces();
  const program = "pytorch_ddp.py";
  return {
    ...{ library: "pytorch", engine: "gloo", net, task: "ddp", precision: "f32" },
    command: places.python,
    args: [join(places.programs, program), "--net", net, "--threads", "1", ...settings],
    missing: missingPart(places, program, []),
  };
}
