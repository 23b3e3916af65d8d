/** `convoyant draw`: networks as SVG. */
import { extname } from "node:path";
import type { Command } from "commander";
import { ArgumentError } from "../base/errors.ts";
import { oneOf, shape, whole } from "../experiments/settings/setting_kinds.ts";
import { formatBytes } from "../report/number_text.ts";
import { addCommand } from "./command.ts";
import { type Cli, known, option } from "./options.ts";
import { languageOption, modelOption, outputFile, themeOption } from "./shared_options.ts";

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
      const { drawNetworks } = await import("../experiments/draw_networks.ts");
      const ending = extname(file);
      if (ending.toLowerCase() !== ".svg")
        throw new ArgumentError(
          `--output ${file}: drawings are written as SVG: expected a name that ends in .svg, got ${ending || "none"}`,
        );
      const drawing = await drawNetworks(sources, given);
      await drawing.save(file);
      const bytes = new TextEncoder().encode(drawing.toSvg()).length;
      const { width, height, title } = drawing;
      output.line(`${file}: ${title}, ${width}×${height} pixels, ${formatBytes(bytes)}`);
      output.event({ event: "end", file, title, width, height, bytes });
    },
  });
}
