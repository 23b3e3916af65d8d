/** The command `ship` and its options. */
import { type Command, Option } from "commander";
import { wholeNumber } from "../console/option_values.ts";
import { Output } from "../console/output.ts";
import { type Cli, examples, json } from "../shared_options.ts";

export function addShip(program: Command, cli: Cli): void {
  program
    .command("ship")
    .description(
      "A trained classifier as a folder that needs nothing else: a page for any static host, the weights, an ONNX file, a model card.",
    )
    .argument("<run|weights>", "a run's folder, or a file of a classifier")
    .requiredOption(
      "-o, --output <path>",
      "the folder that is written; with --single-file also a file, page.html",
    )
    .option("--single-file", "the page with all in one HTML file, which also opens from the disk", false)
    .option("--npm", "a package with types that exports predict, in place of the page", false)
    .addOption(
      new Option("--dtype <name>", "what the weights are stored as")
        .choices(["float32", "float16", "bfloat16"])
        .default("float32"),
    )
    .option("--name <name>", "what the model is called; of a package its name")
    .option("--description <text>", "what it is for, for the model card")
    .option("--data-description <text>", "what the images were, for the model card")
    .option("--licence <name>", "licence of the weights (an SPDX name), for the model card")
    .option(
      "--verify [images]",
      "ask every runtime that is installed for test images (a number: that many), and put the table into the model card",
      wholeNumber(1),
    )
    .option(
      "--images <path...>",
      "images to verify with, files and folders (those that the run was tested on)",
    )
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant ship runs/<run> -o out",
        "convoyant ship runs/<run> -o out --licence CC-BY-4.0 --verify 50",
        "convoyant ship runs/<run> -o flowers.html --single-file --dtype float16",
        "convoyant ship runs/<run> -o package --npm --name my-flowers",
      ),
    )
    .action(async (source: string, o) => {
      const { shipCommand } = await import("./ship_command.ts");
      const { output: out, json: asJson, dataDescription: data, ...options } = o;
      const command = { ...options, source, out, ...(data !== undefined && { data }) };
      cli.finish(await shipCommand(command, new Output(asJson)));
    });
}
