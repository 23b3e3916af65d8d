/** Options and help texts that several commands share. */
import { Option } from "commander";
import { engineNames } from "../engines/select.ts";
import { wholeNumber } from "./option_values.ts";

export const dataDir = (): Option =>
  new Option(
    "--data-dir <folder>",
    "where the data set's files are (else CONVOYANT_DATA, the cache, the system, the network)",
  );

export const json = (): Option => new Option("--json", "one JSON object a line").default(false, "off");

export const engine = (): Option =>
  new Option("--engine <name>", `what computes: ${engineNames().join(", ")}`);

export const threads = (): Option =>
  new Option("--threads <n>", "threads of the engine (all processors by default)").argParser(wholeNumber(1));

export const precision = (): Option =>
  new Option(
    "--precision <name>",
    "what convolutions and products are computed in: f32 or, where the engine has it fast, bf16 (f32)",
  );

export const dataset = (): Option => new Option("--data <name>", "data set: fashion-mnist, mnist");

export const MODELS = "lenet, bn-lenet, alexnet, vgg11, nin, googlenet, ... (a wrong name lists them all)";

/** Lines for the end of a command's help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
