/** Our engines and other libraries, alternately, each in a process of its own. */

import { fileURLToPath } from "node:url";
import type { ListenedSignal } from "../../base/web_types.ts";
import { OPTIONAL_PASSES } from "../../compiler/compile.ts";
import { engineNames } from "../../engines/engine_names.ts";
import { fastestEngine } from "../../engines/select.ts";
import { entry } from "../../models/index.ts";
import { processors } from "../../workers/processors.ts";
import { precisionNamed } from "../available_precision.ts";
import { oneOf } from "../one_of.ts";
import {
  type Contender,
  inferenceContenders,
  type ModelFiles,
  matmulContenders,
  type PytorchMode,
  parseBaselines,
  pytorchModes,
  readsFiles,
  runInterleaved,
  trainingContenders,
} from "./baselines.ts";
import { type BestLine, bestOf } from "./bench_best.ts";
import { type BenchLine, ownLibrary, type RatioLine, ratiosOf, type SkipLine } from "./bench_lines.ts";
import { BENCH_DEFAULTS } from "./bench_settings.ts";
import { withModelFiles } from "./model_files.ts";

/** What can be measured. */
export const BENCH_TASKS = ["train", "infer", "matmul"] as const;

export interface BenchOptions {
  /** Networks to train or to run. Default LeNet and BN-LeNet. */
  readonly nets?: readonly string[];
  /** Our engines. Default: the fastest that works here. */
  readonly engines?: readonly string[];
  /** Default f32. */
  readonly precision?: readonly string[];
  /** Other libraries: pytorch, jax-js, tfjs; for inference onnxruntime and onnxruntime-web, too. */
  readonly against?: readonly string[];
  /** PyTorch's modes. */
  readonly modes?: readonly string[];
  /** Passes of the compiler (`OPTIONAL_PASSES`): each network is measured without each of them, too. Default none. */
  readonly passes?: readonly string[];
  /** Side of the matrices. Default 1024. */
  readonly size?: number;
  /** Default: the chapter's; 32 for networks of colour images. */
  readonly batchSize?: number;
  /** How often each is measured. Default 3. */
  readonly rounds?: number;
  /** How long each measurement takes, in seconds. Default 3. */
  readonly seconds?: number;
  /** Default: as many as there are processors. */
  readonly threads?: number | null;
  readonly signal?: ListenedSignal;
  readonly onNote?: (text: string) => void;
}

export interface BenchResults {
  readonly lines: readonly BenchLine[];
  readonly skips: readonly SkipLine[];
  readonly ratios: readonly RatioLine[];
  readonly best: readonly BestLine[];
}

type Work = Required<Omit<BenchOptions, "batchSize" | "threads" | "signal" | "onNote">> &
  Pick<BenchOptions, "batchSize"> & { readonly what: string; readonly threads: number | null };

/**
 * Measures training, inference or matrix multiplication, ours and other libraries' alternately: what `convoyant bench`
 * does.
 *
 * @param what - "train", "infer" or "matmul".
 * @throws ArgumentError for an unknown name; the signal's reason when it is aborted.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { lines } = await experiments.bench("train", { nets: ["lenet"], rounds: 1 });
 * lines[0].examplesPerSecond;
 * ```
 */
export async function bench(what: string, options: BenchOptions = {}): Promise<BenchResults> {
  const { signal, onNote = () => {}, ...given } = options;
  const work: Work = {
    ...BENCH_DEFAULTS,
    threads: null,
    engines: [fastestEngine()],
    ...known(given),
    what,
  };
  checkNames(work);
  const results = await withModelFiles(netsAsFiles(work), signal, (files) =>
    runInterleaved(contendersOf(work, files), {
      rounds: work.rounds,
      ...(signal !== undefined && { signal }),
      onStart: ({ library, engine, net, task, precision }, round) =>
        onNote(`round ${round}/${work.rounds}: ${library} ${engine} ${net ?? task ?? ""} ${precision}`),
    }),
  );
  const lines = results.filter((r): r is BenchLine => r.event === "bench");
  const skips = results.filter((r): r is SkipLine => r.event === "skip");
  return { lines, skips, ratios: ratiosOf(lines), best: bestOf(lines) };
}

function known(
  given: Omit<BenchOptions, "signal" | "onNote">,
): Partial<Omit<BenchOptions, "signal" | "onNote">> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function checkNames(work: Work): void {
  oneOf("benchmark", work.what, BENCH_TASKS);
  for (const name of work.engines) oneOf("engine", name, engineNames());
  for (const name of work.precision) precisionNamed(name);
  for (const mode of work.modes) oneOf("PyTorch mode", mode, pytorchModes);
  for (const name of work.passes) oneOf("pass", name, OPTIONAL_PASSES);
  if (work.what !== "matmul") for (const net of work.nets) entry(net);
}

/** The networks that another library reads from files. */
function netsAsFiles({ what, nets, against }: Work): readonly string[] {
  return what === "infer" && parseBaselines(against.join(",")).some(readsFiles) ? nets : [];
}

function contendersOf(command: Work, files: ReadonlyMap<string, ModelFiles>): Contender[] {
  const baselines = parseBaselines(command.against.join(","));
  const threads = command.threads ?? processors();
  // Five windows in the time that was asked for.
  const shared = {
    threads,
    windows: 5,
    seconds: command.seconds / 5,
    pytorchModes: command.modes as PytorchMode[],
  };
  const ofNetwork = command.what === "infer" ? inferenceContenders : trainingContenders;
  const nets = command.what === "matmul" ? [undefined] : command.nets;
  return nets.flatMap((net) => {
    const batch = command.batchSize ?? usualBatch(net);
    const model = net === undefined ? undefined : files.get(net);
    const settings = {
      ...shared,
      ...(batch !== undefined && { batch }),
      ...(model !== undefined && { model }),
    };
    return command.precision.flatMap((precision) => [
      ...command.engines.flatMap((engine) =>
        [undefined, ...command.passes].map((without) =>
          own(command, { engine, precision, threads, net, batch, without }),
        ),
      ),
      ...(net === undefined
        ? matmulContenders(baselines, command.size, precision, settings)
        : ofNetwork(baselines, net, precision, settings)),
    ]);
  });
}

/** Examples in a batch of large colour images: what fits the memory of most machines. */
const COLOUR_BATCH = 32;

/** The chapter's batch, or that of colour images; undefined for a matmul. */
function usualBatch(net: string | undefined): number | undefined {
  if (net === undefined) return undefined;
  const { inputShape, presets } = entry(net);
  return inputShape[0] === 3 ? COLOUR_BATCH : presets.zh.batchSize;
}

interface OwnMeasurement {
  readonly engine: string;
  readonly precision: string;
  readonly threads: number;
  readonly net: string | undefined;
  readonly batch: number | undefined;
  /** A pass of the compiler that is left out. */
  readonly without: string | undefined;
}

function own(command: Work, measured: OwnMeasurement): Contender {
  const { engine, precision, threads, net, batch, without } = measured;
  const program = fileURLToPath(import.meta.resolve("#bench_own"));
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
  if (batch !== undefined) args.push("--batch", `${batch}`);
  if (without !== undefined) args.push("--without-passes", without);
  return {
    library: ownLibrary(without),
    engine,
    precision,
    ...(net !== undefined && { net }),
    ...(command.what !== "train" && { task: command.what }),
    command: process.execPath,
    args,
  };
}
