/** The options of `convoyant draw`. */
import { type Command, Option } from "commander";
import { shapeText, wholeNumber } from "../console/option_values.ts";
import { Output } from "../console/output.ts";
import { type Cli, examples, json, known, modelOption } from "../shared_options.ts";

export function addDraw(program: Command, cli: Cli): void {
  program
    .command("draw")
    .description(
      "Networks as drawings (SVG): layers as boxes, graphs of operations, feature maps in proportion.",
    )
    .argument(
      "<networks...>",
      `names (${known(cli, "models")}), runs' folders, .onnx or .safetensors files, or modules that make a network; several are drawn side by side`,
    )
    .requiredOption("-o, --output <file>", "the file that is written; its name ends in .svg")
    .addOption(
      new Option("--style <name>", "boxes as in the book, every operation, or feature maps")
        .choices(["book", "graph", "volume"])
        .default("book"),
    )
    .addOption(new Option("--lang <name>", "language of the drawing").choices(["en", "zh"]).default("en"))
    .addOption(
      new Option("--theme <name>", "colours (as the reader's system is set)").choices(["light", "dark"]),
    )
    .option("--input <sizes>", "shape of one input without the batch, such as 3,224,224", shapeText)
    .option("--depth <n>", "levels of blocks that are opened (all)", wholeNumber(0))
    .option("--width <pixels>", "width at which feature maps begin a new row (1200)", wholeNumber(100))
    .addOption(modelOption())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant draw lenet alexnet -o networks.svg",
        "convoyant draw googlenet --style graph --theme dark -o googlenet.svg",
        "convoyant draw runs/<run> --style volume --lang zh -o run.svg",
        "convoyant draw model.onnx --input 3,224,224 -o model.svg",
      ),
    )
    .action(async (sources: string[], o) => {
      const { drawCommand } = await import("./draw_command.ts");
      const { output: file, json: asJson, ...options } = o;
      cli.finish(await drawCommand({ sources, file, ...options }, new Output(asJson)));
    });
}
