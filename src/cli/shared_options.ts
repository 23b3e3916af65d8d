/** Options and help texts that several commands share. */
import { Option } from "commander";
import { engineNames } from "../engines/engine_names.ts";
import { realNumber, wholeNumber } from "../experiments/console/option_values.ts";
import { MOST_PIXELS } from "../experiments/limits.ts";
import { mostThreads } from "../workers/processors.ts";

/** The longest side of matrices that are multiplied to measure speed: three of them fill the memory of an engine. */
export const MOST_ROWS = 16384;

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

export const precision = (): Option =>
  new Option(
    "--precision <name>",
    "what convolutions and products are computed in: f32 or, where the engine has it fast, bf16 (f32)",
  );

export const dataset = (): Option => new Option("--data <name>", "data set: fashion-mnist, mnist");

/* What trainings are told. */

export const batchSize = (): Option =>
  new Option("--batch-size <n>", "examples a step (the chapter's)").argParser(wholeNumber(1));

export const learningRate = (): Option =>
  new Option("--lr <x>", "learning rate (the chapter's)").argParser(realNumber(0));

export const optimizer = (): Option =>
  new Option("--optimizer <name>", "sgd (the chapter's), adam, adamw, rmsprop, adagrad");

export const momentum = (): Option =>
  new Option("--momentum <x>", "momentum of sgd and rmsprop (0)").argParser(realNumber(0));

export const weightDecay = (): Option =>
  new Option("--weight-decay <x>", "weight decay (0)").argParser(realNumber(0));

export const resize = (): Option =>
  new Option("--resize <n>", "side length to which pictures are resized (the network's)").argParser(
    wholeNumber(1, MOST_PIXELS),
  );

export const limitBatches = (): Option =>
  new Option("--limit-batches <n>", "only so many batches an epoch, for trying things out").argParser(
    wholeNumber(1),
  );

export const edition = (): Option =>
  new Option("--edition <name>", "whose settings: zh (the Chinese edition's) or en (the English 1.0's) (zh)");

export const checkpointSeconds = (): Option =>
  new Option("--checkpoint-seconds <s>", "time between checkpoints within an epoch")
    .argParser(realNumber(0))
    .default(30);

export const MODELS = "lenet, bn-lenet, alexnet, vgg11, nin, googlenet, ... (a wrong name lists them all)";

/** Lines for the end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
