/** The options of `convoyant lab`. */
import type { Command } from "commander";
import { whole } from "../../experiments/settings/setting_kinds.ts";
import { addCommand } from "../command.ts";
import { type Cli, option } from "../options.ts";
import { settings } from "../shared_options.ts";

export function addLab(program: Command, cli: Cli): void {
  addCommand(program, cli, "lab", {
    about: "Build a network in a page, watch it learn, take it home: the Lab, served to this machine alone.",
    takes: [["[folders...]", "folders with a folder of images for each class, runs, or folders of runs"]],
    options: [
      option("--port <n>", "the port; 0: one that is free", whole(0, 65_535), 7070),
      ...settings(cli, "dataDir"),
    ],
    examples: ["convoyant lab", "convoyant lab ./photos", "convoyant lab runs/<run>"],
    run: async (given, output, folders: string[]) =>
      (await import("./lab_command.ts")).labCommand({ ...given, folders }, output),
  });
}
