/** The options of `convoyant look`. */
import type { Command } from "commander";
import { oneOf, whole, wholes } from "../../experiments/settings/setting_kinds.ts";
import { addCommand } from "../command.ts";
import { type Cli, option } from "../options.ts";
import { languageOption, modelOption, outputFile, settings, themeOption } from "../shared_options.ts";

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
    run: async ({ output: file, ...given }, output, source?: string) => {
      const { lookCommand } = await import("./look_command.ts");
      return lookCommand({ ...given, source: source ?? null, file } as never, output);
    },
  });
}
