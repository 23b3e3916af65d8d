/**
 * Which files a reader opens to follow `nn.Conv2d`, forward, compiled, run and backward, from a run that is traced.
 *
 * 1. A function is *specific* if it runs in a step of `nn.Conv2d`, and neither in the same step of a layer that takes
 *    and gives the same images, with parameters of the same shapes, but only slices, sums, multiplies and adds, nor in
 *    that of `nn.Linear` (`traced_step.ts`).
 * 2. A file is on the *chain* if specific functions of at least `FEW_LINES` lines ran in it, or if it stood on the
 *    stack while one of those ran: this is how one gets there.
 * 3. A file is a *station* if a file of the chain calls it and it itself calls others, as the passes of the compiler.
 *    A leaf, which only returns something (`base/shape.ts`), need not be opened: its names say what it does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../sources.ts";
import { instrumentedCopy, linesIn, type SourceFunction } from "./instrumented_copy.ts";
import type { Entry } from "./recorder.ts";

export interface Route {
  /** Every file of src of which a function ran in the step. */
  readonly executed: readonly string[];
  readonly chain: readonly string[];
  readonly stations: readonly string[];
}

/** A function, and the files that called it and lay below it. */
interface Entered extends SourceFunction {
  readonly callers: Set<string>;
  readonly below: Set<string>;
}

/** Of a file in which fewer lines are specific, the call says enough. */
const FEW_LINES = 5;

const ASSEMBLY = "engines/wasm/assembly";

/** Traces both steps on each engine; the repository is built. */
export function routesOf<E extends string>(repository: string, engines: readonly E[]): Record<E, Route> {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-route-"));
  try {
    const functions = instrumentedCopy(repository, folder);
    const kernels = kernelsIn(repository);
    const traced = (engine: string, step: string) => runTraced(folder, engine, step, functions, kernels);
    return Object.fromEntries(
      engines.map((engine) => [engine, routeFrom(traced(engine, "conv2d"), traced(engine, "control"))]),
    ) as Record<E, Route>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each kernel that the wasm binary exports. */
function kernelsIn(repository: string): Map<string, SourceFunction> {
  const folder = join(repository, "src", ASSEMBLY);
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  return new Map(
    files.flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return [...text.matchAll(/^export function (\w+)[\s\S]*?^\}/gm)].map(({ 0: whole, 1: name, index }) => {
        const lines = linesIn(text, index, index + whole.length);
        return [name, { file: `${ASSEMBLY}/${file}`, lines }] as const;
      });
    }),
  );
}

function runTraced(
  folder: string,
  engine: string,
  step: string,
  functions: readonly SourceFunction[],
  kernels: ReadonlyMap<string, SourceFunction>,
): Map<number | string, Entered> {
  const record = join(folder, `${engine}.${step}.jsonl`);
  const run = spawnSync(
    process.execPath,
    [join(root, "build/test/architecture/conv2d_route/traced_step.js"), folder, engine, step],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        TRACE_RECORD: record,
        // Of the control only what ran in it counts.
        TRACE_STACK: step === "control" ? "none" : "all",
        TRACE_BASE: `${pathToFileURL(join(folder, "build/src")).href}/`,
        XDG_CACHE_HOME: join(folder, "cache"),
        // The layer is small: without a word, part of it would go to the wasm engine's kernels.
        CONVOYANT_ONEDNN: "everything",
      },
    },
  );
  if (run.status !== 0) throw new Error(`the traced step of ${step} on ${engine} failed:\n${run.stderr}`);
  const entered = new Map<number | string, Entered>();
  for (const line of readFileSync(record, "utf8").trim().split("\n")) {
    const entry: Entry = JSON.parse(line);
    const of = typeof entry.entered === "number" ? functions[entry.entered] : kernels.get(entry.entered);
    // A function of a module that was generated for one loop has no source.
    if (of === undefined) continue;
    const known = entered.get(entry.entered) ?? { ...of, callers: new Set(), below: new Set() };
    if (entry.caller !== null) known.callers.add(entry.caller);
    for (const below of entry.stack) known.below.add(below);
    entered.set(entry.entered, known);
  }
  return entered;
}

/** The three sets, from the functions of both steps. */
export function routeFrom(
  conv2d: ReadonlyMap<number | string, Entered>,
  control: ReadonlyMap<number | string, Entered>,
): Route {
  const all = [...conv2d.values()];
  const specific = [...conv2d].filter(([id]) => !control.has(id)).map(([, entered]) => entered);
  const linesOf = new Map<string, Set<number>>();
  for (const { file, lines } of specific)
    linesOf.set(file, new Set([...(linesOf.get(file) ?? []), ...lines]));
  const telling = specific.filter(({ file }) => (linesOf.get(file)?.size ?? 0) >= FEW_LINES);
  const chain = new Set(telling.flatMap(({ file, below }) => [file, ...below]));
  const calling = new Set(
    all.flatMap(({ file, callers }) => [...callers].filter((caller) => caller !== file)),
  );
  const stations = all
    .filter(({ file, callers }) => calling.has(file) && [...callers].some((caller) => chain.has(caller)))
    .map(({ file }) => file)
    .filter((file) => !chain.has(file));
  const sorted = (files: Iterable<string>) => [...new Set(files)].sort();
  return { executed: sorted(all.map(({ file }) => file)), chain: sorted(chain), stations: sorted(stations) };
}
