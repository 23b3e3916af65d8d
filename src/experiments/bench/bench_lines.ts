/** What a benchmark prints: lines of results, lines for what was left out, and how they compare. */
import { renderTable, type TableOptions } from "../../report/terminal/table.ts";

/** One measurement: throughput of a network in training or inference, or a matmul. */
export interface BenchLine {
  readonly event: "bench";
  readonly library: string;
  readonly version?: string;
  /** Ours: the engine. A baseline's: its backend or mode, such as "eager". */
  readonly engine: string;
  /** The network; absent for a matmul. */
  readonly net?: string;
  /** "infer" for a network that only ran, "matmul" for one of `size` x `size`; absent for training. */
  readonly task?: string;
  readonly size?: number;
  readonly precision: string;
  readonly batch?: number;
  readonly threads: number;
  /** Of a network: the median over the timed windows. */
  readonly examplesPerSecond?: number;
  /** The slowest and the fastest timed window, in the unit of the median. */
  readonly lowest?: number;
  readonly highest?: number;
  /** How many windows were timed. */
  readonly windows?: number;
  /** Of a matmul: 2 n^3 operations over the median time, in 10^9 per second. */
  readonly gflops?: number;
  /** From the start of the process to the end of its first step. */
  readonly firstStepSeconds: number;
  /** The most memory the process held, in 10^6 bytes. */
  readonly rssMb: number;
  /** Ours: the share of a step's time that went into building and looking up its program, 0 to 1. */
  readonly planShare?: number;
  /** Ours: the share that went into recording the operations, forward and back. Runs beside the workers. */
  readonly recordShare?: number;
  /** How many runs the metrics are the medians of. */
  readonly rounds?: number;
}

/** A measurement that was not made, and why. */
export interface SkipLine {
  readonly event: "skip";
  readonly library: string;
  readonly engine: string;
  readonly net?: string;
  readonly task?: string;
  readonly precision?: string;
  readonly reason: string;
  /** That it is unavailable here (not installed, no such precision), rather than that it failed. */
  readonly absent?: boolean;
}

/** The speed of one of our engines over that of a baseline. */
export interface RatioLine {
  readonly event: "ratio";
  readonly net?: string;
  readonly task?: string;
  readonly precision: string;
  readonly engine: string;
  readonly threads: number;
  readonly against: string;
  readonly againstEngine: string;
  readonly againstThreads: number;
  readonly ratio: number;
}

/** What our own lines are called: those without a pass of the compiler are compared as another library is. */
export const ownLibrary = (withoutPass?: string): string =>
  withoutPass === undefined ? "convoyant" : `without ${withoutPass}`;

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One line for several runs of the same measurement: the median of each metric, the spread over all. */
export function medianLine(runs: readonly BenchLine[]): BenchLine {
  const medianOf = (of: (line: BenchLine) => number | undefined): number | undefined => {
    const values = runs.map(of).filter((value) => value !== undefined);
    return values.length > 0 ? median(values) : undefined;
  };
  const medians = {
    examplesPerSecond: medianOf((line) => line.examplesPerSecond),
    gflops: medianOf((line) => line.gflops),
    firstStepSeconds: medianOf((line) => line.firstStepSeconds),
    rssMb: medianOf((line) => line.rssMb),
    planShare: medianOf((line) => line.planShare),
    recordShare: medianOf((line) => line.recordShare),
    lowest: extreme(runs, "lowest", Math.min),
    highest: extreme(runs, "highest", Math.max),
  };
  const known = Object.fromEntries(Object.entries(medians).filter(([, value]) => value !== undefined));
  return { ...runs[0], ...known, rounds: runs.length };
}

function extreme(
  runs: readonly BenchLine[],
  key: "lowest" | "highest",
  of: (...values: number[]) => number,
): number | undefined {
  const values = runs.flatMap((line) => line[key] ?? []);
  return values.length === 0 ? undefined : of(...values);
}

/** Examples, or 10^9 operations, per second. */
export const speedOf = (line: BenchLine): number => line.examplesPerSecond ?? line.gflops ?? Number.NaN;
/** A network, and what was done with it if it was not trained: `lenet`, `lenet infer`; or a task: `matmul`. */
export const workOf = ({ net, task }: Pick<BenchLine, "net" | "task">): string =>
  [net, task].filter((part) => part !== undefined).join(" ");
/** What was measured: `lenet bf16`, `resnet18 infer f32`. */
export const subjectOf = (line: BenchLine): string =>
  [workOf(line), ...(line.size === undefined ? [] : [line.size]), line.precision].join(" ");

/**
 * Our lines over the baselines' of the same network (or GEMM) and precision. A baseline is compared at the same
 * number of threads; one that has no such line, at the most it has.
 */
export function ratiosOf(lines: readonly BenchLine[]): RatioLine[] {
  const found: RatioLine[] = [];
  for (const own of lines.filter((line) => line.library === "convoyant")) {
    const others = lines.filter((line) => line.library !== "convoyant" && subjectOf(line) === subjectOf(own));
    for (const other of others) {
      const kin = others.filter((each) => each.library === other.library && each.engine === other.engine);
      const same = kin.some((each) => each.threads === own.threads);
      const threads = same ? own.threads : Math.max(...kin.map((each) => each.threads));
      if (other.threads !== threads) continue;
      found.push({
        event: "ratio",
        ...(own.net !== undefined && { net: own.net }),
        ...(own.task !== undefined && { task: own.task }),
        precision: own.precision,
        engine: own.engine,
        threads: own.threads,
        against: other.library,
        againstEngine: other.engine,
        againstThreads: other.threads,
        ratio: Number((speedOf(own) / speedOf(other)).toPrecision(3)),
      });
    }
  }
  return found;
}

/** The whole benchmark as a table for people: metrics, ratios to our own engines, what was left out. */
export function formatBench(
  lines: readonly BenchLine[],
  skips: readonly SkipLine[],
  options: TableOptions = {},
): string[] {
  const training = lines.some((line) => line.net !== undefined);
  const ratios = ratiosOf(lines);
  const columns = [
    { title: "what", rank: 0 },
    { title: "library", rank: 1 },
    { title: "engine", rank: 2 },
    { title: "threads", align: "right", rank: 6 },
    { title: training ? "examples/s" : "GFLOP/s", align: "right", rank: 3 },
    { title: "first step s", short: "1st step", align: "right", rank: 4 },
    { title: "MB", align: "right", rank: 5 },
  ] as const;
  const rows = lines.map((line) => [
    subjectOf(line),
    line.library,
    line.engine,
    String(line.threads),
    speedOf(line).toFixed(speedOf(line) < 1000 ? 1 : 0),
    line.firstStepSeconds.toFixed(2),
    line.rssMb.toFixed(0),
  ]);
  const parts = [renderTable(columns, rows, options).join("\n")];
  if (ratios.length > 0) {
    parts.push(
      ratios
        .map((each) => {
          return `${workOf(each)} ${each.precision}: ${each.engine} reaches ${each.ratio}x ${each.against} (${each.againstEngine})`;
        })
        .join("\n"),
    );
  }
  for (const line of lines.filter((each) => each.planShare !== undefined)) {
    const percent = (share = 0) => `${(100 * share).toFixed(1)}%`;
    parts.push(
      `${subjectOf(line)}: building and finding the program takes ${percent(line.planShare)} of a step, ` +
        `recording the operations ${percent(line.recordShare)} (${line.engine})`,
    );
  }
  if (skips.length > 0) {
    parts.push(
      skips
        .map((skip) => {
          const precision = skip.precision === undefined ? "" : ` ${skip.precision}`;
          return `left out: ${workOf(skip)}${precision} on ${skip.library} ${skip.engine}: ${skip.reason}`;
        })
        .join("\n"),
    );
  }
  return parts.join("\n\n").split("\n");
}
