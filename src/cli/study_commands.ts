/** Commands that train many networks, and their options: reproduce, compare. */
import type { Command } from "commander";
import { list, wholeNumber } from "../experiments/console/option_values.ts";
import { Output } from "../experiments/console/output.ts";
import { MOST_SEEDS } from "../experiments/limits.ts";
import {
  batchSize,
  checkpointSeconds,
  dataDir,
  dataset,
  edition,
  engine,
  examples,
  json,
  learningRate,
  limitBatches,
  MODELS,
  momentum,
  optimizer,
  precision,
  reproducible,
  resize,
  threads,
  weightDecay,
} from "./shared_options.ts";

type Finish = (code: number) => void;

export function addReproduce(program: Command, finish: Finish): void {
  program
    .command("reproduce")
    .description(
      "Train the chapter's networks over several seeds, and write them beside the authors' figures.",
    )
    .argument(
      "[networks...]",
      "<network>[:<seeds>[:<epochs>[:<precision>]]], such as lenet:5 or alexnet:1:2:bf16 (those of the chapter)",
    )
    .option(
      "--nin-starts <n>",
      "first steps of NiN from so many seeds, to see how many fail",
      wholeNumber(0, MOST_SEEDS),
      0,
    )
    .option("--nin-steps <n>", "how many first steps", wholeNumber(5), 200)
    .addOption(batchSize())
    .addOption(engine())
    .addOption(threads())
    .addOption(reproducible())
    .addOption(precision())
    .addOption(limitBatches())
    .option(
      "--out <folder>",
      "holds a folder for each run; runs that are there are gone on with",
      "runs/reproduction",
    )
    .option("--write <file>", "the document", "docs/reproduction.md")
    .option("--against <names>", "pytorch: the same epochs and starts in PyTorch afterwards", list, [])
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
      const {
        json: asJson,
        out,
        write,
        checkpointSeconds,
        ninStarts: count,
        ninSteps: steps,
        against,
        ...given
      } = o;
      const starts = { model: "nin", count, steps };
      finish(
        await reproduceCommand(
          { networks, given, out, write, starts, checkpointSeconds, against },
          new Output(asJson),
        ),
      );
    });
}

export function addCompare(program: Command, finish: Finish): void {
  program
    .command("compare")
    .description("Train variants of a network over several seeds: one picture of the curves, one table.")
    .argument("<model>", MODELS)
    .option(
      "--set <name=values>",
      "values to compare: activation=sigmoid,relu, dropout=0,0.5, batchNorm=false,true, lr=0.1,0.5; every combination is trained",
      (text: string, before: string[]) => [...before, text],
      [] as string[],
    )
    .option("--seeds <n>", "trainings of each variant", wholeNumber(1, MOST_SEEDS), 3)
    .option("--seed <n>", "the first of the seeds (0)", wholeNumber(0))
    .option("--epochs <n>", "times through the training set (10)", wholeNumber(1))
    .addOption(batchSize())
    .addOption(learningRate())
    .addOption(optimizer())
    .addOption(momentum())
    .addOption(weightDecay())
    .addOption(resize())
    .addOption(engine())
    .addOption(threads())
    .addOption(reproducible())
    .addOption(precision())
    .addOption(limitBatches())
    .option(
      "--out <folder>",
      "folder of the comparison (runs/<time>-compare-<model>); gone on with where it exists",
    )
    .addOption(dataset())
    .addOption(edition())
    .addOption(dataDir())
    .addOption(checkpointSeconds())
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
      finish(await compareCommand({ model, sets, seeds, given, out, checkpointSeconds }, new Output(asJson)));
    });
}
