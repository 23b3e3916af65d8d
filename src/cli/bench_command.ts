/** `convoyant bench`: our engines and other libraries, alternately, each in a process of its own. */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type BenchOptions, bench } from "../experiments/bench/bench.ts";
import { bestTable } from "../experiments/bench/bench_best.ts";
import { type BenchClassicOptions, benchClassic } from "../experiments/bench/bench_classic.ts";
import { type BenchDataOptions, benchData, formatBenchData } from "../experiments/bench/bench_data.ts";
import { type BenchLine, formatBench } from "../experiments/bench/bench_lines.ts";
import {
  type BenchDistributedOptions,
  benchDistributed,
} from "../experiments/bench/distributed/bench_distributed.ts";
import { formatRanks } from "../experiments/bench/distributed/rank_lines.ts";
import { renderTable } from "../report/terminal/table.ts";
import { INTERRUPTED, interruption } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { beginTrace } from "./console/profiled.ts";

/** Runs a benchmark that Ctrl-C ends; null if it did. */
async function interruptible<T>(
  output: Output,
  body: (watch: { signal: AbortSignal; onNote: (text: string) => void }) => Promise<T>,
): Promise<T | null> {
  const interrupt = interruption(() => output.note("Stopping."));
  interrupt.arm();
  try {
    return await body({ signal: interrupt.signal, onNote: (text) => output.note(text) });
  } catch (error) {
    if (interrupt.signal.aborted) return null;
    throw error;
  } finally {
    interrupt.release();
  }
}

/** @param trace - file for the profiles of ours; null for none. */
export async function benchCommand(
  what: string,
  options: BenchOptions,
  trace: string | null,
  output: Output,
): Promise<number> {
  if (trace !== null) await beginTrace(trace);
  const results = await interruptible(output, (watch) => bench(what, { ...options, ...watch }));
  if (results === null) return INTERRUPTED;
  const { lines, skips, ratios, best } = results;
  for (const result of [...lines, ...skips, ...ratios, ...best]) output.event({ ...result });
  if (lines.length > 0 || skips.length > 0) output.lines(formatBench(lines, skips, output.style));
  const closing = bestTable(lines, output.style);
  // In addition to the JSON objects, for people.
  if (closing.length > 0) output.json ? output.note(closing.join("\n")) : output.lines(["", ...closing]);
  if (trace !== null) await showProfiles(lines, options.threads ?? null, trace, output);
  return skips.some((s) => s.library === "convoyant" && !s.absent) ? 1 : 0;
}

/** Profiles each of ours once more, in a file of its own if there are several. */
async function showProfiles(
  lines: readonly BenchLine[],
  threads: number | null,
  trace: string,
  output: Output,
): Promise<void> {
  const { profileContender } = await import("../experiments/bench/profile_bench.ts");
  const { showProfile } = await import("./console/profile_output.ts");
  const ours = lines.filter(({ library, net }) => library === "convoyant" && net !== undefined);
  const named = ours.map((line) => [`${line.net}-${line.engine}-${line.precision}`, line] as const);
  const measured = [...new Map(named)];
  const several = measured.length > 1;
  if (several) rmSync(trace);
  for (const [name, { task = "train", net, engine, precision, batch }] of measured) {
    const file = several ? trace.replace(/\.json$/, `-${name}.json`) : trace;
    const contender = { task: task as "train" | "infer", net: net as string, engine, precision };
    const sizes = { batch: batch as number, threads: threads ?? availableParallelism() };
    output.line(`\n${net}, ${engine}, ${precision}, batch ${batch}:`);
    await profileContender({ ...contender, ...sizes }, (runs) => showProfile(runs, file, output));
  }
}

/** `convoyant bench data DIR`: decoders, the loader, and how long training waits for it. */
export async function benchDataCommand(
  folder: string,
  options: BenchDataOptions,
  output: Output,
): Promise<number> {
  const results = await interruptible(output, (watch) => benchData(folder, { ...options, ...watch }));
  if (results === null) return INTERRUPTED;
  const { decode, load, skips } = results;
  for (const line of [...decode, ...skips, ...load]) output.event({ ...line });
  output.lines(formatBenchData(results, output.style));
  return 0;
}

/** `convoyant bench classic`: classic pipelines beside scikit-learn, SIFT beside OpenCV. */
export async function benchClassicCommand(options: BenchClassicOptions, output: Output): Promise<number> {
  const results = await interruptible(output, (watch) => benchClassic({ ...options, ...watch }));
  if (results === null) return INTERRUPTED;
  const { lines, skips, ratios } = results;
  for (const line of [...lines, ...skips, ...ratios]) output.event({ ...line });
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "task" },
    { title: "library" },
    ...["images", "seconds", "processor seconds"].map(right),
  ];
  const rows = lines.map(({ task, library, images, seconds, processorSeconds }) => [
    task,
    library,
    String(images),
    seconds.toPrecision(3),
    processorSeconds.toPrecision(3),
  ]);
  output.lines(renderTable(columns, rows, output.style));
  for (const { task, library, reason } of skips) output.line(`${task}, ${library}: left out, ${reason}`);
  for (const { task, against, ratio, processorRatio } of ratios) {
    output.line(
      `${task}: ${ratio.toPrecision(3)} times as fast as ${against}, ${processorRatio.toPrecision(3)} times by processor time`,
    );
  }
  return 0;
}

/** `convoyant bench distributed`: two ranks beside one process, and beside DistributedDataParallel. */
export async function benchDistributedCommand(
  options: BenchDistributedOptions,
  output: Output,
): Promise<number> {
  const results = await interruptible(output, (watch) => benchDistributed({ ...options, ...watch }));
  if (results === null) return INTERRUPTED;
  const { lines, skips, ratios, models } = results;
  for (const line of [...lines, ...skips, ...ratios, ...models]) output.event({ ...line });
  if (lines.length > 0) output.lines(formatRanks(lines, models, output.style));
  for (const { net, engine, task, reason } of skips)
    output.line(`${net}, ${engine}, ${task}: left out, ${reason}`);
  return skips.some(({ library, absent }) => library === "convoyant" && !absent) ? 1 : 0;
}
