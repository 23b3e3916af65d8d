/** The options of `convoyant classic`. */
import type { Command } from "commander";
import { CLASSIC_SETTINGS } from "../../experiments/classic/classic_settings.ts";
import { names, text, whole, wholes } from "../../experiments/settings/setting_kinds.ts";
import { addCommand } from "../command.ts";
import { type Cli, option, settingOption } from "../options.ts";
import { settings } from "../shared_options.ts";

type Name = keyof typeof CLASSIC_SETTINGS;

/** Options of settings, with the usual values. */
const classicOptions = (cli: Cli, of: readonly Name[]) =>
  of.map((name) => {
    const { usual } = CLASSIC_SETTINGS[name] as { readonly usual?: unknown };
    const made = settingOption(cli, name, CLASSIC_SETTINGS[name]);
    return usual === undefined || usual === null ? made : made.default(usual);
  });

export function addClassic(program: Command, cli: Cli): void {
  const classic = addCommand(program, cli, "classic", {
    about: "Hand-made features and a classifier: what came before convolutional networks.",
    options: [
      ...classicOptions(cli, Object.keys(CLASSIC_SETTINGS) as Name[]),
      option("--out <folder>", "the run's folder (runs/<time>-<features>-<classifier>)"),
      ...settings(cli, "engine", "threads"),
    ],
    examples: [
      "convoyant classic --features hog --classifier linear-svm",
      "convoyant classic --features pixels --classifier rbf-svm --train-size 10000",
      "convoyant classic --features dense-sift --words 512 --encoding vlad --pyramid 2",
      "convoyant classic --features hog+pixels --classifier rbf-svm",
      "convoyant classic --data photos --features hog --classifier rbf-svm",
      "convoyant classic compare hog:linear-svm pixels:softmax lenet --sizes 500,2000,10000",
    ],
    run: async (given, output) => (await import("./classic_command.ts")).classicCommand(given, output),
  });
  addCommand(classic, cli, "compare", {
    about: "Pipelines and networks beside each other: accuracy over the size of the training set.",
    takes: [
      [
        "<entries...>",
        "pipelines as <features>:<classifier>, networks as <name> or <name>,setting=value,..., trained now, and runs",
      ],
    ],
    options: [
      option("--sizes <counts>", "training images", wholes(2), [500, 2000, 10_000, 60_000]),
      option(
        "--epochs <n>",
        "of networks, at the largest size; smaller sizes get as many steps",
        whole(1),
        10,
      ),
      option("--nets <names>", "networks, as among the entries", names, []),
      ...classicOptions(cli, ["data", "dataDir", "side", "seed"]),
      option(
        "-o, --output <file>",
        "the drawing that is written (SVG)",
        text("<file>"),
        "classic-compare.svg",
      ),
      ...settings(cli, "engine", "threads"),
    ],
    examples: [
      "convoyant classic compare hog:linear-svm pixels:rbf-svm lenet --sizes 500,2000,10000,60000",
      "convoyant classic compare hog+pixels:rbf-svm lenet,activation=relu,batchNorm=true,optimizer=adam,lr=0.002,scheduler=cosine",
    ],
    run: async (given, output, entries: string[]) => {
      const { classicCompareCommand } = await import("./compare_command.ts");
      return classicCompareCommand([...entries, ...given.nets], given as never, output);
    },
  });
}
