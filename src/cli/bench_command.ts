/** `convoyant bench`: our engines and other libraries, alternately, each in a process of its own. */
import { type BenchOptions, type BenchResults, bench } from "../experiments/bench/bench.ts";
import { bestTable } from "../experiments/bench/bench_best.ts";
import { formatBench } from "../experiments/bench/bench_lines.ts";
import { INTERRUPTED, interruption } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";

export async function benchCommand(what: string, options: BenchOptions, output: Output): Promise<number> {
  const interrupt = interruption(() => output.note("Stopping."));
  interrupt.arm();
  let results: BenchResults;
  try {
    results = await bench(what, {
      ...options,
      signal: interrupt.signal,
      onNote: (text) => output.note(text),
    });
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    interrupt.release();
  }
  const { lines, skips, ratios, best } = results;
  for (const result of [...lines, ...skips, ...ratios, ...best]) output.event({ ...result });
  if (lines.length > 0 || skips.length > 0) output.lines(formatBench(lines, skips, output.style));
  const closing = bestTable(lines, output.style);
  // In addition to the JSON objects, for people.
  if (closing.length > 0) output.json ? output.note(closing.join("\n")) : output.lines(["", ...closing]);
  return skips.some((s) => s.library === "convoyant" && !s.absent) ? 1 : 0;
}
