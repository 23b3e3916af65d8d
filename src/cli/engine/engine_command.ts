/** `convoyant engine`: which engines work here, how fast they are, and which is taken by default. */
import { findMpi } from "../../distributed/mpi/load_mpi.ts";
import type { Measured } from "../../experiments/bench/engine_speed.ts";
import { surveyEngines, type TriedEngine } from "../../experiments/bench/engine_survey.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { processors, processorsOfMachine, quotaOfContainer } from "../../workers/processors.ts";
import type { Output } from "../console/output.ts";
import { explainAlgorithms } from "./measured_algorithms.ts";

export async function engineCommand(
  { explain, ...options }: { threads?: number; size: number; explain: boolean },
  output: Output,
): Promise<number> {
  const {
    engines: tried,
    chosen,
    why,
  } = await surveyEngines({
    ...options,
    onTried: ({ name, info, measured, reason }) => {
      if (info === null) return output.event({ event: "engine", engine: name, works: false, reason });
      const { threads, detail, bfloat16 } = info;
      output.event({ event: "engine", engine: name, works: true, threads, detail, bfloat16, measured });
    },
  });
  printTable(tried, output);
  output.line();
  if (explain) {
    explainAlgorithms(output);
    output.line();
  }
  output.line(`default: ${chosen}, ${why}`);
  const fast = tried.filter(({ info }) => info?.bfloat16).map(({ name }) => name);
  output.line(
    fast.length > 0
      ? `bf16: fast on ${fast.join(", ")} (\`--precision bf16\`, autocast)`
      : "bf16: no engine multiplies it faster than f32 here; `--precision bf16` computes in f32",
  );
  output.line(`processors: ${processorsInWords()}`);
  const mpi = findMpi(process.env);
  output.line(
    mpi.length === 0
      ? "mpi: none (`apt-get install openmpi-bin libopenmpi3` brings one, for `train --ranks`)"
      : `mpi: ${mpi.map(({ version, path }) => `${version} (${path})`).join(", ")}`,
  );
  output.event({ event: "end", default: chosen, why, bfloat16: fast, processors: processors(), mpi });
  return 0;
}

/** How many are used, and why not more. */
function processorsInWords(): string {
  const [used, all, quota] = [processors(), processorsOfMachine(), quotaOfContainer()];
  return Number.isFinite(quota) && quota < all
    ? `${used} of ${all}: a quota of the container allows the time of ${Number(quota.toFixed(2))}`
    : String(used);
}

/** Two columns for each task, f32 and bf16. */
function printTable(tried: readonly TriedEngine[], output: Output): void {
  const cell = (one: TriedEngine, task: Measured["task"], precision: Measured["precision"]) => {
    const found = one.measured.find((each) => each.task === task && each.precision === precision);
    return found === undefined ? "" : found.gflops.toFixed(found.gflops < 10 ? 2 : 0);
  };
  const rows = tried.map((one) => [
    one.name,
    one.info === null ? "not here" : "works",
    one.info === null ? "" : String(one.info.threads),
    cell(one, "matmul", "f32"),
    cell(one, "matmul", "bf16"),
    cell(one, "conv2d", "f32"),
    cell(one, "conv2d", "bf16"),
    one.info?.detail ?? one.reason,
  ]);
  const columns = [
    { title: "engine", rank: 0 },
    { title: "", rank: 1 },
    { title: "threads", align: "right", rank: 5 },
    { title: "matmul f32", short: "matmul", align: "right", rank: 2 },
    { title: "bf16", align: "right", rank: 6 },
    { title: "conv2d f32", short: "conv2d", align: "right", rank: 3 },
    { title: "bf16", align: "right", rank: 7 },
    { title: "detail", flexible: true, rank: 4 },
  ] as const;
  output.lines(renderTable(columns, rows, output.style));
  output.line();
  const shapes = (of: TriedEngine | undefined) =>
    of?.measured.map(({ task, shapes }) => `${task} ${shapes}`) ?? [];
  const usual = new Set(shapes(tried.find(({ name, info }) => info !== null && name !== "reference")));
  const small = new Set(shapes(tried.find(({ name }) => name === "reference")));
  output.line(`in GFLOP/s: ${[...usual].join("; ")} (reference: ${[...small].join("; ")})`);
}
