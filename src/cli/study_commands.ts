/** Commands that train many networks, and their options: reproduce, compare. */
import type { Command } from "commander";
import { ArgumentError } from "../base/errors.ts";
import { MOST_SEEDS } from "../experiments/settings/limits.ts";
import { names, repeated, text, whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand } from "./command.ts";
import { INTERRUPTED } from "./console/interruption.ts";
import { type Cli, known, option } from "./options.ts";
import { settingFor, settings, trainingOptions } from "./shared_options.ts";
import { seriesShown } from "./train/series_shown.ts";

export function addReproduce(program: Command, cli: Cli): void {
  addCommand(program, cli, "reproduce", {
    about: "Train the chapter's networks over several seeds, and compare the results with the authors'.",
    takes: [
      [
        "[networks...]",
        "<network>[:<seeds>[:<epochs>[:<precision>]]], such as lenet:5 or alexnet:1:2:bf16 (those of the chapter)",
      ],
    ],
    options: [
      option(
        "--nin-starts <n>",
        "first steps of NiN from this many seeds, to see how many fail",
        whole(0, MOST_SEEDS),
        0,
      ),
      option("--nin-steps <n>", "how many first steps", whole(5), 200),
      ...settings(cli, "batchSize", "engine", "threads", "reproducible", "exactConvolutions", "precision"),
      ...settings(cli, "limitBatches"),
      option(
        "--out <folder>",
        "holds a folder for each run; existing runs are resumed",
        text("<folder>"),
        "runs/reproduction",
      ),
      option("--write <file>", "the document", text("<file>"), "docs/reproduction.md"),
      option(
        "--against <names>",
        `the same epochs and starts in another library afterwards: ${known(cli, "reproductionBaselines")}`,
        names,
        [],
      ),
      ...settings(cli, "dataDir", "checkpointSeconds"),
    ],
    examples: [
      "convoyant reproduce",
      "convoyant reproduce lenet:5 bn-lenet-scratch:5 bn-lenet:5",
      "convoyant reproduce alexnet:1:2 nin:1:2 --engine onednn --precision bf16",
      "convoyant reproduce vgg11:1:2 --nin-starts 6 --against pytorch",
    ],
    run: async ({ write: document, out, ninStarts, ninSteps, ...given }, output, networks: string[]) => {
      const { reproduce } = await import("../experiments/reproduce/reproduce.ts");
      const told = await import("../experiments/reproduce/report_reproduction.ts");
      const { checkpointSeconds, against, ...settings } = given;
      const starts = { model: "nin", count: ninStarts, steps: ninSteps };
      const options = { networks, settings, out, document, starts, checkpointSeconds, against };
      const found = await seriesShown(output, ({ onDone, ...shown }) =>
        reproduce({
          ...options,
          ...shown,
          onDone: (run) => {
            onDone?.(run);
            told.reportReproducedRun(run, output);
          },
        }),
      );
      told.reportReproduction(found, document, output);
      if (found.finished) return 0;
      output.event({ event: "interrupted", out });
      return INTERRUPTED;
    },
  });
}

export function addCompare(program: Command, cli: Cli): void {
  addCommand(program, cli, "compare", {
    about: "Train variants of a network over several seeds: one chart of the curves, one table.",
    takes: [["<model>", known(cli, "models")]],
    options: [
      option(
        "--set <name=values>",
        "values to compare: activation=sigmoid,relu, dropout=0,0.5, batchNorm=false,true, lr=0.1,0.5; every combination is trained",
        repeated,
        [],
      ),
      option("--seeds <n>", "trainings of each variant", whole(1, MOST_SEEDS), 3),
      settingFor(cli, "seed", "the first of the seeds (0)"),
      option("--epochs <n>", "times through the training set (10)", whole(1)),
      ...trainingOptions(cli),
      option(
        "--out <folder>",
        "folder of the comparison (runs/<time>-compare-<model>); resumed if it exists",
      ),
    ],
    examples: [
      "convoyant compare lenet --set activation=sigmoid,relu --set dropout=0,0.5 --set weightDecay=0,0.001 --seeds 3",
      "convoyant compare alexnet --set batchNorm=false,true --seeds 1 --epochs 1",
      "convoyant compare lenet --set precision=f32,bf16 --engine onednn",
    ],
    run: async ({ set: sets, seeds, out = null, checkpointSeconds, ...settings }, output, model: string) => {
      const { compare, reportComparison } = await import("../experiments/compare/compare.ts");
      const { isPhotographs } = await import("../experiments/photos/photo_source.ts");
      if (isPhotographs(model))
        throw new ArgumentError(
          `compare trains networks of the chapter by their names, and ${model} is not one; to compare trainings on photographs, train ` +
            "each with --seed and its settings (`convoyant train`), and list them with `convoyant runs`",
        );
      const options = { sets, seeds, settings, out, checkpointSeconds };
      const found = await seriesShown(output, (told) => compare(model, { ...options, ...told }));
      reportComparison(found, output);
      return found.finished ? 0 : INTERRUPTED;
    },
  });
}
