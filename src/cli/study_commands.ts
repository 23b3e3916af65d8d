/** Commands that train many networks, and their options: reproduce, compare. */
import type { Command } from "commander";
import { MOST_SEEDS } from "../experiments/limits.ts";
import { list } from "../experiments/setting_text.ts";
import { wholeNumber } from "./console/option_values.ts";
import { Output } from "./console/output.ts";
import {
  batchSize,
  type Cli,
  checkpointSeconds,
  dataDir,
  engine,
  exactConvolutions,
  examples,
  json,
  known,
  limitBatches,
  precision,
  reproducible,
  threads,
  trainingOptions,
} from "./shared_options.ts";

export function addReproduce(program: Command, cli: Cli): void {
  program
    .command("reproduce")
    .description(
      "Train the chapter's networks over several seeds, and compare the results with the authors'.",
    )
    .argument(
      "[networks...]",
      "<network>[:<seeds>[:<epochs>[:<precision>]]], such as lenet:5 or alexnet:1:2:bf16 (those of the chapter)",
    )
    .option(
      "--nin-starts <n>",
      "first steps of NiN from this many seeds, to see how many fail",
      wholeNumber(0, MOST_SEEDS),
      0,
    )
    .option("--nin-steps <n>", "how many first steps", wholeNumber(5), 200)
    .addOption(batchSize())
    .addOption(engine())
    .addOption(threads())
    .addOption(reproducible())
    .addOption(exactConvolutions())
    .addOption(precision(cli))
    .addOption(limitBatches())
    .option("--out <folder>", "holds a folder for each run; existing runs are resumed", "runs/reproduction")
    .option("--write <file>", "the document", "docs/reproduction.md")
    .option(
      "--against <names>",
      `the same epochs and starts in another library afterwards: ${known(cli, "reproductionBaselines")}`,
      list,
      [],
    )
    .addOption(dataDir())
    .addOption(checkpointSeconds())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant reproduce",
        "convoyant reproduce lenet:5 bn-lenet-scratch:5 bn-lenet:5",
        "convoyant reproduce alexnet:1:2 nin:1:2 --engine onednn --precision bf16",
        "convoyant reproduce vgg11:1:2 --nin-starts 6 --against pytorch",
      ),
    )
    .action(async (networks: string[], o) => {
      const { reproduceCommand } = await import("./reproduce_command.ts");
      const { json: asJson, out, write: document, checkpointSeconds, against, ...rest } = o;
      const { ninStarts: count, ninSteps: steps, ...settings } = rest;
      const starts = { model: "nin", count, steps };
      const command = { networks, settings, out, document, starts, checkpointSeconds, against };
      cli.finish(await reproduceCommand(command, new Output(asJson)));
    });
}

export function addCompare(program: Command, cli: Cli): void {
  const command = program
    .command("compare")
    .description("Train variants of a network over several seeds: one chart of the curves, one table.")
    .argument("<model>", known(cli, "models"))
    .option(
      "--set <name=values>",
      "values to compare: activation=sigmoid,relu, dropout=0,0.5, batchNorm=false,true, lr=0.1,0.5; every combination is trained",
      (text: string, before: string[]) => [...before, text],
      [] as string[],
    )
    .option("--seeds <n>", "trainings of each variant", wholeNumber(1, MOST_SEEDS), 3)
    .option("--seed <n>", "the first of the seeds (0)", wholeNumber(0))
    .option("--epochs <n>", "times through the training set (10)", wholeNumber(1));
  for (const option of trainingOptions(cli)) command.addOption(option);
  command
    .option("--out <folder>", "folder of the comparison (runs/<time>-compare-<model>); resumed if it exists")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant compare lenet --set activation=sigmoid,relu --set dropout=0,0.5 --set weightDecay=0,0.001 --seeds 3",
        "convoyant compare alexnet --set batchNorm=false,true --seeds 1 --epochs 1",
        "convoyant compare lenet --set precision=f32,bf16 --engine onednn",
      ),
    )
    .action(async (model: string, o) => {
      const { compareCommand } = await import("./compare_command.ts");
      const { json: asJson, out = null, set: sets, seeds, checkpointSeconds, ...given } = o;
      cli.finish(
        await compareCommand({ model, sets, seeds, given, out, checkpointSeconds }, new Output(asJson)),
      );
    });
}
