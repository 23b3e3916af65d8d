/** The options of `convoyant lab`. */
import type { Command } from "commander";
import { wholeNumber } from "../console/option_values.ts";
import { Output } from "../console/output.ts";
import { type Cli, dataDir, examples, json } from "../shared_options.ts";

export function addLab(program: Command, cli: Cli): void {
  program
    .command("lab")
    .description(
      "Build a network in a page, watch it learn, take it home: the Lab, served to this machine alone.",
    )
    .argument("[folders...]", "folders with a folder of images for each class, runs, or folders of runs")
    .option("--port <n>", "the port; 0: one that is free", wholeNumber(0, 65_535), 7070)
    .addOption(dataDir())
    .addOption(json())
    .addHelpText("after", examples("convoyant lab", "convoyant lab ./photos", "convoyant lab runs/<run>"))
    .action(async (folders: string[], o) => {
      const { labCommand } = await import("./lab_command.ts");
      const options = { folders, port: o.port, dataDir: o.dataDir ?? null };
      cli.finish(await labCommand(options, new Output(o.json)));
    });
}
