/** Commands around one network and their options: eval, predict, summary, models, runs, export. */
import type { Command } from "commander";
import { MOST_PIXELS } from "../experiments/settings/limits.ts";
import { names, oneOf, text, whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand } from "./command.ts";
import { type Cli, known, option } from "./options.ts";
import {
  json,
  modelOption,
  networkOptions,
  outputFile,
  profileOption,
  settingFor,
  settings,
} from "./shared_options.ts";

const RUN_OR_WEIGHTS = ["<run|weights>", "a run's folder or a .safetensors, .pth or .npz file"] as const;

/** The editions of the book; help texts list them in words. */
const { choices: _, ...edition } = oneOf(["zh", "en"]);

/** What commands are given about the network and its data. */
export interface NetworkChoice {
  readonly model?: string;
  readonly data?: string;
  readonly dataDir?: string;
  readonly resize?: number;
  readonly engine?: string;
  readonly threads?: number;
  readonly precision?: string;
  readonly limitBatches?: number;
}

export function addEval(program: Command, cli: Cli): void {
  addCommand(program, cli, "eval", {
    about: "Metrics of a trained network on the test set: accuracy, each class's precision and recall.",
    takes: [RUN_OR_WEIGHTS],
    options: [
      modelOption(),
      settingFor(cli, "topk", "whether the true class is among the k likeliest (5)"),
      ...networkOptions(cli),
      settingFor(cli, "limitBatches", "at most this many batches"),
    ],
    examples: [
      "convoyant eval runs/<run>",
      "convoyant eval lenet.safetensors --model lenet --json",
      "convoyant eval runs/<run> --model ./net.mjs",
    ],
    run: async (given, output, source: string) => {
      const { evalCommand } = await import("./eval_command.ts");
      return evalCommand({ topk: [5], ...given, source }, output);
    },
  });
}

export function addPredict(program: Command, cli: Cli): void {
  addCommand(program, cli, "predict", {
    about:
      "Class probabilities of images: image files (JPEG, PNG, WebP, GIF, BMP, PPM, PGM), folders, or images of the data set (test:17).",
    takes: [
      ["<run|file>", "a run's folder or a .safetensors, .onnx, .pth or .npz file"],
      ["<image...>", "photo.jpg, a folder, - (standard input: a path a line, or an image), test:17"],
    ],
    options: [
      modelOption(),
      option("--invert", "for dark objects on a white background: the data sets are white on black"),
      option("--top <k>", "list the k likeliest classes (10; of many images 1)", whole(1)),
      option("--topk <k>", "the same", whole(1)).hideHelp(),
      option(
        "--tta [views]",
        "mean over views of an image: 2, it and its mirror image (default), 5 crops, or 10, crops and mirrored",
        whole(1),
      ),
      option(
        "--look <what>",
        "lay over each image where the network saw its likeliest class",
        oneOf(["grad-cam"]),
      ),
      option("-o, --output <folder>", "write the images with that as PNG files"),
      option("--csv", "a table: image, label, probability, and the probability of each class (RFC 4180)"),
      ...networkOptions(cli),
      profileOption().conflicts("csv"),
    ],
    json: json().conflicts("csv"),
    examples: [
      "convoyant predict runs/<run> test:17 test:18",
      "convoyant predict runs/<run> photo.jpg --top 5 --tta",
      "convoyant predict runs/<run> photos --look grad-cam -o seen",
      "convoyant predict runs/<run> photos --csv > predictions.csv",
      "find . -name '*.jpg' | convoyant predict net.onnx -",
      "convoyant predict runs/<run> shoe.png --invert",
    ],
    run: async ({ profile, topk, ...given }, output, source: string, images: string[]) => {
      const { predictCommand } = await import("./predict/predict_command.ts");
      const { profiled } = await import("./console/profiled.ts");
      const command = { top: topk, ...given, source, images };
      return profiled(profile, output, () => predictCommand(command, output));
    },
  });
}

export function addSummary(program: Command, cli: Cli): void {
  addCommand(program, cli, "summary", {
    about: "A network layer by layer: output shapes, parameters, multiply-adds, bytes.",
    takes: [["<model>", known(cli, "models")]],
    options: [
      option("--resize <n>", "side length of the input (the network's)", whole(1, MOST_PIXELS)),
      option(
        "--batch-size <n>",
        "count for a batch of this size (1; the chapter's with --program)",
        whole(1),
      ),
      option("--edition <name>", `the network as this edition trains it: ${known(cli, "editions")}`, edition),
      option("--program", "the program of a training step instead: each step with shapes, bytes and time"),
      option("--without-passes <names>", `leave out passes of the compiler: ${known(cli, "passes")}`, names),
      ...settings(cli, "engine", "threads", "precision"),
    ],
    examples: [
      "convoyant summary lenet",
      "convoyant summary bn-lenet --json",
      "convoyant summary bn-lenet --program --threads 1",
      "convoyant summary alexnet --program --engine onednn --precision bf16",
      "convoyant summary lenet --program --without-passes fuse-loops",
    ],
    run: async (given, output, model: string) => {
      const { summaryCommand } = await import("./summary_command.ts");
      return summaryCommand({ ...given, model }, output);
    },
  });
}

export function addModels(program: Command, cli: Cli): void {
  addCommand(program, cli, "models", {
    about: "The networks that are known by name: input, parameters, settings of the chapter, source.",
    examples: ["convoyant models", "convoyant models --json"],
    run: async (_given, output) => (await import("./models_command.ts")).modelsCommand(output),
  });
}

export function addRuns(program: Command, cli: Cli): void {
  const runs = addCommand(program, cli, "runs", {
    about: "The runs in a folder: how far each came, and its metrics.",
    options: [option("--in <folder>", "the folder that holds the runs", text("<folder>"), "runs")],
    examples: ["convoyant runs", "convoyant runs show runs/<run>", "convoyant runs rm runs/<run>"],
    run: async (given, output) => (await import("./runs_command.ts")).runsCommand(given.in, output),
  });
  addCommand(runs, cli, "show", {
    about: "A run's settings, state and curves.",
    takes: [["<run>", "a run's folder"]],
    examples: ["convoyant runs show runs/<run>"],
    run: async (_given, output, run: string) =>
      (await import("./runs_command.ts")).runsShowCommand(run, output),
  });
  addCommand(runs, cli, "rm", {
    about: "Remove the files of runs; other files in their folders stay.",
    takes: [["<run...>", "runs' folders"]],
    examples: ["convoyant runs rm runs/<run>"],
    run: async (_given, output, folders: string[]) =>
      (await import("./runs_command.ts")).runsRemoveCommand(folders, output),
  });
}

export function addExport(program: Command, cli: Cli): void {
  addCommand(program, cli, "export", {
    about: "A trained network as an ONNX file: images in, probabilities out, with the preprocessing inside.",
    takes: [RUN_OR_WEIGHTS],
    options: [
      outputFile("the file that is written").makeOptionMandatory(),
      option("--bare", "the network alone: numbers from 0 to 1 in, scores out"),
      modelOption(),
      ...settings(cli, "data", "resize"),
    ],
    examples: [
      "convoyant export runs/<run> -o model.onnx",
      "convoyant export lenet.safetensors --model lenet --bare -o lenet.onnx",
    ],
    run: async ({ output: file, ...given }, output, source: string) => {
      const { exportCommand } = await import("./export_command.ts");
      return exportCommand({ ...given, source, file }, output);
    },
  });
}
