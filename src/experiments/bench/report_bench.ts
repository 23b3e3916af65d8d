/** Benchmarks by their names, and what is told of what they find. Node only. */
import { rmSync } from "node:fs";
import { ArgumentError } from "../../base/errors.ts";
import type { Reporter } from "../../report/reporter.ts";
import { processors } from "../../workers/processors.ts";
import { beginTrace, reportProfile } from "../profile/profile_report.ts";
import { type BenchOptions, bench } from "./bench.ts";
import { bestTable } from "./bench_best.ts";
import { type BenchClassicOptions, benchClassic, formatBenchClassic } from "./bench_classic.ts";
import { type BenchDataOptions, benchData, formatBenchData } from "./bench_data.ts";
import { type BenchLine, formatBench, type SkipLine } from "./bench_lines.ts";
import { type BenchDistributedOptions, benchDistributed } from "./distributed/bench_distributed.ts";
import { formatRanks } from "./distributed/rank_lines.ts";
import { profileContender } from "./profile_bench.ts";

/** What `reportBench` takes. */
export interface ReportBenchOptions extends BenchOptions {
  /** Of `data`: how many workers the loader has, one measurement for each. @default 0, 1, 2, 4, ... up to the processors */
  readonly workers?: readonly number[];
  /** A file for a trace of one more run of each of ours. @default none */
  readonly profile?: string;
}

type Given = Omit<ReportBenchOptions, "signal" | "onNote" | "profile">;

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

type Benchmark = (names: readonly string[], given: Given, watch: Watch, reporter: Reporter) => Promise<Found>;

const BENCHMARKS: Readonly<Record<string, Benchmark>> = { classic, data, distributed };

/**
 * Measures, compared with other libraries, and reports the results: what `convoyant bench` does.
 *
 * @param what - "train", "infer", "matmul", "classic", "data" or "distributed".
 * @param names - of networks; of `data` the folder of images.
 * @returns whether all of ours worked.
 * @throws ArgumentError for an unknown name; the signal's reason when it is aborted.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.reportBench("train", ["lenet"], told, { rounds: 1 });
 * told.text.join("\n");
 * ```
 */
export async function reportBench(
  what: string,
  names: readonly string[],
  reporter: Reporter,
  { profile: trace, signal, onNote, ...given }: ReportBenchOptions = {},
): Promise<boolean> {
  const measure: Benchmark = BENCHMARKS[what] ?? ((...all) => networks(what, ...all));
  if (trace !== undefined) await beginTrace(trace);
  const watch = { ...(signal && { signal }), ...(onNote && { onNote }) };
  const found = await measure(names, given, watch, reporter);
  const { events, lines, closing = [], failed = false, measured = [] } = found;
  for (const event of events) reporter.event({ ...event } as { event: string });
  reporter.lines(lines);
  if (closing.length > 0)
    reporter.json ? reporter.note(closing.join("\n")) : reporter.lines(["", ...closing]);
  if (trace !== undefined)
    await showProfiles(measured, given.threads ?? processors(), trace, reporter, signal);
  return !failed;
}

/** Networks in training or inference, or matrix multiplication. */
async function networks(
  what: string,
  names: readonly string[],
  { workers: _, ...given }: Given,
  watch: Watch,
  { style }: Reporter,
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
  { style }: Reporter,
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
  { style }: Reporter,
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
  { style }: Reporter,
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
  reporter: Reporter,
  signal: BenchOptions["signal"],
): Promise<void> {
  const ours = lines.filter(({ library, net }) => library === "convoyant" && net !== undefined);
  const measured = new Map(ours.map((line) => [`${line.net}-${line.engine}-${line.precision}`, line]));
  const several = measured.size > 1;
  if (several) rmSync(trace);
  for (const [name, { task = "train", net, engine, precision, batch }] of measured) {
    signal?.throwIfAborted();
    const file = several ? trace.replace(/\.json$/, `-${name}.json`) : trace;
    const contender = { task: task as "train" | "infer", net: net as string, engine, precision };
    reporter.line(`\n${net}, ${engine}, ${precision}, batch ${batch}:`);
    await profileContender({ ...contender, batch: batch as number, threads }, (runs) =>
      reportProfile(runs, file, reporter),
    );
  }
}
