/** The commands and their options. */
import { Command, Option } from "commander";
import { VERSION } from "../base/version.ts";
import { engineNames } from "../engines/select.ts";
import { list, realNumber, wholeNumber } from "./option_values.ts";
import { Output } from "./output.ts";

/** Builds the command line; `finish` is told the exit code. */
export function buildProgram(finish: (code: number) => void): Command {
  const program = new Command("convoyant");
  program
    .description("Deep learning for vision in TypeScript: train, look inside and use convolutional networks.")
    .version(VERSION)
    .showHelpAfterError("(--help shows the options)")
    .exitOverride()
    .addHelpText(
      "after",
      examples("convoyant train bn-lenet", "convoyant summary lenet", "convoyant predict runs/<run> test:17"),
    );
  addTrain(program, finish);
  addEval(program, finish);
  addPredict(program, finish);
  addSummary(program, finish);
  addData(program, finish);
  addEngine(program, finish);
  addBench(program, finish);
  return program;
}

const dataDir = () =>
  new Option(
    "--data-dir <folder>",
    "where the data set's files are (else CONVOYANT_DATA, the cache, the system, the network)",
  );
const json = () => new Option("--json", "one JSON object a line").default(false);
const engine = () => new Option("--engine <name>", `what computes: ${engineNames().join(", ")}`);
const threads = () =>
  new Option("--threads <n>", "threads of the engine (all processors by default)").argParser(wholeNumber(1));

function addTrain(program: Command, finish: (code: number) => void): void {
  program
    .command("train")
    .description("Train a network with the chapter's settings, or your own.")
    .argument("[model]", "lenet, bn-lenet")
    .option("--epochs <n>", "times through the training set (10)", wholeNumber(0))
    .option("--batch-size <n>", "examples a step", wholeNumber(1))
    .option("--lr <x>", "learning rate", realNumber(0))
    .option("--optimizer <name>", "sgd, adam, adamw, rmsprop, adagrad")
    .option("--momentum <x>", "momentum of sgd and rmsprop", realNumber(0))
    .option("--weight-decay <x>", "weight decay", realNumber(0))
    .option("--resize <n>", "side length to which pictures are resized", wholeNumber(1))
    .option("--seed <n>", "seed of everything random (0)", wholeNumber(0))
    .addOption(engine())
    .addOption(threads())
    .option("--limit-batches <n>", "only so many batches an epoch", wholeNumber(1))
    .option("--out <folder>", "folder of the run (runs/<time>-<model>)")
    .option("--resume <run>", "go on with an interrupted run")
    .option("--data <name>", "fashion-mnist, mnist")
    .option(
      "--edition <name>",
      "whose settings: zh (the Chinese edition's, default) or en (the English edition 1.0's)",
    )
    .addOption(dataDir())
    .option("--checkpoint-seconds <s>", "time between checkpoints within an epoch", realNumber(0), 30)
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant train bn-lenet",
        "convoyant train lenet --epochs 3 --lr 0.5 --momentum 0.9",
        "convoyant train --resume runs/<run>",
      ),
    )
    .action(async (model: string | undefined, o) => {
      const { trainCommand } = await import("./train_command.ts");
      const { json: asJson, out, resume, checkpointSeconds, ...given } = o;
      finish(
        await trainCommand(
          { model: model ?? null, given, out: out ?? null, resume: resume ?? null, checkpointSeconds },
          new Output(asJson),
        ),
      );
    });
}

function addEval(program: Command, finish: (code: number) => void): void {
  program
    .command("eval")
    .description("Figures of a trained network on the test set.")
    .argument("<run|weights>", "a run's folder or a .safetensors file")
    .option("--model <name>", "whose weights the file holds")
    .addOption(dataDir())
    .addOption(engine())
    .addOption(threads())
    .option("--limit-batches <n>", "only so many batches", wholeNumber(1))
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant eval runs/<run>", "convoyant eval lenet.safetensors --model lenet"),
    )
    .action(async (source: string, o) => {
      const { evalCommand } = await import("./eval_command.ts");
      const { model = null, engine: name = null, threads: n = null, limitBatches = null } = o;
      finish(
        await evalCommand(
          { source, model, dataDir: o.dataDir ?? null, engine: name, threads: n, limitBatches },
          new Output(o.json),
        ),
      );
    });
}

function addPredict(program: Command, finish: (code: number) => void): void {
  program
    .command("predict")
    .description("Class probabilities of pictures: PNG or PGM files, or pictures of the data set (test:17).")
    .argument("<run|weights>", "a run's folder or a .safetensors file")
    .argument("<image...>", "picture.png, picture.pgm, test:17, train:3")
    .option("--model <name>", "whose weights the file holds")
    .option("--invert", "for dark things on white paper", false)
    .addOption(dataDir())
    .addOption(engine())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant predict runs/<run> test:17 test:18",
        "convoyant predict runs/<run> shoe.png --invert",
      ),
    )
    .action(async (source: string, images: string[], o) => {
      const { predictCommand } = await import("./predict_command.ts");
      const command = {
        source,
        images,
        model: o.model ?? null,
        dataDir: o.dataDir ?? null,
        engine: o.engine ?? null,
        invert: o.invert,
      };
      finish(await predictCommand(command, new Output(o.json)));
    });
}

function addSummary(program: Command, finish: (code: number) => void): void {
  program
    .command("summary")
    .description("A network layer by layer: output shapes, parameters, multiply-adds, bytes.")
    .argument("<model>", "lenet, bn-lenet")
    .option("--resize <n>", "side length of the input", wholeNumber(1))
    .option("--batch-size <n>", "count multiply-adds and bytes for so many examples", wholeNumber(1), 1)
    .addOption(json())
    .addHelpText("after", examples("convoyant summary lenet", "convoyant summary bn-lenet --json"))
    .action(async (model: string, o) => {
      const { summaryCommand } = await import("./summary_command.ts");
      finish(summaryCommand({ model, resize: o.resize ?? null, batchSize: o.batchSize }, new Output(o.json)));
    });
}

function addData(program: Command, finish: (code: number) => void): void {
  const data = program.command("data").description("Data sets: fetch them, look at them.");
  data
    .command("fetch")
    .description("Bring a data set here and verify it.")
    .argument("[name]", "fashion-mnist, mnist", "fashion-mnist")
    .addOption(dataDir())
    .addOption(json())
    .addHelpText("after", examples("convoyant data fetch"))
    .action(async (name: string, o) => {
      const { dataFetchCommand } = await import("./data_command.ts");
      finish(await dataFetchCommand({ name, dataDir: o.dataDir ?? null }, new Output(o.json)));
    });
  data
    .command("show")
    .description("Pictures of a data set in the terminal.")
    .argument("[name]", "fashion-mnist, mnist", "fashion-mnist")
    .addOption(new Option("--split <split>", "which part").choices(["train", "test"]).default("train"))
    .option("--from <n>", "first picture", wholeNumber(0), 0)
    .option("--count <n>", "how many", wholeNumber(1), 6)
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant data show --count 12", "convoyant data show --split test --from 100"),
    )
    .action(async (name: string, o) => {
      const { dataShowCommand } = await import("./data_command.ts");
      finish(
        await dataShowCommand(
          { name, dataDir: o.dataDir ?? null, split: o.split, from: o.from, count: o.count },
          new Output(o.json),
        ),
      );
    });
}

function addEngine(program: Command, finish: (code: number) => void): void {
  const command = program
    .command("engine")
    .description("Which engines exist here, why not the others, and how fast they are.")
    .addOption(threads())
    .option("--size <n>", "side of the matrices that are multiplied", wholeNumber(1), 1024)
    .addOption(json())
    .addHelpText("after", examples("convoyant engine", "convoyant engine --threads 1"))
    .action(async (o) => {
      const { engineCommand } = await import("./engine_command.ts");
      finish(await engineCommand({ threads: o.threads ?? null, size: o.size }, new Output(o.json)));
    });
  command
    .command("install")
    .description("Bring the library that an engine needs, without root and without compiling.")
    .argument("<name>", "onednn")
    .addOption(json())
    .addHelpText("after", examples("convoyant engine install onednn"))
    .action(async (name: string, _o, self: Command) => {
      const { engineInstallCommand } = await import("./engine_install_command.ts");
      finish(await engineInstallCommand(name, new Output(self.optsWithGlobals().json)));
    });
}

function addBench(program: Command, finish: (code: number) => void): void {
  program
    .command("bench")
    .description("Speed beside other libraries, in turn, in one run.")
    .argument("<what>", "train or matmul")
    .option("--nets <names>", "networks to train", list, ["lenet", "bn-lenet"])
    .option("--engines <names>", "our engines", list, ["wasm"])
    .option("--against <names>", "pytorch, jax-js, tfjs", list, [])
    .option("--modes <names>", "PyTorch's: eager, channels-last, compile, compile-channels-last", list, [
      "eager",
      "channels-last",
    ])
    .option("--size <n>", "side of the matrices", wholeNumber(1), 1024)
    .option("--rounds <n>", "how often each is measured", wholeNumber(1), 3)
    .option("--seconds <s>", "how long each measurement takes", realNumber(0, true), 3)
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant bench train --nets lenet,bn-lenet --against pytorch,jax-js,tfjs",
        "convoyant bench matmul --against tfjs --threads 1",
      ),
    )
    .action(async (what: string, o) => {
      const { benchCommand } = await import("./bench_command.ts");
      const { json: asJson, threads: n = null, ...rest } = o;
      finish(await benchCommand({ what, threads: n, ...rest }, new Output(asJson)));
    });
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
