/** `convoyant bench`: our engines and other libraries, alternately, each in a process of its own. */
import { type BenchOptions, bench } from "../experiments/bench/bench.ts";
import { bestTable } from "../experiments/bench/bench_best.ts";
import { type BenchClassicOptions, benchClassic } from "../experiments/bench/bench_classic.ts";
import { type BenchDataOptions, benchData, formatBenchData } from "../experiments/bench/bench_data.ts";
import { formatBench } from "../experiments/bench/bench_lines.ts";
import { renderTable } from "../report/terminal/table.ts";
import { INTERRUPTED, interruption } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";

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

export async function benchCommand(what: string, options: BenchOptions, output: Output): Promise<number> {
  const results = await interruptible(output, (watch) => bench(what, { ...options, ...watch }));
  if (results === null) return INTERRUPTED;
  const { lines, skips, ratios, best } = results;
  for (const result of [...lines, ...skips, ...ratios, ...best]) output.event({ ...result });
  if (lines.length > 0 || skips.length > 0) output.lines(formatBench(lines, skips, output.style));
  const closing = bestTable(lines, output.style);
  // In addition to the JSON objects, for people.
  if (closing.length > 0) output.json ? output.note(closing.join("\n")) : output.lines(["", ...closing]);
  return skips.some((s) => s.library === "convoyant" && !s.absent) ? 1 : 0;
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
