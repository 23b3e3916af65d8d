/** The options of `convoyant draw`. */
import type { Command } from "commander";
import { oneOf, shape, whole } from "../../experiments/settings/setting_kinds.ts";
import { addCommand } from "../command.ts";
import { type Cli, known, option } from "../options.ts";
import { languageOption, modelOption, outputFile, themeOption } from "../shared_options.ts";

export function addDraw(program: Command, cli: Cli): void {
  addCommand(program, cli, "draw", {
    about: "Networks as drawings (SVG): layers as boxes, graphs of operations, feature maps in proportion.",
    takes: [
      [
        "<networks...>",
        `names (${known(cli, "models")}), runs' folders, .onnx or .safetensors files, or modules that make a network; several are drawn side by side`,
      ],
    ],
    options: [
      outputFile("the file that is written; its name ends in .svg").makeOptionMandatory(),
      option(
        "--style <name>",
        "boxes as in the book, every operation, or feature maps",
        oneOf(["book", "graph", "volume"]),
        "book",
      ),
      languageOption("language of the drawing"),
      themeOption("colours (as the reader's system is set)"),
      option("--input <sizes>", "shape of one input without the batch, such as 3,224,224", shape),
      option("--depth <n>", "levels of blocks that are opened (all)", whole(0)),
      option("--width <pixels>", "width at which feature maps begin a new row (1200)", whole(100)),
      modelOption(),
    ],
    examples: [
      "convoyant draw lenet alexnet -o networks.svg",
      "convoyant draw googlenet --style graph --theme dark -o googlenet.svg",
      "convoyant draw runs/<run> --style volume --lang zh -o run.svg",
      "convoyant draw model.onnx --input 3,224,224 -o model.svg",
    ],
    run: async ({ output: file, ...given }, output, sources: string[]) => {
      const { drawCommand } = await import("./draw_command.ts");
      return drawCommand({ ...given, sources, file }, output);
    },
  });
}
