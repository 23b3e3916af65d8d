/** Commands around one network and their options: eval, predict, summary, models, runs, export. */
import type { Command } from "commander";
import { MOST_PIXELS } from "../experiments/settings/limits.ts";
import { names, oneOf, text, whole } from "../experiments/settings/setting_kinds.ts";
import { formatCount } from "../report/number_text.ts";
import { addCommand, type Given } from "./command.ts";
import { INTERRUPTED, type Interrupt, interruptible } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { profiled } from "./console/profiled.ts";
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
    run: async ({ topk = [5], ...given }, output, source: string) => {
      const { evaluate, reportEvaluation } = await import("../experiments/evaluate.ts");
      const { chosenNetwork } = await import("./chosen_network.ts");
      const network = { ...chosenNetwork(given), topK: Math.max(...topk), onNote: output.onNote };
      reportEvaluation(await evaluate(source, network), output, topk);
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
    run: async ({ profile, topk, ...given }, output, source: string, images: string[]) =>
      profiled(profile, output, () => predict({ top: topk, ...given }, output, source, images)),
  });
}

/** Ends with 1 if an image could not be read. */
async function predict(
  { csv = false, tta, output: folder, invert, top, look, ...given }: Given,
  output: Output,
  source: string,
  images: readonly string[],
): Promise<number> {
  const { reportPredictions } = await import("../experiments/reports/predictions_report.ts");
  const { chosenNetwork } = await import("./chosen_network.ts");
  const { errorText } = await import("./console/error_text.ts");
  const { onNote } = output;
  const options = { ...chosenNetwork(given), testTimeAugmentation: tta, folder, invert, top, look };
  const work = async ({ signal, arm: onReady }: Interrupt) => {
    const { read, unread, of } = await reportPredictions(source, images, output, {
      ...{ ...options, signal, onReady, onNote },
      ...(csv && { csv: (line: string) => output.document(line) }),
      onUnread: ({ error }) => onNote(`${error.name}: ${errorText(error)}`),
      onProgress: (done, of) => output.onProgress("classified", done, of),
    });
    output.progress.end();
    if (signal.aborted)
      onNote(`interrupted after ${formatCount(read + unread)} of ${formatCount(of)} images`);
    if (unread > 0 && of > 1) onNote(`${formatCount(unread)} of ${formatCount(of)} images could not be read`);
    if (signal.aborted) return INTERRUPTED;
    return unread > 0 ? 1 : 0;
  };
  return interruptible(() => onNote("Stopping."), work, false);
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
    run: async (given, output, model: string) =>
      (await import("../experiments/reports/summary_report.ts")).reportSummary(model, output, given),
  });
}

export function addModels(program: Command, cli: Cli): void {
  addCommand(program, cli, "models", {
    about: "The networks that are known by name: input, parameters, settings of the chapter, source.",
    examples: ["convoyant models", "convoyant models --json"],
    run: async (_given, output) =>
      (await import("../experiments/reports/models_report.ts")).reportModels(output),
  });
}

export function addRuns(program: Command, cli: Cli): void {
  const runs = addCommand(program, cli, "runs", {
    about: "The runs in a folder: how far each came, and its metrics.",
    options: [option("--in <folder>", "the folder that holds the runs", text("<folder>"), "runs")],
    examples: ["convoyant runs", "convoyant runs show runs/<run>", "convoyant runs rm runs/<run>"],
    run: async (given, output) =>
      (await import("../experiments/reports/runs_report.ts")).reportRuns(given.in, output),
  });
  addCommand(runs, cli, "show", {
    about: "A run's settings, state and curves.",
    takes: [["<run>", "a run's folder"]],
    examples: ["convoyant runs show runs/<run>"],
    run: async (_given, output, run: string) =>
      (await import("../experiments/reports/runs_report.ts")).reportRun(run, output),
  });
  addCommand(runs, cli, "rm", {
    about: "Remove the files of runs; other files in their folders stay.",
    takes: [["<run...>", "runs' folders"]],
    examples: ["convoyant runs rm runs/<run>"],
    run: async (_given, output, folders: string[]) => {
      const { removeRun } = await import("../experiments/runs.ts");
      for (const run of folders) {
        const left = removeRun(run);
        const stayed =
          left.length === 0 ? "" : `; these files are not the run's and stay: ${left.join(", ")}`;
        output.line(`removed ${run}${stayed}`);
        output.event({ event: "removed", run, left });
      }
      output.event({ event: "end", runs: folders.length });
    },
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
    run: async ({ output: file, bare, ...given }, output, source: string) => {
      const { exportOnnx, reportExport } = await import("../experiments/export_onnx.ts");
      const { model, settings } = (await import("./chosen_network.ts")).chosenNetwork(given);
      reportExport(await exportOnnx(source, file, { bare, model, settings }), output);
    },
  });
}
