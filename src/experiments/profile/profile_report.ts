/** A profile for people and machines, and as a trace file. Node only. */
import { ArgumentError } from "../../base/errors.ts";
import { startedWorld } from "../../distributed/world.ts";
import type { Program } from "../../engines/contract/engine.ts";
import { writeFileAtomic } from "../../io/atomic_file.ts";
import { formatBytes, formatScaled } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { RIGHT, renderRows } from "../../report/terminal/table.ts";
import { engineInfo, engineName } from "../../tensor/index.ts";
import type { Precision } from "../../train/loop/precision.ts";
import { rooflineOf } from "../bench/engine_speed.ts";
import { profileRanks } from "./profile_ranks.ts";
import { ProfileRecorder, programsOf, type RecordedRun } from "./profile_recorder.ts";
import { type ProfileRow, profileOf } from "./profile_rows.ts";
import type { RankTimes } from "./rank_trace.ts";
import { traceOf } from "./trace.ts";

/**
 * Runs something, and tells where the time of the programs that it ran went: what `--profile` of the commands does. On
 * several ranks each calls it; the first tells what all of them spent on computing and waiting.
 *
 * @param file - the trace that is written, for ui.perfetto.dev, chrome://tracing and profiler.firefox.com.
 * @throws ArgumentError for a name that does not end in .json; FileError if it cannot be written, before anything runs.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.profiled("trace.json", told, () => experiments.evaluate("runs/first"));
 * told.text.join("\n");
 * ```
 */
export async function profiled<T>(file: string, reporter: Reporter, body: () => Promise<T>): Promise<T> {
  const world = startedWorld();
  if (world === null || world.client === null) {
    await beginTrace(file);
    const recorder = new ProfileRecorder();
    recorder.start();
    const result = await body().finally(() => recorder.stop());
    await reportProfile(recorder.runs, file, reporter);
    return result;
  }
  const { client, rank, worldSize } = world;
  if (rank === 0) await beginTrace(file);
  const { result, profile } = await profileRanks({ client, rank, worldSize }, body);
  if (profile === null) return result;
  await reportProfile(profile.runs, file, reporter, profile.trace);
  reporter.lines(["", ...tableOfRanks(profile.times, reporter)]);
  for (const one of profile.times) reporter.event({ event: "profileRank", ...one });
  return result;
}

/**
 * Writes a trace without runs, so that a file that cannot be written is known before the work.
 *
 * @throws ArgumentError for a name that viewers would not take for a trace; FileError if it cannot be written.
 */
export async function beginTrace(file: string): Promise<void> {
  if (!file.endsWith(".json"))
    throw new ArgumentError(
      `--profile: expected the name of a trace, which ends in .json, such as trace.json; got "${file}"`,
    );
  await writeFileAtomic(file, traceOf([]));
}

/** Rows of the table: what is left takes little. */
const MOST_ROWS = 25;

/** Writes the trace, and reports the program that took most of the time. */
export async function reportProfile(
  runs: readonly RecordedRun[],
  file: string,
  reporter: Reporter,
  trace = traceOf(runs),
): Promise<void> {
  if (runs.length === 0) {
    reporter.note("--profile: nothing ran on the engine, so there is no trace");
    return;
  }
  await writeFileAtomic(file, trace);
  const [program] = programsOf(runs);
  const precision = precisionOf(program.program);
  const engine = engineInfo();
  const bounds = await rooflineOf(precision, engineName() === "reference");
  const { rows, milliseconds, roofline } = profileOf(program, bounds);
  const head =
    `a program of ${program.program.steps.length} steps, ${program.runs} ${program.runs === 1 ? "run" : "runs"}, ${milliseconds.toFixed(2)} ms each, ` +
    `${percent(roofline)} of the roofline`;
  const peak = `${bounds.gflops.toFixed(0)} GFLOP/s and ${bounds.gigabytesPerSecond.toFixed(1)} GB/s, measured`;
  reporter.lines(["", head, `${engine}, ${precision}: ${peak}`]);
  reporter.lines(tableOf(rows.slice(0, MOST_ROWS), reporter));
  const left = rows.slice(MOST_ROWS);
  if (left.length > 0) {
    const share = left.reduce((sum, row) => sum + row.share, 0);
    reporter.line(`${left.length} more take ${percent(share)} of the time`);
  }
  reporter.line(
    `trace of ${runs.length} runs: ${file} (open it in ui.perfetto.dev, chrome://tracing or profiler.firefox.com)`,
  );
  for (const row of rows) reporter.event({ event: "profileStep", ...row });
  const whole = { steps: program.program.steps.length, runs: program.runs, milliseconds, roofline };
  reporter.event({ event: "profile", file, precision, engine, ...bounds, ...whole });
}

function tableOf(rows: readonly ProfileRow[], { style }: Reporter): string[] {
  return renderRows(
    [
      ["step", ({ op }) => op, { flexible: true }],
      ["layer", ({ layer }) => layer],
      ["steps", ({ steps }) => String(steps), RIGHT],
      ["bytes", ({ bytes }) => formatBytes(bytes), RIGHT],
      ["operations", ({ operations }) => formatScaled(operations), RIGHT],
      ["ms", ({ milliseconds }) => milliseconds.toFixed(3), RIGHT],
      ["of the time", ({ share }) => percent(share), RIGHT],
      ["of the roofline", ({ roofline }) => percent(roofline), RIGHT],
    ],
    rows,
    style,
  );
}

function tableOfRanks(times: readonly RankTimes[], { style }: Reporter): string[] {
  return renderRows(
    [
      ["rank", ({ rank }) => String(rank), RIGHT],
      ["computing ms", ({ computing }) => computing.toFixed(1), RIGHT],
      ["waiting ms", ({ waiting }) => waiting.toFixed(1), RIGHT],
      ["communication ms", ({ communication }) => communication.toFixed(1), RIGHT],
      ["exposed", ({ exposed }) => percent(exposed), RIGHT],
    ],
    times,
    style,
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** bf16 if it multiplies any such. */
function precisionOf({ steps, values }: Program): Precision {
  const products = steps.filter(({ op }) => op === "matmul" || op.startsWith("conv2d"));
  return products.some(({ inputs }) => inputs.some((id) => values[id].dtype === "bfloat16")) ? "bf16" : "f32";
}
