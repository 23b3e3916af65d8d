/** `convoyant lab`: the Lab's page on this machine. */
import type { Command } from "commander";
import { whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand } from "./command.ts";
import { interruptible } from "./console/interruption.ts";
import { type Cli, option } from "./options.ts";
import { settings } from "./shared_options.ts";

export function addLab(program: Command, cli: Cli): void {
  addCommand(program, cli, "lab", {
    about: "Build a network in a page, watch it learn, take it home: the Lab, served to this machine alone.",
    takes: [["[folders...]", "folders with a folder of images for each class, runs, or folders of runs"]],
    options: [
      option("--port <n>", "the port; 0: one that is free", whole(0, 65_535), 7070),
      ...settings(cli, "dataDir"),
    ],
    examples: ["convoyant lab", "convoyant lab ./photos", "convoyant lab runs/<run>"],
    run: async (given, output, folders: string[]) => {
      const { serveLab } = await import("../lab/index.ts");
      await interruptible(
        () => {},
        async ({ signal, arm }) => {
          const { url, folders: served, closed } = await serveLab({ ...given, folders, signal });
          arm();
          output.line(`The Lab: ${url} (Ctrl-C ends it)`);
          for (const { name, classes, count } of served)
            output.line(`${name}: ${count} images of ${classes.length} classes`);
          output.event({ event: "listening", url, folders: served.map(({ name }) => name) });
          await closed;
        },
        false,
      );
    },
  });
}
