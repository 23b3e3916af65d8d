/** Commands around one network and their options: train, eval, predict, summary. */

import { type Command, InvalidArgumentError } from "commander";
import { autoOr, setting, wholeNumber } from "../experiments/console/option_values.ts";
import { Output } from "../experiments/console/output.ts";
import { MOST_PIXELS } from "../experiments/limits.ts";
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

export function addTrain(program: Command, finish: Finish): void {
  program
    .command("train")
    .description("Train a network with the chapter's settings, or your own, and keep the run.")
    .argument("[model]", MODELS)
    .option("--epochs <n>", "times through the training set (10)", wholeNumber(0))
    .addOption(batchSize())
    .addOption(learningRate())
    .addOption(optimizer())
    .addOption(momentum())
    .addOption(weightDecay())
    .addOption(resize())
    .option("--seed <n>", "seed of everything random (0)", wholeNumber(0))
    .addOption(engine())
    .addOption(threads())
    .addOption(reproducible())
    .addOption(precision())
    .option("--micro-batch <n>", "examples at once: auto, as many as fit the memory, or a number", autoOr(1))
    .addOption(limitBatches())
    .option(
      "--set <name=value>",
      "about the network: activation=relu, dropout=0.5, batchNorm=true (repeatable)",
      setting,
    )
    .option("--out <folder>", "folder of the run (runs/<time>-<model>)")
    .option("--resume <run>", "go on with an interrupted run; with --epochs also with a finished one")
    .addOption(dataset())
    .addOption(edition())
    .addOption(dataDir())
    .addOption(checkpointSeconds())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant train bn-lenet",
        "convoyant train lenet --epochs 3 --lr 0.5 --momentum 0.9",
        "convoyant train alexnet --engine onednn --precision bf16",
        "convoyant train lenet --limit-batches 20 --epochs 1 --out runs/try",
        "convoyant train --resume runs/<run>",
      ),
    )
    .action(async (model: string | undefined, o) => {
      const { trainCommand } = await import("./train_command.ts");
      const { json: asJson, out = null, resume = null, checkpointSeconds, set: network, ...rest } = o;
      const given = { ...rest, ...(network !== undefined && { network }) };
      const command = { model: model ?? null, given, out, resume, checkpointSeconds };
      finish(await trainCommand(command, new Output(asJson)));
    });
}

export function addEval(program: Command, finish: Finish): void {
  program
    .command("eval")
    .description("Figures of a trained network on the test set: accuracy, each class's precision and recall.")
    .argument("<run|weights>", "a run's folder or a .safetensors file")
    .option("--model <name>", "whose weights the file holds, where it does not say")
    .addOption(dataset())
    .addOption(dataDir())
    .addOption(engine())
    .addOption(threads())
    .addOption(precision())
    .option("--limit-batches <n>", "only so many batches", wholeNumber(1))
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant eval runs/<run>", "convoyant eval lenet.safetensors --model lenet --json"),
    )
    .action(async (source: string, o) => {
      const { evalCommand } = await import("./eval_command.ts");
      finish(await evalCommand({ source, ...options(o) }, new Output(o.json)));
    });
}

export function addPredict(program: Command, finish: Finish): void {
  program
    .command("predict")
    .description("Class probabilities of pictures: PNG or PGM files, or pictures of the data set (test:17).")
    .argument("<run|weights>", "a run's folder or a .safetensors file")
    .argument("<image...>", "picture.png, picture.pgm, test:17, train:3")
    .option("--model <name>", "whose weights the file holds, where it does not say")
    .option("--invert", "for dark things on white paper: the data sets are white on black")
    .addOption(dataset())
    .addOption(dataDir())
    .addOption(engine())
    .addOption(threads())
    .addOption(precision())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant predict runs/<run> test:17 test:18",
        "convoyant predict runs/<run> shoe.png --invert",
      ),
    )
    .action(async (source: string, images: string[], o) => {
      const { predictCommand } = await import("./predict_command.ts");
      const command = { source, images, invert: o.invert === true, ...options(o) };
      finish(await predictCommand(command, new Output(o.json)));
    });
}

export function addSummary(program: Command, finish: Finish): void {
  program
    .command("summary")
    .description("A network layer by layer: output shapes, parameters, multiply-adds, bytes.")
    .argument("<model>", MODELS)
    .option("--resize <n>", "side length of the input (the network's)", wholeNumber(1, MOST_PIXELS))
    .option(
      "--batch-size <n>",
      "count for so many examples (1; the chapter's with --program)",
      wholeNumber(1),
    )
    .option("--edition <name>", "the network as this edition trains it: zh, en", editionNamed)
    .option("--program", "the program of a training step instead: each step with shapes, bytes and time")
    .addOption(engine())
    .addOption(threads())
    .addOption(precision())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant summary lenet",
        "convoyant summary bn-lenet --json",
        "convoyant summary bn-lenet --program --threads 1",
        "convoyant summary alexnet --program --engine onednn --precision bf16",
      ),
    )
    .action(async (model: string, o) => {
      const { summaryCommand } = await import("./summary_command.ts");
      const { resize = null, batchSize = null, program = false, edition = null } = o;
      const { engine, threads, precision } = options(o);
      const command = { model, edition, resize, batchSize, program, engine, threads, precision };
      finish(await summaryCommand(command, new Output(o.json)));
    });
}

/** What eval and predict are told of the network and its data; null where it was not given. */
export interface NetworkChoice {
  readonly model: string | null;
  readonly data: string | null;
  readonly dataDir: string | null;
  readonly engine: string | null;
  readonly threads: number | null;
  readonly precision: string | null;
  readonly limitBatches: number | null;
}

function options(given: Partial<NetworkChoice>): NetworkChoice {
  const {
    model = null,
    data = null,
    dataDir = null,
    engine = null,
    threads = null,
    precision = null,
    limitBatches = null,
  } = given;
  return { model, data, dataDir, engine, threads, precision, limitBatches };
}

function editionNamed(text: string): string {
  if (text === "zh" || text === "en") return text;
  throw new InvalidArgumentError(`expected zh or en, got "${text}".`);
}
