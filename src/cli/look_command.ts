/** `convoyant look`: what a network has learned, as a file. */
import type { Command } from "commander";
import { ArgumentError } from "../base/errors.ts";
import type { LookOptions } from "../experiments/look/look_figures.ts";
import { oneOf, whole, wholes } from "../experiments/settings/setting_kinds.ts";
import { formatBytes } from "../report/number_text.ts";
import { addCommand, type Given } from "./command.ts";
import { INTERRUPTED } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { type Cli, option } from "./options.ts";
import { languageOption, modelOption, outputFile, settings, themeOption } from "./shared_options.ts";

const LOOKS = "filters activations saliency grad-cam occlusion maximise embedding histograms".split(" ");

export function addLook(program: Command, cli: Cli): void {
  addCommand(program, cli, "look", {
    about: "What a trained network has learned, as a figure: filters, activations, maps, features.",
    takes: [["[run|weights]", "a run's folder or a .safetensors, .pth or .npz file"]],
    options: [
      option("--what <name>", "what is shown", oneOf(LOOKS), "filters"),
      outputFile("the file that is written; its name ends in .png, .svg or .html").makeOptionMandatory(),
      option("--layer <path>", "the layer, such as net.0 or features.12 (the first, or the last, that fits)"),
      option("--image <file>", "an image file, or an image of the data set: test:17 (test:0)"),
      option("--images <folder>", "embedding, histograms: a folder of class folders (the test set)"),
      option("--count <n>", "embedding: how many images (500)", whole(4)),
      option("--class <name>", "the class that is explained, by name or number (the likeliest)"),
      option("--units <n,...>", "maximise: channels of the layer, or classes (the first)", wholes(0)),
      option(
        "--method <name>",
        "saliency: gradient, smooth-grad or integrated-gradients; embedding: tsne, pca or neighbours",
      ),
      option("--scale <name>", "filters: each on a scale of its own, or all on one", oneOf(["each", "all"])),
      option("--over-epochs", "filters: over the epochs of a run").default(false),
      option("--figure <number>", "a figure of the book instead: AlexNet's filters", oneOf(["7.1"])),
      option("--seed <n>", "of SmoothGrad's noise and of the images that maximise begins with (0)", whole(0)),
      languageOption("language of the figure"),
      themeOption("colours (as the reader's system is set; of .png light)"),
      option("--width <pixels>", "width of the figure (720)", whole(200, 4000)),
      modelOption(),
      ...settings(cli, "data", "dataDir", "resize", "engine", "threads"),
    ],
    examples: [
      "convoyant look runs/<run> -o filters.svg",
      "convoyant look runs/<run> --over-epochs -o filmstrip.html",
      "convoyant look runs/<run> --what grad-cam --image photo.jpg -o cam.png",
      "convoyant look runs/<run> --what saliency --method smooth-grad --image test:17 -o saliency.svg",
      "convoyant look runs/<run> --what embedding --count 1000 -o features.html",
      "convoyant look --figure 7.1 -o figure.html",
    ],
    run: async ({ output: file, ...given }, output, source?: string) =>
      look(given, output, file, source ?? null),
  });
}

async function look(
  { width = 720, theme, figure, ...given }: Given,
  output: Output,
  file: string,
  source: string | null,
): Promise<number> {
  const { figureWriter } = await import("../experiments/look/figure_file.ts");
  const { chosenNetwork } = await import("./chosen_network.ts");
  const { lookFigure } = await import("../experiments/look/look_figures.ts");
  const { bookFigure } = await import("../experiments/look/book_figure.ts");
  const { writeFileAtomic } = await import("../io/atomic_file.ts");
  const write = figureWriter(file, { width, theme, lang: given.lang });
  const { onNote, onProgress } = output;
  const thumbnails = !file.toLowerCase().endsWith(".png");
  const options = { ...given, ...chosenNetwork(given), thumbnails, onNote, onProgress } as LookOptions;
  if (source === null && figure === undefined)
    throw new ArgumentError(
      "name a run's folder or a file of weights, or a figure of the book: --figure 7.1",
    );
  const run = source ?? (await trainedBriefly(options, output));
  if (run === null) return INTERRUPTED;
  const draw = await (figure === undefined ? lookFigure : bookFigure)(run, options);
  output.progress.end();
  const bytes = write(draw);
  await writeFileAtomic(file, bytes);
  const { label } = draw(width);
  output.line(`${file}: ${label}, ${formatBytes(bytes.length)}`);
  output.event({ event: "end", file, label, bytes: bytes.length });
  return 0;
}

/** The folder of a short training of AlexNet; null if it was interrupted. */
async function trainedBriefly(options: LookOptions, output: Output): Promise<string | null> {
  const { briefTraining } = await import("../experiments/look/book_figure.ts");
  const { trainShown } = await import("./train/train_network.ts");
  const { train } = await import("../experiments/train.ts");
  const { shellWord } = await import("../experiments/shell_text.ts");
  const config = briefTraining(options);
  output.note(
    `no run is named: training AlexNet on ${config.limitBatches} batches, which takes minutes; Ctrl-C ends it, and keeps the run`,
  );
  const { folder, outcome } = await trainShown(output, (shown) => train(config, shown), { brief: true });
  if (outcome !== "interrupted") return folder;
  output.note(`then draw it with: npx convoyant look --figure 7.1 ${shellWord(folder)}`);
  return null;
}
