/** The options of `convoyant classic`. */
import { type Command, Option } from "commander";
import { list } from "../../experiments/setting_text.ts";
import { realNumber, wholeNumber, wholeNumbers } from "../console/option_values.ts";
import { Output } from "../console/output.ts";
import { type Cli, dataDir, engine, examples, json, known, threads } from "../shared_options.ts";

const data = () =>
  new Option(
    "--data <name|folder>",
    "a data set's name, or a folder with a folder of images for each class (or train/ and test/ with such)",
  ).default("fashion-mnist");
const side = () =>
  new Option("--side <n>", "side in pixels to which photographs of a folder are resized (96)").argParser(
    wholeNumber(16, 1024),
  );
const seed = () =>
  new Option("--seed <n>", "of the classifier's order and of a folder's split")
    .argParser(wholeNumber(0))
    .default(0);

export function addClassic(program: Command, cli: Cli): void {
  const classic = program
    .command("classic")
    .description("Hand-made features and a classifier: what came before convolutional networks.")
    .option("--features <name>", `${known(cli, "features")}, or several joined by +`, "hog")
    .option("--classifier <name>", known(cli, "classifiers"), "linear-svm")
    .option(
      "--words <n>",
      "visual words that descriptors are counted by (256 for key points, none for those of a grid)",
      wholeNumber(2, 65_536),
    )
    .addOption(
      new Option("--encoding <name>", "how descriptors are counted by words (hard)").choices([
        "hard",
        "soft",
        "vlad",
        "fisher",
      ]),
    )
    .option(
      "--pyramid <levels>",
      "levels of the spatial pyramid of words beside the whole image (0)",
      wholeNumber(0, 4),
    )
    .addOption(data())
    .addOption(dataDir())
    .option("--train-size <n>", "training images, the first of the data set (all)", wholeNumber(2))
    .option(
      "--C <x>",
      "weight of the training errors, of all but knn (the classifier's own)",
      realNumber(0, { open: true }),
    )
    .option("--gamma <x>", "of kernels (1 / (features * variance))", realNumber(0, { open: true }))
    .addOption(side())
    .addOption(seed())
    .option("--out <folder>", "the run's folder (runs/<time>-<features>-<classifier>)")
    .addOption(engine())
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant classic --features hog --classifier linear-svm",
        "convoyant classic --features pixels --classifier rbf-svm --train-size 10000",
        "convoyant classic --features dense-sift --words 512 --encoding vlad --pyramid 2",
        "convoyant classic --features hog+pixels --classifier rbf-svm",
        "convoyant classic --data photos --features hog --classifier rbf-svm",
        "convoyant classic compare hog:linear-svm pixels:softmax lenet --sizes 500,2000,10000",
      ),
    )
    .action(async (o) => {
      const { classicCommand } = await import("./classic_command.ts");
      const { json: asJson, ...options } = o;
      cli.finish(await classicCommand(options, new Output(asJson)));
    });
  classic
    .command("compare")
    .description("Pipelines and networks beside each other: accuracy over the size of the training set.")
    .argument(
      "<entries...>",
      "pipelines as <features>:<classifier>, networks as <name> or <name>,setting=value,..., trained now, and runs",
    )
    .option("--sizes <counts>", "training images", wholeNumbers(2), [500, 2000, 10_000, 60_000])
    .option(
      "--epochs <n>",
      "of networks, at the largest size; smaller sizes get as many steps",
      wholeNumber(1),
      10,
    )
    .option("--nets <names>", "networks, as among the entries", list, [])
    .addOption(data())
    .addOption(dataDir())
    .addOption(side())
    .addOption(seed())
    .option("-o, --output <file>", "the drawing that is written (SVG)", "classic-compare.svg")
    .addOption(engine())
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant classic compare hog:linear-svm pixels:rbf-svm lenet --sizes 500,2000,10000,60000",
        "convoyant classic compare hog+pixels:rbf-svm lenet,activation=relu,batchNorm=true,optimizer=adam,lr=0.002,scheduler=cosine",
      ),
    )
    .action(async (entries: string[], _o, self: Command) => {
      const { classicCompareCommand } = await import("./compare_command.ts");
      const { json: asJson, ...options } = self.optsWithGlobals();
      cli.finish(
        await classicCompareCommand([...entries, ...options.nets], options as never, new Output(asJson)),
      );
    });
}
