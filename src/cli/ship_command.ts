/** `convoyant ship`: a trained classifier as a page, a file or a package. */
import type { Command } from "commander";
import { oneOf, whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand } from "./command.ts";
import { type Cli, option } from "./options.ts";

export function addShip(program: Command, cli: Cli): void {
  addCommand(program, cli, "ship", {
    about:
      "A trained classifier as a folder that needs nothing else: a page for any static host, the weights, an ONNX file, a model card.",
    takes: [["<run|weights>", "a run's folder, or a file of a classifier"]],
    options: [
      option(
        "-o, --output <path>",
        "the folder that is written; with --single-file also a file, page.html",
      ).makeOptionMandatory(),
      option("--single-file", "the page with all in one HTML file, which also opens from the disk").default(
        false,
      ),
      option("--npm", "a package with types that exports predict, in place of the page").default(false),
      option(
        "--dtype <name>",
        "what the weights are stored as",
        oneOf(["float32", "float16", "bfloat16"]),
        "float32",
      ),
      option("--name <name>", "what the model is called; of a package its name"),
      option("--description <text>", "what it is for, for the model card"),
      option("--data-description <text>", "what the images were, for the model card"),
      option("--licence <name>", "licence of the weights (an SPDX name), for the model card"),
      option(
        "--verify [images]",
        "ask every runtime that is installed for test images (a number: that many), and put the table into the model card",
        whole(1),
      ),
      option(
        "--images <path...>",
        "images to verify with, files and folders (those that the run was tested on)",
      ),
    ],
    examples: [
      "convoyant ship runs/<run> -o out",
      "convoyant ship runs/<run> -o out --licence CC-BY-4.0 --verify 50",
      "convoyant ship runs/<run> -o flowers.html --single-file --dtype float16",
      "convoyant ship runs/<run> -o package --npm --name my-flowers",
    ],
    run: async ({ output: out, dataDescription: data, ...given }, output, source: string) => {
      const { reportShipment, ship } = await import("../ship/index.ts");
      const { npm, singleFile } = given;
      const shipment = await ship(source, out, {
        ...given,
        ...(data !== undefined && { data }),
        onNote: output.onNote,
        onProgress: (who, done, of) => output.onProgress(`${who}:`, done, of),
      });
      output.progress.end();
      const look = singleFile ? "; open it in a browser" : `; look at it with: npx serve ${out}`;
      reportShipment(shipment, output, npm ? `; use it with: npm install ${out}` : look);
      return shipment.verification?.holds === false ? 1 : 0;
    },
  });
}
