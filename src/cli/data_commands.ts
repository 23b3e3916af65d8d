/** `convoyant data`: fetch, show, check. */
import type { Command } from "commander";
import { CHECKS } from "../data/quality/checks.ts";
import { names, oneOf, whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand } from "./command.ts";
import { INTERRUPTED, interruptible } from "./console/interruption.ts";
import { type Cli, known, option } from "./options.ts";
import { modelOption, outputFile, settings } from "./shared_options.ts";

export function addData(program: Command, cli: Cli): void {
  const data = program.command("data").description("Fetch and show data sets, and check folders of images.");
  const name = ["[name]", known(cli, "datasets"), "fashion-mnist"] as const;
  addCommand(data, cli, "fetch", {
    about: "Download a data set and verify it.",
    takes: [name],
    options: settings(cli, "dataDir"),
    examples: ["convoyant data fetch"],
    run: async (given, output, name: string) =>
      (await import("../experiments/reports/dataset_report.ts")).reportDataset(name, output, given),
  });
  addCommand(data, cli, "show", {
    about: "Images of a data set in the terminal.",
    takes: [name],
    options: [
      option("--split <split>", "which part", oneOf(["train", "test"]), "train"),
      option("--from <n>", "first image", whole(0), 0),
      option("--count <n>", "how many", whole(1), 6),
      ...settings(cli, "dataDir"),
    ],
    examples: ["convoyant data show --count 12", "convoyant data show --split test --from 100"],
    run: async (given, output, name: string) =>
      (await import("../experiments/reports/dataset_report.ts")).reportImages(name, output, given),
  });
  addDataCheck(data, cli);
}

function addDataCheck(data: Command, cli: Cli): void {
  addCommand(data, cli, "check", {
    about: "Look for duplicates, damaged and poor images, and wrong labels in a folder or a list of images.",
    takes: [
      [
        "<folder|list>",
        "holds a folder for each class, or train/, val/ and test/ with such folders; or a CSV file of paths and labels",
      ],
    ],
    options: [
      option("--strict", "exit with code 1 if anything is found").default(false),
      outputFile("write a page about what is found, with small images"),
      option(
        "--run <run>",
        "a run's folder or weights: its network's features show labels that are likely wrong",
      ),
      modelOption(),
      ...settings(cli, "engine", "threads"),
      option(
        "--skip <checks>",
        `checks to leave out: ${CHECKS.map(({ name }) => name).join(", ")}`,
        names,
        [],
      ),
    ],
    examples: [
      "convoyant data check photos",
      "convoyant data check photos --strict -o report.html",
      "convoyant data check photos --run runs/first --skip odd-size",
    ],
    run: async ({ output: page = null, strict, skip, run, ...network }, output, folder: string) => {
      const { checkData } = await import("../experiments/data_check/check_data.ts");
      const { writeDataReport } = await import("../experiments/data_check/data_report.ts");
      const { reportDataCheck } = await import("../experiments/data_check/check_report.ts");
      const { onNote } = output;
      const onProgress = (done: number, of: number) => {
        if (done === 0) output.event({ event: "start", folder, images: of });
        else output.onProgress("checked", done, of);
      };
      const check = await interruptible(
        () => onNote("Stopping."),
        ({ signal }) => checkData(folder, { skip, run, network, signal, onProgress, onNote }),
      );
      output.progress.end();
      if (page !== null) await writeDataReport(check, page);
      reportDataCheck(check, output, page);
      if (check.interrupted) return INTERRUPTED;
      return strict && check.issues.length > 0 ? 1 : 0;
    },
  });
}
