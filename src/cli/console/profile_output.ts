/** A profile on the terminal, as JSON lines and as a trace file. */
import type { Program } from "../../engines/contract/engine.ts";
import { measureRoofline } from "../../experiments/bench/engine_speed.ts";
import { programsOf, type RecordedRun } from "../../experiments/profile/profile_recorder.ts";
import { type ProfileRow, profileOf } from "../../experiments/profile/profile_rows.ts";
import { traceOf } from "../../experiments/profile/trace.ts";
import { writeFileAtomic } from "../../io/atomic_file.ts";
import { formatBytes, formatScaled } from "../../report/number_text.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { engineInfo, engineName } from "../../tensor/index.ts";
import type { Precision } from "../../train/loop/precision.ts";
import type { Output } from "./output.ts";

/** Rows of the table: what is left takes little. */
const MOST_ROWS = 25;

/** Writes the trace, and prints a table of the program that took most of the time. */
export async function showProfile(
  runs: readonly RecordedRun[],
  file: string,
  output: Output,
  trace = traceOf(runs),
): Promise<void> {
  if (runs.length === 0) {
    output.note("--profile: nothing ran on the engine, so there is no trace");
    return;
  }
  await writeFileAtomic(file, trace);
  const [program] = programsOf(runs);
  const precision = precisionOf(program.program);
  const engine = engineInfo();
  const bounds = await measureRoofline(precision, engineName() === "reference");
  const { rows, milliseconds, roofline } = profileOf(program, bounds);
  const head =
    `a program of ${program.program.steps.length} steps, ${program.runs} ${program.runs === 1 ? "run" : "runs"}, ${milliseconds.toFixed(2)} ms each, ` +
    `${percent(roofline)} of the roofline`;
  const peak = `${bounds.gflops.toFixed(0)} GFLOP/s and ${bounds.gigabytesPerSecond.toFixed(1)} GB/s, measured`;
  output.lines(["", head, `${engine}, ${precision}: ${peak}`]);
  output.lines(table(rows.slice(0, MOST_ROWS), output));
  const left = rows.slice(MOST_ROWS);
  if (left.length > 0) {
    const share = left.reduce((sum, row) => sum + row.share, 0);
    output.line(`${left.length} more take ${percent(share)} of the time`);
  }
  output.line(
    `trace of ${runs.length} runs: ${file} (open it in ui.perfetto.dev, chrome://tracing or profiler.firefox.com)`,
  );
  for (const row of rows) output.event({ event: "profileStep", ...row });
  const whole = { steps: program.program.steps.length, runs: program.runs, milliseconds, roofline };
  output.event({ event: "profile", file, precision, engine, ...bounds, ...whole });
}

function table(rows: readonly ProfileRow[], output: Output): string[] {
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "step", flexible: true },
    { title: "layer" },
    ...["steps", "bytes", "operations", "ms", "of the time", "of the roofline"].map(right),
  ];
  const texts = rows.map(({ op, layer, steps, bytes, operations, milliseconds, share, roofline }) => [
    op,
    layer,
    String(steps),
    formatBytes(bytes),
    formatScaled(operations),
    milliseconds.toFixed(3),
    percent(share),
    percent(roofline),
  ]);
  return renderTable(columns, texts, output.style);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** bf16 if it multiplies any such. */
function precisionOf({ steps, values }: Program): Precision {
  const products = steps.filter(({ op }) => op === "matmul" || op.startsWith("conv2d"));
  return products.some(({ inputs }) => inputs.some((id) => values[id].dtype === "bfloat16")) ? "bf16" : "f32";
}
