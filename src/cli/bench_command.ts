/** `convoyant bench`: our engines and other libraries, alternately, each in a process of its own. */
import { rmSync } from "node:fs";
import { ArgumentError } from "../base/errors.ts";
import { type BenchOptions, bench } from "../experiments/bench/bench.ts";
import { bestTable } from "../experiments/bench/bench_best.ts";
import {
  type BenchClassicOptions,
  benchClassic,
  formatBenchClassic,
} from "../experiments/bench/bench_classic.ts";
import { type BenchDataOptions, benchData, formatBenchData } from "../experiments/bench/bench_data.ts";
import { type BenchLine, formatBench, type SkipLine } from "../experiments/bench/bench_lines.ts";
import {
  type BenchDistributedOptions,
  benchDistributed,
} from "../experiments/bench/distributed/bench_distributed.ts";
import { formatRanks } from "../experiments/bench/distributed/rank_lines.ts";
import { processors } from "../workers/processors.ts";
import { INTERRUPTED, whileInterruptible } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { beginTrace } from "./console/profiled.ts";

/** The options, as they were given or by default. */
type Given = Readonly<Record<string, any>>;

/** What can end a benchmark, and what it tells. */
type Watch = Pick<BenchOptions, "signal" | "onNote">;

/** What a benchmark found. */
interface Found {
  /** For machines. */
  readonly events: readonly object[];
  /** For people. */
  readonly lines: readonly string[];
  /** For people, in addition to the objects for machines. */
  readonly closing?: readonly string[];
  readonly failed?: boolean;
  /** Of which profiles can be made. */
  readonly measured?: readonly BenchLine[];
}

type Benchmark = (names: readonly string[], given: Given, watch: Watch, output: Output) => Promise<Found>;

const BENCHMARKS: Readonly<Record<string, Benchmark>> = { classic, data, distributed };

/** Returns the exit code: 1 if one of ours failed. */
export async function benchCommand(
  what: string,
  names: readonly string[],
  { profile: trace, ...given }: Given,
  output: Output,
): Promise<number> {
  const measure: Benchmark = BENCHMARKS[what] ?? ((...all) => networks(what, ...all));
  if (trace !== undefined) await beginTrace(trace);
  const found = await whileInterruptible(
    () => output.note("Stopping."),
    async (signal) => {
      try {
        return await measure(names, given, { signal, onNote: (text) => output.note(text) }, output);
      } catch (error) {
        if (signal.aborted) return null;
        throw error;
      }
    },
  );
  if (found === null) return INTERRUPTED;
  const { events, lines, closing = [], failed = false, measured = [] } = found;
  for (const event of events) output.event({ ...event } as { event: string });
  output.lines(lines);
  if (closing.length > 0) output.json ? output.note(closing.join("\n")) : output.lines(["", ...closing]);
  if (trace !== undefined) await showProfiles(measured, given.threads ?? processors(), trace, output);
  return failed ? 1 : 0;
}

/** Networks in training or inference, or matrix multiplication. */
async function networks(
  what: string,
  names: readonly string[],
  { workers: _, ...given }: Given,
  watch: Watch,
  { style }: Output,
): Promise<Found> {
  if (what === "matmul" && names.length > 0)
    throw new ArgumentError(`bench matmul takes no networks, got ${names.join(", ")}`);
  const chosen = names.length > 0 ? { ...given, nets: names } : given;
  const { lines, skips, ratios, best } = await bench(what, { ...chosen, ...watch });
  return {
    events: [...lines, ...skips, ...ratios, ...best],
    lines: lines.length + skips.length > 0 ? formatBench(lines, skips, style) : [],
    closing: bestTable(lines, style),
    failed: skips.some(isOurFailure),
    measured: lines,
  };
}

/** Classic pipelines beside scikit-learn, SIFT beside OpenCV. */
async function classic(
  names: readonly string[],
  { against, seconds }: Given,
  watch: Watch,
  { style }: Output,
): Promise<Found> {
  if (names.length > 0) throw new ArgumentError(`bench classic takes no names, got ${names.join(", ")}`);
  const results = await benchClassic({ against, seconds, ...watch } as BenchClassicOptions);
  const { lines, skips, ratios } = results;
  return { events: [...lines, ...skips, ...ratios], lines: formatBenchClassic(results, style) };
}

/** Decoders, the loader, and how long training waits for it. */
async function data(
  names: readonly string[],
  { nets = [], engines = [], batchSize, workers, seconds, threads }: Given,
  watch: Watch,
  { style }: Output,
): Promise<Found> {
  if (names.length !== 1)
    throw new ArgumentError(
      `bench data takes one folder of class folders, got ${names.join(", ") || "none"}`,
    );
  const options = { net: nets[0], engine: engines[0], batchSize, workers, seconds, threads, ...watch };
  const results = await benchData(names[0], options as BenchDataOptions);
  const { decode, load, skips } = results;
  return { events: [...decode, ...skips, ...load], lines: formatBenchData(results, style) };
}

/** Two ranks beside one process, and beside DistributedDataParallel. */
async function distributed(
  names: readonly string[],
  { nets, engines, against, batchSize, rounds, seconds }: Given,
  watch: Watch,
  { style }: Output,
): Promise<Found> {
  const options = {
    nets: names.length > 0 ? names : nets,
    engines,
    against,
    batchSize,
    rounds,
    seconds,
    ...watch,
  };
  const { lines, skips, ratios, models } = await benchDistributed(options as BenchDistributedOptions);
  const leftOut = skips.map(
    ({ net, engine, task, reason }) => `${net}, ${engine}, ${task}: left out, ${reason}`,
  );
  return {
    events: [...lines, ...skips, ...ratios, ...models],
    lines: [...(lines.length > 0 ? formatRanks(lines, models, style) : []), ...leftOut],
    failed: skips.some(isOurFailure),
  };
}

const isOurFailure = ({ library, absent }: SkipLine): boolean => library === "convoyant" && !absent;

/** Profiles each of ours once more, in a file of its own if there are several. */
async function showProfiles(
  lines: readonly BenchLine[],
  threads: number,
  trace: string,
  output: Output,
): Promise<void> {
  const { profileContender } = await import("../experiments/bench/profile_bench.ts");
  const { showProfile } = await import("./console/profile_output.ts");
  const ours = lines.filter(({ library, net }) => library === "convoyant" && net !== undefined);
  const measured = new Map(ours.map((line) => [`${line.net}-${line.engine}-${line.precision}`, line]));
  const several = measured.size > 1;
  if (several) rmSync(trace);
  for (const [name, { task = "train", net, engine, precision, batch }] of measured) {
    const file = several ? trace.replace(/\.json$/, `-${name}.json`) : trace;
    const contender = { task: task as "train" | "infer", net: net as string, engine, precision };
    output.line(`\n${net}, ${engine}, ${precision}, batch ${batch}:`);
    await profileContender({ ...contender, batch: batch as number, threads }, (runs) =>
      showProfile(runs, file, output),
    );
  }
}
