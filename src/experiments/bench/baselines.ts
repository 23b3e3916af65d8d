/**
 * The baselines, other libraries that are measured together with ours: finds what is installed, starts one program after the
 * other, each in a process of its own, and collects the JSON lines they print.
 *
 * The programs stand in bench/baselines of the repository; bench/README.md says how to install each library.
 */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, nearestName } from "../../base/errors.ts";
import type { ListenedSignal } from "../../base/web_types.ts";
import { lastWords, runBaseline } from "./baseline_process.ts";
import { type BenchLine, medianLine, type SkipLine } from "./bench_lines.ts";

/** The libraries that can be measured. */
export const baselineNames = ["pytorch", "jax-js", "tfjs", "onnxruntime", "onnxruntime-web"] as const;
export type BaselineName = (typeof baselineNames)[number];

/**
 * Ways to run PyTorch; "compile" takes half a minute before its first step, and "channels-last-kept-memory" is how it
 * runs if the C library is told to keep its memory (bench/baselines/kept_memory.py).
 */
export const pytorchModes = [
  "eager",
  "channels-last",
  "compile",
  "compile-channels-last",
  "channels-last-kept-memory",
] as const;
export type PytorchMode = (typeof pytorchModes)[number];

/** Where the baselines are. */
export interface BaselinePlaces {
  /** The folder with the baselines' node_modules and venv. */
  readonly folder: string;
  /** The Python to run PyTorch with. */
  readonly python: string;
  /** The folder of the programs, bench/baselines in a clone. */
  readonly programs: string;
}

/** One program to start and what it measures. */
export interface Contender {
  readonly library: string;
  readonly engine: string;
  readonly net?: string;
  readonly task?: string;
  readonly precision?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Why it cannot run; it is then skipped. */
  readonly missing?: string;
}

/** How long and how often to measure. */
export interface BenchEffort {
  /** Runs of each program, alternating with the others; the median counts. Default 1. */
  readonly rounds?: number;
  /** Seconds after which no further round is begun that would end later, if it took as long as the one before. */
  readonly enough?: number;
  /** Milliseconds after which a program is ended and skipped. Default 10 minutes. */
  readonly timeoutMs?: number;
  /** Ends the benchmark, and the program that is running. */
  readonly signal?: ListenedSignal;
  /** Called before each run, for a progress line. */
  readonly onStart?: (contender: Contender, round: number) => void;
}

/** Options of the programs. Absent values are left to the programs: the chapter's batch, five intervals of 1 s. */
export interface BaselineSettings {
  readonly threads: number;
  readonly batch?: number;
  readonly windows?: number;
  /** Length of a timed window. */
  readonly seconds?: number;
  readonly pytorchModes?: readonly PytorchMode[];
  /** Inference: the network as files for libraries that read them. */
  readonly model?: ModelFiles;
}

/** A network as other libraries read it. */
export interface ModelFiles {
  /** An ONNX file. */
  readonly onnx: string;
  /** Of an input, without the batch. */
  readonly inputShape: readonly number[];
}

/**
 * Where the baselines are: CONVOYANT_BASELINES (default: `convoyant/baselines` in the user's cache), and for PyTorch
 * CONVOYANT_BASELINES_PYTHON, the folder's own venv, or `python3`.
 */
export function baselinePlaces(env: NodeJS.ProcessEnv = process.env): BaselinePlaces {
  const cache = env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = env.CONVOYANT_BASELINES || join(cache, "convoyant", "baselines");
  const venv = join(folder, "venv", "bin", "python");
  return {
    folder,
    python: env.CONVOYANT_BASELINES_PYTHON || (existsSync(venv) ? venv : "python3"),
    programs: fileURLToPath(new URL("bench/baselines/", import.meta.resolve("convoyant/package.json"))),
  };
}

/**
 * Reads `--against pytorch,jax-js`; "" and "none" mean no library.
 *
 * @throws {ArgumentError} for a library that is not among `baselineNames`
 */
export function parseBaselines(text: string): BaselineName[] {
  const names = text.split(",").map((name) => name.trim());
  return names
    .filter((name) => name !== "" && name !== "none")
    .map((name) => {
      if ((baselineNames as readonly string[]).includes(name)) return name as BaselineName;
      const near = nearestName(name, baselineNames);
      const hint = near ? `; did you mean "${near}"?` : "";
      throw new ArgumentError(
        `unknown library "${name}" to compare with; known: ${baselineNames.join(", ")}${hint}`,
      );
    });
}

/** The arguments that every program understands. */
function sharedArguments({ batch, windows, seconds }: BaselineSettings): string[] {
  const given = { batch, windows, seconds };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
}

/** Why a program cannot be started, if so: no clone, or its package is not installed. */
export function missingPart(
  places: BaselinePlaces,
  program: string,
  packages: readonly string[],
): string | undefined {
  if (!existsSync(join(places.programs, program)))
    return "its program in bench/baselines is only in a clone of the repository";
  for (const name of packages) {
    if (existsSync(join(places.folder, "node_modules", name))) continue;
    return `${name} is not in ${places.folder} (bench/README.md says how to install it)`;
  }
  return undefined;
}

function nodeContender(
  places: BaselinePlaces,
  program: string,
  packages: readonly string[],
  what: Pick<Contender, "library" | "engine" | "net" | "task" | "precision">,
  args: readonly string[],
): Contender {
  return {
    ...what,
    command: process.execPath,
    args: [join(places.programs, program), ...args],
    env: { CONVOYANT_BASELINES: places.folder },
    missing: missingPart(places, program, packages),
  };
}

function pythonContender(
  places: BaselinePlaces,
  program: string,
  what: Pick<Contender, "engine" | "net" | "task" | "precision">,
  args: readonly string[],
): Contender {
  return {
    library: "pytorch",
    ...what,
    command: places.python,
    args: [join(places.programs, program), ...args],
    missing: missingPart(places, program, []),
  };
}

/** The programs that run or train `net` in each of `baselines` in a precision; `places` as they are by default. */
export type NetworkContenders = (
  baselines: readonly BaselineName[],
  net: string,
  precision: string,
  settings: BaselineSettings,
  places?: BaselinePlaces,
) => Contender[];

/** Runs it, without training it. */
export const inferenceContenders: NetworkContenders = (
  baselines,
  net,
  precision,
  settings,
  places = baselinePlaces(),
) =>
  baselines.flatMap((baseline) => {
    const what = { net, task: "infer", precision };
    if (baseline === "pytorch") return pytorchOfNetwork(places, "pytorch_infer.py", what, settings);
    if (baseline !== "jax-js") return [modelContender(places, baseline, what, settings)];
    const missing = "its inference is not measured";
    return [{ library: baseline, engine: "wasm", ...what, command: process.execPath, args: [], missing }];
  });

/** Libraries that run networks and do not train them. */
const onnxRuntimes = ["onnxruntime", "onnxruntime-web"] as const;
type OnnxRuntimeName = (typeof onnxRuntimes)[number];
const isOnnxRuntime = (name: BaselineName): name is OnnxRuntimeName =>
  (onnxRuntimes as readonly string[]).includes(name);
/** Whether a library reads a network from a file (`BaselineSettings.model`). */
export const readsFiles = (name: BaselineName): boolean => name === "tfjs" || isOnnxRuntime(name);
const engineOf = (runtime: OnnxRuntimeName) => (runtime === "onnxruntime" ? "cpu" : "wasm");

/** On the network's ONNX file, or the plain data beside it. */
function modelContender(
  places: BaselinePlaces,
  library: OnnxRuntimeName | "tfjs",
  what: { readonly net: string; readonly task: string; readonly precision: string },
  settings: BaselineSettings,
): Contender {
  const { onnx = "", inputShape = [] } = settings.model ?? {};
  const args = [
    ...["--net", what.net, "--model", onnx, "--shape", inputShape.join("x")],
    ...[...sharedArguments(settings), "--threads", `${settings.threads}`],
  ];
  const contender =
    library === "tfjs"
      ? nodeContender(
          places,
          "tfjs_infer.mjs",
          ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"],
          { library, engine: "wasm", ...what },
          args,
        )
      : nodeContender(
          places,
          "onnxruntime_infer.mjs",
          [library === "onnxruntime" ? "onnxruntime-node" : library],
          { library, engine: engineOf(library), ...what },
          ["--runtime", library, ...args],
        );
  return what.precision === "f32" ? contender : { ...contender, missing: "it is measured in f32 only" };
}

/** For what it does not do. */
function onlyInference(
  library: OnnxRuntimeName,
  what: Pick<Contender, "net" | "task" | "precision">,
): Contender {
  const missing = "it is measured in inference only";
  return { library, engine: engineOf(library), ...what, command: process.execPath, args: [], missing };
}

/** A program for each of PyTorch's modes. */
function pytorchOfNetwork(
  places: BaselinePlaces,
  program: string,
  what: Pick<Contender, "task"> & { readonly net: string; readonly precision: string },
  settings: BaselineSettings,
): Contender[] {
  const { net, precision } = what;
  const args = ["--net", net, ...sharedArguments(settings), "--threads", `${settings.threads}`];
  return (settings.pytorchModes ?? ["eager", "channels-last"]).map((mode) => {
    const more = [...args, "--mode", mode, "--precision", precision];
    return pythonContender(places, program, { engine: mode, ...what }, more);
  });
}

/** Trains it. */
export const trainingContenders: NetworkContenders = (
  baselines,
  net,
  precision,
  settings,
  places = baselinePlaces(),
) => {
  const args = ["--net", net, ...sharedArguments(settings)];
  const threads = ["--threads", `${settings.threads}`];
  const onlyLenet =
    net === "lenet" && precision === "f32" ? undefined : "it is measured on lenet in f32 only";
  return baselines.flatMap((baseline) => {
    if (baseline === "pytorch")
      return pytorchOfNetwork(places, "pytorch_train.py", { net, precision }, settings);
    if (isOnnxRuntime(baseline)) return [onlyInference(baseline, { net, precision })];
    const contender =
      baseline === "jax-js"
        ? nodeContender(
            places,
            "jax_js_train.mjs",
            ["@jax-js/jax"],
            { library: baseline, engine: "wasm", net },
            [...args, ...threads],
          )
        : nodeContender(
            places,
            "tfjs_train.mjs",
            ["@tensorflow/tfjs"],
            { library: baseline, engine: "cpu", net },
            args,
          );
    return [{ ...contender, precision, missing: onlyLenet ?? contender.missing }];
  });
};

/** The programs that multiply two `size` x `size` matrices in each of `baselines` in a precision. */
export function matmulContenders(
  baselines: readonly BaselineName[],
  size: number,
  precision: string,
  settings: BaselineSettings,
  places: BaselinePlaces = baselinePlaces(),
): Contender[] {
  const args = ["--size", `${size}`, "--threads", `${settings.threads}`, ...sharedArguments(settings)];
  const task = "matmul";
  return baselines.map((baseline) => {
    if (baseline === "pytorch")
      return pythonContender(places, "pytorch_matmul.py", { engine: "eager", task, precision }, [
        ...args,
        ...["--precision", precision],
      ]);
    if (isOnnxRuntime(baseline)) return onlyInference(baseline, { task, precision });
    const what = { library: baseline, engine: "wasm", task, precision };
    const packages = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"];
    const contender =
      baseline === "jax-js"
        ? nodeContender(places, "jax_js_matmul.mjs", ["@jax-js/jax"], what, args)
        : nodeContender(places, "tfjs_wasm_matmul.mjs", packages, what, args);
    return precision === "f32" ? contender : { ...contender, missing: "it is measured in f32 only" };
  });
}

function skip(contender: Contender, reason: string, absent = false): SkipLine {
  const { library, engine, net, task, precision } = contender;
  const subject = Object.entries({ net, task, precision }).filter(([, value]) => value !== undefined);
  const line = { event: "skip", library, engine, ...Object.fromEntries(subject), reason } as const;
  return absent ? { ...line, absent } : line;
}

/** The last result in what a program printed, or what it says is unavailable here. */
function resultIn(
  lines: readonly string[],
): BenchLine | { readonly event: "absent"; reason: string } | undefined {
  for (const line of lines.toReversed()) {
    if (!line.startsWith("{")) continue;
    try {
      const value = JSON.parse(line);
      if (value.event === "bench" || value.event === "absent") return value;
    } catch {
      // Not a result: a library may print what it likes.
    }
  }
  return undefined;
}

/** Runs one program to its end. What goes wrong becomes a reason to skip it; only an abort throws. */
export async function runContender(
  contender: Contender,
  effort: BenchEffort = {},
): Promise<BenchLine | SkipLine> {
  if (contender.missing !== undefined) return skip(contender, contender.missing, true);
  const { timeoutMs = 600_000, signal } = effort;
  const lines: string[] = [];
  try {
    const { code, errors, late } = await runBaseline(contender, {
      onLine: (line) => lines.push(line),
      timeoutMs,
      signal,
    });
    if (late) return skip(contender, `it did not end within ${timeoutMs / 1000} s`);
    if (code !== 0) return skip(contender, lastWords(errors));
    const result = resultIn(lines);
    if (result?.event === "bench") return result;
    return result === undefined
      ? skip(contender, "it printed no result")
      : skip(contender, result.reason, true);
  } catch (error) {
    signal?.throwIfAborted();
    return skip(contender, (error as Error).message);
  }
}

/**
 * Runs all programs alternately, `rounds` times, so that whatever else the machine does affects them all
 * alike; then yields one line for each, in their order: the medians, or why it was skipped.
 */
export async function runInterleaved(
  contenders: readonly Contender[],
  effort: BenchEffort = {},
): Promise<(BenchLine | SkipLine)[]> {
  const runs = contenders.map((): BenchLine[] => []);
  const skips: (SkipLine | undefined)[] = contenders.map(() => undefined);
  const { rounds = 1, enough = Number.POSITIVE_INFINITY } = effort;
  let [used, last] = [0, 0];
  for (let round = 1; round <= rounds && (round === 1 || used + last <= enough); round++) {
    const began = performance.now();
    for (const [i, contender] of contenders.entries()) {
      if (skips[i] !== undefined) continue;
      if (contender.missing === undefined) effort.onStart?.(contender, round);
      const line = await runContender(contender, effort);
      if (line.event === "bench") runs[i].push(line);
      else skips[i] = line;
    }
    last = (performance.now() - began) / 1000;
    used += last;
  }
  return contenders.map((_, i) => skips[i] ?? medianLine(runs[i]));
}
