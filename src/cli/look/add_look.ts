/** The options of `convoyant look`. */
import { type Command, Option } from "commander";
import { wholeNumber, wholeNumbers } from "../console/option_values.ts";
import { Output } from "../console/output.ts";
import {
  type Cli,
  dataDir,
  dataset,
  engine,
  examples,
  json,
  modelOption,
  resize,
  threads,
} from "../shared_options.ts";

const LOOKS = "filters activations saliency grad-cam occlusion maximise embedding histograms".split(" ");

export function addLook(program: Command, cli: Cli): void {
  program
    .command("look")
    .description("What a trained network has learned, as a figure: filters, activations, maps, features.")
    .argument("[run|weights]", "a run's folder or a .safetensors, .pth or .npz file")
    .addOption(new Option("--what <name>", "what is shown").choices(LOOKS).default("filters"))
    .requiredOption("-o, --output <file>", "the file that is written; its name ends in .png, .svg or .html")
    .option("--layer <path>", "the layer, such as net.0 or features.12 (the first, or the last, that fits)")
    .option("--image <file>", "an image file, or an image of the data set: test:17 (test:0)")
    .option("--images <folder>", "embedding, histograms: a folder of class folders (the test set)")
    .option("--count <n>", "embedding: how many images (500)", wholeNumber(4))
    .option("--class <name>", "the class that is explained, by name or number (the likeliest)")
    .option("--units <n,...>", "maximise: channels of the layer, or classes (the first)", wholeNumbers(0))
    .option(
      "--method <name>",
      "saliency: gradient, smooth-grad or integrated-gradients; embedding: tsne, pca or neighbours",
    )
    .addOption(
      new Option("--scale <name>", "filters: each on a scale of its own, or all on one").choices([
        "each",
        "all",
      ]),
    )
    .option("--over-epochs", "filters: over the epochs of a run", false)
    .addOption(
      new Option("--figure <number>", "a figure of the book instead: AlexNet's filters").choices(["7.1"]),
    )
    .option(
      "--seed <n>",
      "of SmoothGrad's noise and of the images that maximise begins with (0)",
      wholeNumber(0),
    )
    .addOption(new Option("--lang <name>", "language of the figure").choices(["en", "zh"]).default("en"))
    .addOption(
      new Option("--theme <name>", "colours (as the reader's system is set; of .png light)").choices([
        "light",
        "dark",
      ]),
    )
    .option("--width <pixels>", "width of the figure (720)", wholeNumber(200, 4000))
    .addOption(modelOption())
    .addOption(dataset(cli))
    .addOption(dataDir())
    .addOption(resize())
    .addOption(engine())
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant look runs/<run> -o filters.svg",
        "convoyant look runs/<run> --over-epochs -o filmstrip.html",
        "convoyant look runs/<run> --what grad-cam --image photo.jpg -o cam.png",
        "convoyant look runs/<run> --what saliency --method smooth-grad --image test:17 -o saliency.svg",
        "convoyant look runs/<run> --what embedding --count 1000 -o features.html",
        "convoyant look --figure 7.1 -o figure.html",
      ),
    )
    .action(async (source: string | undefined, o) => {
      const { lookCommand } = await import("./look_command.ts");
      const { output: file, json: asJson, ...given } = o;
      cli.finish(await lookCommand({ ...given, source: source ?? null, file }, new Output(asJson)));
    });
}
