/** Engines as they are tried, the algorithms that were measured, and what training on several ranks needs. Node only. */
import { findMpi } from "../../distributed/mpi/load_mpi.ts";
import { autotuningCachePath, measuredAlgorithms } from "../../engines/onednn/tuning/autotuning_cache.ts";
import type { Reporter } from "../../report/reporter.ts";
import { type RowColumn, renderRows } from "../../report/terminal/table.ts";
import { processors, processorsOfMachine, quotaOfContainer } from "../../workers/processors.ts";
import type { Measured } from "../bench/engine_speed.ts";
import { type SurveyOptions, surveyEngines, type TriedEngine } from "../bench/engine_survey.ts";

/** What `reportEngines` takes. */
export interface ReportEnginesOptions extends Pick<SurveyOptions, "threads" | "size"> {
  /** Whether to tell which algorithms were measured and chosen. @default false */
  readonly explain?: boolean;
}

/**
 * Tries every engine, and tells which work here, how fast they are and which programs get: what `convoyant engine` does.
 *
 * @throws OutOfMemoryError if matrices of the size do not fit.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.reportEngines(told, { size: 512 });
 * told.text.join("\n");
 * ```
 */
export async function reportEngines(
  reporter: Reporter,
  { explain = false, ...options }: ReportEnginesOptions = {},
): Promise<void> {
  const { engines, chosen, why } = await surveyEngines({
    ...options,
    onTried: ({ name, info, measured, reason }) => {
      if (info === null) return reporter.event({ event: "engine", engine: name, works: false, reason });
      const { threads, detail, bfloat16 } = info;
      reporter.event({ event: "engine", engine: name, works: true, threads, detail, bfloat16, measured });
    },
  });
  reporter.lines([...renderRows(COLUMNS, engines, reporter.style), ""]);
  reporter.line(`in GFLOP/s: ${shapesInWords(engines)}`);
  reporter.line();
  if (explain) {
    reportAlgorithms(reporter);
    reporter.line();
  }
  reporter.line(`default: ${chosen}, ${why}`);
  const fast = engines.filter(({ info }) => info?.bfloat16).map(({ name }) => name);
  reporter.line(
    fast.length > 0
      ? `bf16: fast on ${fast.join(", ")} (\`--precision bf16\`, autocast)`
      : "bf16: no engine multiplies it faster than f32 here; `--precision bf16` computes in f32",
  );
  reporter.line(`processors: ${processorsInWords()}`);
  const mpi = findMpi(process.env);
  reporter.line(
    mpi.length === 0
      ? "mpi: none (`apt-get install openmpi-bin libopenmpi3` brings one, for `train --ranks`)"
      : `mpi: ${mpi.map(({ version, path }) => `${version} (${path})`).join(", ")}`,
  );
  reporter.event({ event: "end", default: chosen, why, bfloat16: fast, processors: processors(), mpi });
}

/** Two columns for each task, f32 and bf16. */
const COLUMNS: readonly RowColumn<TriedEngine>[] = [
  ["engine", ({ name }) => name, { rank: 0 }],
  ["", ({ info }) => (info === null ? "not here" : "works"), { rank: 1 }],
  ["threads", ({ info }) => `${info?.threads ?? ""}`, { align: "right", rank: 5 }],
  ["matmul f32", speed("matmul", "f32"), { short: "matmul", align: "right", rank: 2 }],
  ["bf16", speed("matmul", "bf16"), { align: "right", rank: 6 }],
  ["conv2d f32", speed("conv2d", "f32"), { short: "conv2d", align: "right", rank: 3 }],
  ["bf16", speed("conv2d", "bf16"), { align: "right", rank: 7 }],
  ["detail", ({ info, reason }) => info?.detail ?? reason, { flexible: true, rank: 4 }],
];

function speed(task: Measured["task"], precision: Measured["precision"]): (of: TriedEngine) => string {
  return ({ measured }) => {
    const found = measured.find((one) => one.task === task && one.precision === precision);
    return found === undefined ? "" : found.gflops.toFixed(found.gflops < 10 ? 2 : 0);
  };
}

function shapesInWords(engines: readonly TriedEngine[]): string {
  const shapes = (of: TriedEngine | undefined) => [
    ...new Set(of?.measured.map(({ task, shapes }) => `${task} ${shapes}`)),
  ];
  const usual = shapes(engines.find(({ name, info }) => info !== null && name !== "reference"));
  const small = shapes(engines.find(({ name }) => name === "reference"));
  return `${usual.join("; ")} (reference: ${small.join("; ")})`;
}

/** How many are used, and why not more. */
function processorsInWords(): string {
  const [used, all, quota] = [processors(), processorsOfMachine(), quotaOfContainer()];
  return Number.isFinite(quota) && quota < all
    ? `${used} of ${all}: a quota of the container allows the time of ${Number(quota.toFixed(2))}`
    : String(used);
}

/** What was measured, and which algorithm was chosen for each piece of work. */
function reportAlgorithms(reporter: Reporter): void {
  const machines = Object.entries(measuredAlgorithms());
  if (machines.length === 0) {
    reporter.line(
      "no algorithms have been measured yet: that happens when a network first runs on the onednn engine, in f32 and in bf16",
    );
    return;
  }
  reporter.line(
    `algorithms of the onednn engine that were measured (${autotuningCachePath()}), milliseconds of a slice on one thread:`,
  );
  const slowest = Number.POSITIVE_INFINITY;
  for (const [machine, measured] of machines) {
    const works = Object.entries(measured).map(([work, of]) => ({ work, ...of }));
    for (const work of works) reporter.event({ event: "algorithm", machine, ...work });
    const times = ({ milliseconds }: (typeof works)[number]) =>
      Object.entries(milliseconds)
        .sort(([, a], [, b]) => (a ?? slowest) - (b ?? slowest))
        .map(([name, time]) => `${name} ${time ?? "unavailable"}`);
    const columns: readonly RowColumn<(typeof works)[number]>[] = [
      [machine, ({ work }) => work, { flexible: true }],
      ["chosen", ({ chosen }) => chosen ?? ""],
      ["milliseconds", (one) => times(one).join(", "), { flexible: true }],
    ];
    reporter.lines(["", ...renderRows(columns, works, reporter.style)]);
  }
}
