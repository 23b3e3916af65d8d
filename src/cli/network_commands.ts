/** Commands around one network and their options: train, eval, predict, summary, models, runs. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { MOST_PIXELS } from "../experiments/limits.ts";
import { list } from "../experiments/setting_text.ts";
import { autoOr, realNumber, setting, wholeNumber, wholeNumbers } from "./console/option_values.ts";
import { Output } from "./console/output.ts";
import { profiled, profileOption } from "./console/profiled.ts";
import { photoOptions } from "./photos/photo_options.ts";
import {
  type Cli,
  engine,
  examples,
  json,
  known,
  limitBatches,
  modelOption,
  networkOptions,
  precision,
  threads,
  trainingOptions,
} from "./shared_options.ts";

export function addTrain(program: Command, cli: Cli): void {
  const command = program
    .command("train")
    .description(
      "Train a network with the chapter's settings, or your own, or a classifier on a folder of photographs, and keep the run.",
    )
    .argument(
      "[model|photos]",
      `a folder that holds a folder of images for each class, a CSV list of paths and labels, or a network of the chapter: ${known(cli, "models")}`,
    )
    .option("--epochs <n>", "times through the training set (10)", wholeNumber(0))
    .option("--seed <n>", "seed of everything random (0)", wholeNumber(0));
  for (const option of trainingOptions(cli)) command.addOption(option);
  command
    .option("--patience <n>", "end after this many epochs without an improvement", wholeNumber(1))
    .option(
      "--val-split <x>",
      "share of the training set that epochs are judged by; the test set is looked at once, at the end (0)",
      realNumber(0, { below: 1 }),
    )
    .option("--topk <k,...>", "count whether the true class is among the k likeliest", wholeNumbers(1))
    .option(
      "--weights <file>",
      "start from these weights: a .safetensors, .pth or .npz file or a run's folder",
    )
    .option("--micro-batch <n>", "examples at once: auto, as many as fit the memory, or a number", autoOr(1))
    .option(
      "--set <name=value>",
      "a setting of the network: activation=relu, dropout=0.5, batchNorm=true (repeatable)",
      setting,
    )
    .option("--out <folder>", "folder of the run (runs/<time>-<model>)")
    .option(
      "--lab [port]",
      "show the training in a page while it runs: the Lab, on this port (7070)",
      wholeNumber(0, 65_535),
    );
  for (const option of photoOptions()) command.addOption(option);
  command
    .addOption(profileOption())
    .option("--ranks <n>", "processes that share the training, started by mpirun (1)", wholeNumber(1))
    .option("--hosts <a,b>", "machines that share the ranks, reached by ssh (this one)")
    .option(
      "--shards <n>",
      "parts of each batch, whatever the number of ranks: any power of two of ranks up to it gives the same bits (8)",
      wholeNumber(1),
    )
    .addOption(
      new Option(
        "--reduce <how>",
        "tree: the same bits for any number of ranks; fast: MPI's own sums (tree)",
      ).choices(["tree", "fast"]),
    )
    .addOption(
      new Option(
        "--compress <dtype>",
        "gradients cross between ranks so: half the bytes, and 8 bits of precision in each (as they are)",
      ).choices(["bfloat16"]),
    )
    .option("--resume <run>", "go on with an interrupted run; with --epochs also with a finished one")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant train ./photos",
        "convoyant train ./photos --from resnet18 --epochs 5 --augment strong",
        "convoyant train bn-lenet",
        "convoyant train lenet --epochs 3 --lr 0.5 --momentum 0.9 --scheduler cosine",
        "convoyant train alexnet --engine onednn --precision bf16",
        "convoyant train lenet --val-split 0.1 --patience 3 --weights runs/<run>",
        "convoyant train --resume runs/<run>",
        "convoyant train ./photos --from resnet18 --ranks 4 --hosts node1,node2",
      ),
    )
    .action(async (model: string | undefined, o) => {
      const { json: asJson, profile: trace, ranks, hosts, shards, reduce, compress, ...options } = o;
      const about = { ranks, hosts, shards, reduce, compress };
      const { trainAny } = await import("./train_any_command.ts");
      const { concernsRanks, trainOnRanks } = await import("./ranks/ranks_command.ts");
      const output = new Output(asJson);
      const trainHere = (own: typeof options, said: Output) => trainAny(model ?? null, own, said);
      if (!concernsRanks(about)) {
        cli.finish(await profiled(trace, output, () => trainHere(options, output)));
        return;
      }
      const { profiledOnRanks } = await import("./ranks/profiled_ranks.ts");
      cli.finish(
        await trainOnRanks(about, options, output, (own, said) =>
          profiledOnRanks(trace, said, () => trainHere(own, said)),
        ),
      );
    });
}

export function addEval(program: Command, cli: Cli): void {
  const command = program
    .command("eval")
    .description("Metrics of a trained network on the test set: accuracy, each class's precision and recall.")
    .argument("<run|weights>", "a run's folder or a .safetensors, .pth or .npz file")
    .addOption(modelOption())
    .option("--topk <k,...>", "whether the true class is among the k likeliest (5)", wholeNumbers(1));
  for (const option of networkOptions(cli)) command.addOption(option);
  command
    .addOption(limitBatches("at most this many batches"))
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant eval runs/<run>",
        "convoyant eval lenet.safetensors --model lenet --json",
        "convoyant eval runs/<run> --model ./net.mjs",
      ),
    )
    .action(async (source: string, o) => {
      const { evalCommand } = await import("./eval_command.ts");
      cli.finish(await evalCommand({ source, ...choice(o), topk: o.topk ?? [5] }, new Output(o.json)));
    });
}

export function addPredict(program: Command, cli: Cli): void {
  const command = program
    .command("predict")
    .description(
      "Class probabilities of images: image files (JPEG, PNG, WebP, GIF, BMP, PPM, PGM), folders, or images of the data set (test:17).",
    )
    .argument("<run|file>", "a run's folder or a .safetensors, .onnx, .pth or .npz file")
    .argument("<image...>", "photo.jpg, a folder, - (standard input: a path a line, or an image), test:17")
    .addOption(modelOption())
    .option("--invert", "for dark objects on a white background: the data sets are white on black")
    .option("--top <k>", "list the k likeliest classes (10; of many images 1)", wholeNumber(1))
    .addOption(new Option("--topk <k>", "the same").argParser(wholeNumber(1)).hideHelp())
    .option(
      "--tta [views]",
      "mean over views of an image: 2, it and its mirror image (default), 5 crops, or 10, crops and mirrored",
      wholeNumber(1),
    )
    .addOption(
      new Option("--look <what>", "lay over each image where the network saw its likeliest class").choices([
        "grad-cam",
      ]),
    )
    .option("-o, --output <folder>", "write the images with that as PNG files")
    .option("--csv", "a table: image, label, probability, and the probability of each class (RFC 4180)");
  for (const option of networkOptions(cli)) command.addOption(option);
  command
    .addOption(profileOption().conflicts("csv"))
    .addOption(json().conflicts("csv"))
    .addHelpText(
      "after",
      examples(
        "convoyant predict runs/<run> test:17 test:18",
        "convoyant predict runs/<run> photo.jpg --top 5 --tta",
        "convoyant predict runs/<run> photos --look grad-cam -o seen",
        "convoyant predict runs/<run> photos --csv > predictions.csv",
        "find . -name '*.jpg' | convoyant predict net.onnx -",
        "convoyant predict runs/<run> shoe.png --invert",
      ),
    )
    .action(async (source: string, images: string[], o) => {
      const { predictCommand } = await import("./predict/predict_command.ts");
      const { invert = false, csv = false, tta = false, top = o.topk ?? null } = o;
      const { look = null, output = null } = o;
      const given = { source, images, invert, top, csv, tta, look, output, ...choice(o) };
      const out = new Output(o.json);
      cli.finish(await profiled(o.profile, out, () => predictCommand(given, out)));
    });
}

export function addSummary(program: Command, cli: Cli): void {
  program
    .command("summary")
    .description("A network layer by layer: output shapes, parameters, multiply-adds, bytes.")
    .argument("<model>", known(cli, "models"))
    .option("--resize <n>", "side length of the input (the network's)", wholeNumber(1, MOST_PIXELS))
    .option(
      "--batch-size <n>",
      "count for a batch of this size (1; the chapter's with --program)",
      wholeNumber(1),
    )
    .option(
      "--edition <name>",
      `the network as this edition trains it: ${known(cli, "editions")}`,
      editionNamed,
    )
    .option("--program", "the program of a training step instead: each step with shapes, bytes and time")
    .option("--without-passes <names>", `leave out passes of the compiler: ${known(cli, "passes")}`, list)
    .addOption(engine())
    .addOption(threads())
    .addOption(precision(cli))
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant summary lenet",
        "convoyant summary bn-lenet --json",
        "convoyant summary bn-lenet --program --threads 1",
        "convoyant summary alexnet --program --engine onednn --precision bf16",
        "convoyant summary lenet --program --without-passes fuse-loops",
      ),
    )
    .action(async (model: string, o) => {
      const { summaryCommand } = await import("./summary_command.ts");
      const { resize = null, batchSize = null, program = false, edition = null, withoutPasses = [] } = o;
      const { engine, threads, precision } = choice(o);
      const chosen = { engine, threads, precision, withoutPasses };
      const command = { model, edition, resize, batchSize, program, ...chosen };
      cli.finish(await summaryCommand(command, new Output(o.json)));
    });
}

export function addModels(program: Command, cli: Cli): void {
  program
    .command("models")
    .description("The networks that are known by name: input, parameters, settings of the chapter, source.")
    .addOption(json())
    .addHelpText("after", examples("convoyant models", "convoyant models --json"))
    .action(async (o) => {
      const { modelsCommand } = await import("./models_command.ts");
      cli.finish(modelsCommand(new Output(o.json)));
    });
}

export function addRuns(program: Command, cli: Cli): void {
  const runs = program
    .command("runs")
    .description("The runs in a folder: how far each came, and its metrics.")
    .option("--in <folder>", "the folder that holds the runs", "runs")
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant runs", "convoyant runs show runs/<run>", "convoyant runs rm runs/<run>"),
    )
    .action(async (o) => {
      const { runsCommand } = await import("./runs_command.ts");
      cli.finish(runsCommand(o.in, new Output(o.json)));
    });
  runs
    .command("show")
    .description("A run's settings, state and curves.")
    .argument("<run>", "a run's folder")
    .addOption(json())
    .addHelpText("after", examples("convoyant runs show runs/<run>"))
    .action(async (run: string, _o, self: Command) => {
      const { runsShowCommand } = await import("./runs_command.ts");
      cli.finish(runsShowCommand(run, new Output(self.optsWithGlobals().json)));
    });
  runs
    .command("rm")
    .description("Remove the files of runs; other files in their folders stay.")
    .argument("<run...>", "runs' folders")
    .addOption(json())
    .addHelpText("after", examples("convoyant runs rm runs/<run>"))
    .action(async (folders: string[], _o, self: Command) => {
      const { runsRemoveCommand } = await import("./runs_command.ts");
      cli.finish(runsRemoveCommand(folders, new Output(self.optsWithGlobals().json)));
    });
}

/** What eval and predict are given about the network and its data; null if it was not given. */
export interface NetworkChoice {
  readonly model: string | null;
  readonly data: string | null;
  readonly dataDir: string | null;
  readonly resize: number | null;
  readonly engine: string | null;
  readonly threads: number | null;
  readonly precision: string | null;
  readonly limitBatches: number | null;
}

function choice(given: Partial<NetworkChoice>): NetworkChoice {
  const { model = null, data = null, dataDir = null, resize = null } = given;
  const { engine = null, threads = null, precision = null, limitBatches = null } = given;
  return { model, data, dataDir, resize, engine, threads, precision, limitBatches };
}

function editionNamed(text: string): string {
  if (text === "zh" || text === "en") return text;
  throw new InvalidArgumentError(`expected zh or en, got "${text}".`);
}
