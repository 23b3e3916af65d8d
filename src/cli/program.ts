/** The commands and their options. */
import { Command, Option } from "commander";
import { ArgumentError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { CHECKS } from "../data/quality/checks.ts";
import { list } from "../experiments/setting_text.ts";
import { printableLines } from "../report/terminal/printable.ts";
import { addClassic } from "./classic/add_classic.ts";
import { realNumber, wholeNumber, wholeNumbers } from "./console/option_values.ts";
import { Output } from "./console/output.ts";
import { profileOption } from "./console/profiled.ts";
import { addDraw } from "./draw/add_draw.ts";
import { addLab } from "./lab/add_lab.ts";
import { addLook } from "./look/add_look.ts";
import { addEval, addModels, addPredict, addRuns, addSummary, addTrain } from "./network_commands.ts";
import { addServe } from "./serve/serve_program.ts";
import {
  batchSize,
  type Cli,
  dataDir,
  dataset,
  engine,
  examples,
  json,
  known,
  MOST_ROWS,
  modelOption,
  resize as resizeOption,
  threads,
} from "./shared_options.ts";
import { addShip } from "./ship/add_ship.ts";
import { addCompare, addReproduce } from "./study_commands.ts";

/** Builds the command line. */
export function buildProgram(cli: Cli): Command {
  const program = new Command("convoyant");
  program
    .description("Deep learning for vision in TypeScript: train, look inside and use convolutional networks.")
    .version(VERSION)
    .showHelpAfterError("(--help shows the options)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(printableLines(text)),
      writeErr: (text) => void process.stderr.write(printableLines(text)),
    })
    .addHelpText(
      "after",
      examples("convoyant train bn-lenet", "convoyant summary lenet", "convoyant predict runs/<run> test:17"),
    );
  addTrain(program, cli);
  addEval(program, cli);
  addPredict(program, cli);
  addSummary(program, cli);
  addModels(program, cli);
  addRuns(program, cli);
  addExport(program, cli);
  addShip(program, cli);
  addServe(program, cli);
  addDraw(program, cli);
  addClassic(program, cli);
  addLook(program, cli);
  addLab(program, cli);
  addData(program, cli);
  addEngine(program, cli);
  addBench(program, cli);
  addReproduce(program, cli);
  addCompare(program, cli);
  return program;
}

function addExport(program: Command, cli: Cli): void {
  program
    .command("export")
    .description(
      "A trained network as an ONNX file: images in, probabilities out, with the preprocessing inside.",
    )
    .argument("<run|weights>", "a run's folder or a .safetensors, .pth or .npz file")
    .requiredOption("-o, --output <file>", "the file that is written")
    .option("--bare", "the network alone: numbers from 0 to 1 in, scores out")
    .addOption(modelOption())
    .addOption(dataset(cli))
    .addOption(resizeOption())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant export runs/<run> -o model.onnx",
        "convoyant export lenet.safetensors --model lenet --bare -o lenet.onnx",
      ),
    )
    .action(async (source: string, o) => {
      const { exportCommand } = await import("./export_command.ts");
      const { output: file, bare = false, model = null, data = null, resize = null } = o;
      const command = { source, file, bare, model, data, resize };
      cli.finish(await exportCommand(command, new Output(o.json)));
    });
}

function addData(program: Command, cli: Cli): void {
  const data = program.command("data").description("Fetch and show data sets, and check folders of images.");
  data
    .command("fetch")
    .description("Download a data set and verify it.")
    .argument("[name]", known(cli, "datasets"), "fashion-mnist")
    .addOption(dataDir())
    .addOption(json())
    .addHelpText("after", examples("convoyant data fetch"))
    .action(async (name: string, o) => {
      const { dataFetchCommand } = await import("./data/data_command.ts");
      cli.finish(await dataFetchCommand({ name, dataDir: o.dataDir ?? null }, new Output(o.json)));
    });
  data
    .command("show")
    .description("Images of a data set in the terminal.")
    .argument("[name]", known(cli, "datasets"), "fashion-mnist")
    .addOption(new Option("--split <split>", "which part").choices(["train", "test"]).default("train"))
    .option("--from <n>", "first image", wholeNumber(0), 0)
    .option("--count <n>", "how many", wholeNumber(1), 6)
    .addOption(dataDir())
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant data show --count 12", "convoyant data show --split test --from 100"),
    )
    .action(async (name: string, o) => {
      const { dataShowCommand } = await import("./data/data_command.ts");
      cli.finish(
        await dataShowCommand(
          { name, dataDir: o.dataDir ?? null, split: o.split, from: o.from, count: o.count },
          new Output(o.json),
        ),
      );
    });
  addDataCheck(data, cli);
}

function addDataCheck(data: Command, cli: Cli): void {
  data
    .command("check")
    .description(
      "Look for duplicates, damaged and poor images, and wrong labels in a folder or a list of images.",
    )
    .argument(
      "<folder|list>",
      "holds a folder for each class, or train/, val/ and test/ with such folders; or a CSV file of paths and labels",
    )
    .option("--strict", "exit with code 1 if anything is found", false)
    .option("-o, --output <file>", "write a page about what is found, with small images")
    .option(
      "--run <run>",
      "a run's folder or weights: its network's features show labels that are likely wrong",
    )
    .addOption(modelOption())
    .addOption(engine())
    .addOption(threads())
    .option("--skip <checks>", `checks to leave out: ${CHECKS.map(({ name }) => name).join(", ")}`, list, [])
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant data check photos",
        "convoyant data check photos --strict -o report.html",
        "convoyant data check photos --run runs/first --skip odd-size",
      ),
    )
    .action(async (folder: string, o) => {
      const { dataCheckCommand } = await import("./data/check_command.ts");
      const { strict, skip, run = null, model = null, engine: engineName = null, threads: count = null } = o;
      const command = { folder, strict, skip, run, model, engine: engineName, threads: count };
      cli.finish(await dataCheckCommand({ ...command, report: o.output ?? null }, new Output(o.json)));
    });
}

function addEngine(program: Command, cli: Cli): void {
  const command = program
    .command("engine")
    .description("Which engines work on this machine, why the others do not, and how fast they are.")
    .addOption(threads())
    .option("--size <n>", "side of the matrices that are multiplied", wholeNumber(1, MOST_ROWS), 1024)
    .option("--explain", "which algorithms were measured for each step, and which were chosen", false)
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant engine", "convoyant engine --threads 1", "convoyant engine --explain"),
    )
    .action(async (o) => {
      const { engineCommand } = await import("./engine_command.ts");
      cli.finish(
        await engineCommand(
          { threads: o.threads ?? null, size: o.size, explain: o.explain },
          new Output(o.json),
        ),
      );
    });
  command
    .command("install")
    .description("Install the library that an engine needs, without root and without compiling.")
    .argument("<name>", "onednn")
    .addOption(json())
    .addHelpText("after", examples("convoyant engine install onednn"))
    .action(async (name: string, _o, self: Command) => {
      const { engineInstallCommand } = await import("./engine_install_command.ts");
      cli.finish(await engineInstallCommand(name, new Output(self.optsWithGlobals().json)));
    });
}

function addBench(program: Command, cli: Cli): void {
  program
    .command("bench")
    .description("Benchmark against other libraries.")
    .argument("<what>", known(cli, "benchmarks"))
    .argument(
      "[names...]",
      "networks, as with --nets; of data the folder, which holds a folder of images for each class",
    )
    .option("--nets <names>", "networks to train or to run", list, ["lenet", "bn-lenet"])
    .option("--engines <names>", "our engines (the fastest that works here)", list)
    .option("--precision <names>", `${known(cli, "precisions")}: each network in each`, list, ["f32"])
    .addOption(batchSize())
    .option("--against <names>", known(cli, "baselines"), list, [])
    .option("--modes <names>", `PyTorch's: ${known(cli, "pytorchModes")}`, list, [
      "eager",
      "channels-last",
      "compile",
    ])
    .option(
      "--passes <names>",
      `each network without each of these passes, too: ${known(cli, "passes")}`,
      list,
      [],
    )
    .option("--size <n>", "side of the matrices", wholeNumber(1, MOST_ROWS), 1024)
    .option(
      "--rounds <n>",
      "how often each is measured; distributed: by default as often as takes three minutes for a network",
      wholeNumber(1),
      3,
    )
    .option(
      "--workers <counts>",
      "data: how many workers the loader has (0, 1, 2, 4, ... processors)",
      wholeNumbers(0),
    )
    .option("--seconds <s>", "how long each measurement takes", realNumber(0, { open: true }), 3)
    .addOption(threads())
    .addOption(profileOption())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant bench train --nets lenet,bn-lenet --against pytorch,jax-js,tfjs",
        "convoyant bench train --nets alexnet,vgg11,nin,googlenet --precision f32,bf16 --against pytorch",
        "convoyant bench train resnet18 mobilenet-v2 --against pytorch",
        "convoyant bench infer resnet18 alexnet --batch-size 1 --against onnxruntime,pytorch",
        "convoyant bench train googlenet --profile trace.json",
        "convoyant bench train googlenet --passes fuse-loops,channels-last",
        "convoyant bench matmul --against tfjs --threads 1",
        "convoyant bench classic --against sklearn,opencv",
        "convoyant bench data photos --nets mobilenet-v2 --workers 1,2",
        "convoyant bench distributed nin --against pytorch",
      ),
    )
    .action(async (what: string, names: string[], o, self: Command) => {
      const { benchClassicCommand, benchCommand, benchDataCommand, benchDistributedCommand } = await import(
        "./bench_command.ts"
      );
      const { json: asJson, ...options } = o;
      if (what === "classic") {
        if (names.length > 0)
          throw new ArgumentError(`bench classic takes no names, got ${names.join(", ")}`);
        const { against, seconds } = options;
        cli.finish(await benchClassicCommand({ against, seconds }, new Output(asJson)));
        return;
      }
      if (what === "data") {
        if (names.length !== 1)
          throw new ArgumentError(
            `bench data takes one folder of class folders, got ${names.join(", ") || "none"}`,
          );
        const chosen = self.getOptionValueSource("nets") === "default" ? {} : { net: options.nets[0] };
        const engine = options.engines === undefined ? {} : { engine: options.engines[0] };
        const { batchSize: batch, workers, seconds, threads: ofEngine } = options;
        const settings = { ...chosen, ...engine, batchSize: batch, workers, seconds, threads: ofEngine };
        cli.finish(await benchDataCommand(names[0], settings, new Output(asJson)));
        return;
      }
      if (what === "distributed") {
        const byDefault = self.getOptionValueSource("nets") === "default";
        const nets = names.length > 0 ? { nets: names } : byDefault ? {} : { nets: options.nets };
        const { engines, against, batchSize: batch, seconds } = options;
        const rounds = self.getOptionValueSource("rounds") === "default" ? {} : { rounds: options.rounds };
        const settings = { ...nets, engines, against, batchSize: batch, ...rounds, seconds };
        cli.finish(await benchDistributedCommand(settings, new Output(asJson)));
        return;
      }
      if (what === "matmul" && names.length > 0)
        throw new ArgumentError(`bench matmul takes no networks, got ${names.join(", ")}`);
      const { workers: _, profile: trace = null, ...others } = options;
      const chosen = names.length > 0 ? { ...others, nets: names } : others;
      cli.finish(await benchCommand(what, chosen, trace, new Output(asJson)));
    });
}
