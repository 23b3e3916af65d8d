/** Our engines compared with the best that each other library reaches: who wins, by how much, at what memory. */
import { renderTable, type TableOptions } from "../../report/terminal/table.ts";
import { type BenchLine, speedOf, subjectOf, workOf } from "./bench_lines.ts";

/** One of our engines compared with another library's fastest mode, on the same work in the same precision. */
export interface BestLine {
  readonly event: "best";
  readonly net?: string;
  readonly task?: string;
  readonly precision: string;
  readonly engine: string;
  /** Ours: examples per second, or 10^9 operations per second. */
  readonly speed: number;
  readonly against: string;
  /** Its mode that is the fastest of those measured. */
  readonly againstEngine: string;
  readonly againstSpeed: number;
  /** Ours over theirs: above 1 we are faster. */
  readonly ratio: number;
  /** Our peak memory over theirs: below 1 we need less. */
  readonly memoryRatio: number;
}

/** One line for each of our measurements and each library that was measured on the same. */
export function bestOf(lines: readonly BenchLine[]): BestLine[] {
  return lines
    .filter(({ library }) => library === "convoyant")
    .flatMap((own) => {
      const others = lines.filter(
        (line) => line.library !== "convoyant" && subjectOf(line) === subjectOf(own),
      );
      return [...new Set(others.map(({ library }) => library))].map((library) => {
        const theirs = others.filter((line) => line.library === library);
        return compared(
          own,
          theirs.reduce((best, line) => (speedOf(line) > speedOf(best) ? line : best)),
        );
      });
    });
}

function compared(own: BenchLine, best: BenchLine): BestLine {
  return {
    event: "best",
    ...(own.net !== undefined && { net: own.net }),
    ...(own.task !== undefined && { task: own.task }),
    precision: own.precision,
    engine: own.engine,
    speed: speedOf(own),
    against: best.library,
    againstEngine: best.engine,
    againstSpeed: speedOf(best),
    ratio: Number((speedOf(own) / speedOf(best)).toPrecision(3)),
    memoryRatio: Number((own.rssMb / best.rssMb).toPrecision(3)),
  };
}

/** The same as a table for people; empty if there is nothing to compare with. */
export function bestTable(lines: readonly BenchLine[], options: TableOptions = {}): string[] {
  const best = bestOf(lines);
  if (best.length === 0) return [];
  const number = (value: number) => value.toFixed(value < 1000 ? 1 : 0);
  const rows = best.map((line) => [
    workOf(line),
    line.precision,
    `${line.against} (${line.againstEngine})`,
    line.engine,
    number(line.speed),
    number(line.againstSpeed),
    `${line.ratio}x`,
    `${line.memoryRatio}x`,
  ]);
  const right = "right" as const;
  const columns = [
    { title: "what", rank: 0 },
    { title: "precision", rank: 5 },
    { title: "against", rank: 2 },
    { title: "our engine", short: "engine", rank: 1 },
    { title: "ours", align: right, rank: 6 },
    { title: "theirs", align: right, rank: 7 },
    { title: "ratio", align: right, rank: 3 },
    { title: "memory", align: right, rank: 4 },
  ];
  return renderTable(columns, rows, options);
}
