/** What commands are built with: options and help texts that several share. */
import { Option } from "commander";
import { engineNames } from "../engines/engine_names.ts";
import { MOST_PIXELS } from "../experiments/limits.ts";
import { mostThreads } from "../workers/processors.ts";
import { realNumber, wholeNumber } from "./console/option_values.ts";
import type { RegisteredNames } from "./registered_names.ts";

/** What a command needs to add itself. */
export interface Cli {
  /** Called with the exit code. */
  readonly finish: (code: number) => void;
  /** Names that are registered, if a help text is going to list them. */
  readonly names: RegisteredNames | null;
}

/** The longest side of matrices that are multiplied to measure speed: three of them fill the memory of an engine. */
export const MOST_ROWS = 16384;

/** Names that are registered, in a help text. */
export function known({ names }: Cli, which: keyof RegisteredNames): string {
  return names === null ? "" : names[which].join(", ");
}

/** What a trained network is run with: the images, their size, and the engine. */
export function networkOptions(cli: Cli): Option[] {
  return [dataset(cli), dataDir(), resize(), engine(), threads(), precision(cli)];
}

export const dataDir = (): Option =>
  new Option(
    "--data-dir <folder>",
    "where the data set's files are (else CONVOYANT_DATA, the cache, the system, the network)",
  );

export const json = (): Option => new Option("--json", "one JSON object a line").default(false, "off");

export const engine = (): Option =>
  new Option("--engine <name>", `what computes: ${engineNames().join(", ")}`);

export const threads = (): Option =>
  new Option("--threads <n>", "threads of the engine (all processors by default)").argParser(
    wholeNumber(1, mostThreads()),
  );

export const reproducible = (): Option =>
  new Option(
    "--reproducible",
    "choose oneDNN's algorithms by a fixed rule, not by measuring: the same bits whatever was measured here",
  );

export function exactConvolutions(): Option {
  const option = new Option(
    "--exact-conv",
    "leave out algorithms for convolutions that round more than plain sums do, such as Winograd's",
  );
  // As the setting is called.
  option.attributeName = () => "exactConvolutions";
  return option;
}

export const precision = (cli: Cli): Option =>
  new Option(
    "--precision <name>",
    `precision of convolutions and matrix multiplications: ${known(cli, "precisions")} (f32; bf16 if the engine has it fast)`,
  );

export const dataset = (cli: Cli): Option =>
  new Option("--data <name>", `data set: ${known(cli, "datasets")}`);

export const modelOption = (): Option =>
  new Option(
    "--model <name>",
    "the network, when the run or file does not say: a name, or a module that exports a function which makes it (./net.mjs)",
  );

export const limitBatches = (what = "at most this many batches an epoch, to try things out"): Option =>
  new Option("--limit-batches <n>", what).argParser(wholeNumber(1));

export const resize = (): Option =>
  new Option("--resize <n>", "side length to which images are resized (the network's)").argParser(
    wholeNumber(1, MOST_PIXELS),
  );

/* Options of trainings. */

export const batchSize = (): Option =>
  new Option("--batch-size <n>", "examples a step (the chapter's)").argParser(wholeNumber(1));

/** Options of every training. */
export function trainingOptions(cli: Cli): Option[] {
  return [
    batchSize(),
    new Option("--lr <x>", "learning rate (the chapter's, or the optimizer's own)").argParser(realNumber(0)),
    new Option("--optimizer <name>", `${known(cli, "optimizers")} (sgd)`),
    new Option("--momentum <x>", "momentum of the optimizers that take one (0)").argParser(realNumber(0)),
    new Option("--weight-decay <x>", "weight decay (0)").argParser(realNumber(0)),
    new Option(
      "--scheduler <name[:option=value,...]>",
      `changes the learning rate: ${known(cli, "schedulers")}`,
    ),
    new Option("--label-smoothing <x>", "share of each label that is spread over all classes (0)").argParser(
      realNumber(0, { most: 1 }),
    ),
    resize(),
    engine(),
    threads(),
    reproducible(),
    exactConvolutions(),
    precision(cli),
    limitBatches(),
    dataset(cli),
    new Option("--edition <name>", `whose settings: ${known(cli, "editions")} of the book (zh)`),
    dataDir(),
    checkpointSeconds(),
  ];
}

export const checkpointSeconds = (): Option =>
  new Option("--checkpoint-seconds <s>", "time between checkpoints within an epoch")
    .argParser(realNumber(0))
    .default(30);

/** Lines for the end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
