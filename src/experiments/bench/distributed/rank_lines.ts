/** What `bench distributed` measures, and how the measurements compare. */
import { renderTable, type TableOptions } from "../../../report/terminal/table.ts";
import type { BenchLine } from "../bench_lines.ts";
import type { ModelLine } from "./cost_model.ts";

/** What a sum over two ranks takes. */
export interface TransferPoint {
  readonly bytes: number;
  readonly seconds: number;
}

/** A training by one process or by several ranks. `task` is "alone", "tree", "fast", "gigabit", "bfloat16", or "ddp" of PyTorch. */
export interface RankLine extends BenchLine {
  readonly net: string;
  readonly batch: number;
  readonly examplesPerSecond: number;
  readonly ranks: number;
  /** Milliseconds of processors that an example takes, those of all ranks together; absent if not measured. */
  readonly processorMs?: number;
  /** The share of a step in which a rank waits for sums over ranks, 0 to 1; absent if it was not measured. */
  readonly exposed?: number;
  /** Bytes of the gradients. */
  readonly bytes?: number;
  readonly transfers?: readonly TransferPoint[];
}

/** One speed over another. */
export interface RankRatioLine {
  readonly event: "ratio";
  readonly net: string;
  readonly engine: string;
  /** What is compared, and with what: `task` of a line. */
  readonly what: string;
  readonly against: string;
  readonly ratio: number;
}

/** Two ranks beside one process, deterministic beside fast sums, ours beside PyTorch. */
const COMPARED = [
  ["tree", "alone"],
  ["fast", "alone"],
  ["tree", "fast"],
  ["tree", "ddp"],
  ["fast", "ddp"],
  ["gigabit", "alone"],
  ["bfloat16", "alone"],
] as const;

export function rankRatios(lines: readonly RankLine[]): RankRatioLine[] {
  const ours = lines.filter(({ library }) => library === "convoyant");
  const pairs = [...new Set(ours.map(({ net, engine }) => JSON.stringify([net, engine])))];
  return pairs.flatMap((pair) => {
    const [net, engine] = JSON.parse(pair);
    const speedOf = (task: string) =>
      lines.find(
        (line) => line.net === net && line.task === task && (task === "ddp" || line.engine === engine),
      )?.examplesPerSecond;
    return COMPARED.flatMap(([what, against]) => {
      const [own, other] = [speedOf(what), speedOf(against)];
      if (own === undefined || other === undefined) return [];
      return [{ event: "ratio" as const, net, engine, what, against, ratio: own / other }];
    });
  });
}

const IN_WORDS: Readonly<Record<string, string>> = {
  alone: "one process",
  tree: "ranks, deterministic",
  fast: "ranks, fast",
  gigabit: "ranks, deterministic, 1 Gbit/s",
  bfloat16: "the same, gradients as bfloat16",
  ddp: "ranks, DistributedDataParallel",
};

/** The table of all measurements and their ratios, and what the model makes of them. */
export function formatRanks(
  lines: readonly RankLine[],
  models: readonly ModelLine[],
  style: TableOptions,
): string[] {
  const ratios = rankRatios(lines);
  const rows = lines.map((line) => {
    const { net, engine, task = "", ranks, threads, examplesPerSecond, processorMs, exposed, bytes } = line;
    const over = (against: string): string => {
      const found = ratios.find(
        (ratio) =>
          ratio.net === net && ratio.engine === engine && ratio.what === task && ratio.against === against,
      );
      return found === undefined ? "" : `${found.ratio.toFixed(2)}x`;
    };
    return [
      net,
      engine,
      IN_WORDS[task] ?? task,
      `${ranks} x ${threads}`,
      examplesPerSecond.toPrecision(4),
      processorMs === undefined ? "" : processorMs.toPrecision(3),
      ranks === 1 || exposed === undefined ? "" : `${(100 * exposed).toFixed(1)} %`,
      bytes === undefined ? "" : (bytes / 1e6).toPrecision(3),
      ...["alone", "fast", "ddp"].map(over),
    ];
  });
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "network" },
    { title: "engine" },
    { title: "how" },
    ...[
      "ranks x threads",
      "examples/s",
      "CPU ms/example",
      "exposed",
      "MB a step",
      "/ one process",
      "/ fast",
      "/ PyTorch",
    ].map(right),
  ];
  return [
    ...renderTable(columns, rows, style),
    ...models.flatMap((model) => ["", ...modelInWords(model, style)]),
  ];
}

function modelInWords(
  { net, engine, shardSeconds, links, shards }: ModelLine,
  style: TableOptions,
): string[] {
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [{ title: "connection" }, right("latency"), right("bandwidth")];
  const counts = links[0]?.steps.map(({ ranks }) => ranks) ?? [];
  const rows = links.map(({ name, latency, bandwidth, steps }) => [
    name,
    `${(1000 * latency).toPrecision(2)} ms`,
    `${(bandwidth / 1e6).toPrecision(3)} MB/s`,
    ...steps.map(({ seconds }) => `${(1000 * seconds).toPrecision(3)} ms`),
  ]);
  return [
    `${net}, ${engine}: a MODEL, not measured: seconds of a step = ${shards} / ranks x ${shardSeconds.toPrecision(3)} s of computing + ` +
      "what sums over ranks take, nothing of it overlapped",
    ...renderTable(
      [...columns, ...counts.map((count) => right(`${count} ${count === 1 ? "rank" : "ranks"}`))],
      rows,
      style,
    ),
  ];
}
