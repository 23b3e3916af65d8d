/** The options of `convoyant train`. */
import type { Command } from "commander";
import { PHOTO_SETTINGS } from "../../experiments/photos/photo_settings.ts";
import { oneOf, whole } from "../../experiments/settings/setting_kinds.ts";
import { addCommand, type Given } from "../command.ts";
import type { Output } from "../console/output.ts";
import { profiled } from "../console/profiled.ts";
import { type Cli, known, option, settingOption } from "../options.ts";
import { profileOption, settings, trainingOptions } from "../shared_options.ts";
import { namesOfPhotos } from "./own_settings.ts";

/** Options about ranks. */
const ranksOptions = () => [
  option("--ranks <n>", "processes that share the training, started by mpirun (1)", whole(1)),
  option("--hosts <a,b>", "machines that share the ranks, reached by ssh (this one)"),
  option(
    "--shards <n>",
    "parts of each batch, whatever the number of ranks: any power of two of ranks up to it gives the same bits (8)",
    whole(1),
  ),
  option(
    "--reduce <how>",
    "tree: the same bits for any number of ranks; fast: MPI's own sums (tree)",
    oneOf(["tree", "fast"]),
  ),
  option(
    "--compress <dtype>",
    "gradients cross between ranks so: half the bytes, and 8 bits of precision in each (as they are)",
    oneOf(["bfloat16"]),
  ),
];

export function addTrain(program: Command, cli: Cli): void {
  addCommand(program, cli, "train", {
    about:
      "Train a network with the chapter's settings, or your own, or a classifier on a folder of photographs, and keep the run.",
    takes: [
      [
        "[model|photos]",
        `a folder that holds a folder of images for each class, a CSV list of paths and labels, or a network of the chapter: ${known(cli, "models")}`,
      ],
    ],
    options: [
      ...settings(cli, "epochs", "seed"),
      ...trainingOptions(cli),
      ...settings(cli, "patience", "valSplit", "topk", "weights", "microBatch", "network"),
      option("--out <folder>", "folder of the run (runs/<time>-<model>)"),
      option(
        "--lab [port]",
        "show the training in a page while it runs: the Lab, on this port (7070)",
        whole(0, 65_535),
      ),
      ...namesOfPhotos.map((name) => settingOption(cli, name, PHOTO_SETTINGS[name], "photographs: ")),
      option(
        "--find-lr",
        "draw the loss over rising learning rates and suggest one; nothing is trained or kept",
      ),
      profileOption(),
      ...ranksOptions(),
      option("--resume <run>", "go on with an interrupted run; with --epochs also with a finished one"),
    ],
    examples: [
      "convoyant train ./photos",
      "convoyant train ./photos --from resnet18 --epochs 5 --augment strong",
      "convoyant train bn-lenet",
      "convoyant train lenet --epochs 3 --lr 0.5 --momentum 0.9 --scheduler cosine",
      "convoyant train alexnet --engine onednn --precision bf16",
      "convoyant train lenet --val-split 0.1 --patience 3 --weights runs/<run>",
      "convoyant train --resume runs/<run>",
      "convoyant train ./photos --from resnet18 --ranks 4 --hosts node1,node2",
    ],
    run: async ({ profile, ranks, hosts, shards, reduce, compress, ...given }, output, what) => {
      const about = { ranks, hosts, shards, reduce, compress };
      const { trainAny } = await import("./train_any.ts");
      const { concernsRanks, trainOnRanks } = await import("./train_on_ranks.ts");
      const trainHere = (own: Given, said: Output) =>
        profiled(profile, said, () => trainAny(what ?? null, own, said));
      return concernsRanks(about) ? trainOnRanks(about, given, output, trainHere) : trainHere(given, output);
    },
  });
}
