/** The commands and their options. */
import { Command, Option } from "commander";
import { VERSION } from "../base/version.ts";
import { list, realNumber, wholeNumber } from "../experiments/console/option_values.ts";
import { Output } from "../experiments/console/output.ts";
import { printableLines } from "../report/terminal/printable.ts";
import { addEval, addPredict, addSummary, addTrain } from "./network_commands.ts";
import { batchSize, dataDir, examples, json, MOST_ROWS, threads } from "./shared_options.ts";
import { addCompare, addReproduce } from "./study_commands.ts";

/** Builds the command line; `finish` is told the exit code. */
export function buildProgram(finish: (code: number) => void): Command {
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
  addTrain(program, finish);
  addEval(program, finish);
  addPredict(program, finish);
  addSummary(program, finish);
  addData(program, finish);
  addEngine(program, finish);
  addBench(program, finish);
  addReproduce(program, finish);
  addCompare(program, finish);
  return program;
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
    .option("--size <n>", "side of the matrices that are multiplied", wholeNumber(1, MOST_ROWS), 1024)
    .option("--explain", "which ways to compute a step were measured, and which were chosen", false)
    .addOption(json())
    .addHelpText(
      "after",
      examples("convoyant engine", "convoyant engine --threads 1", "convoyant engine --explain"),
    )
    .action(async (o) => {
      const { engineCommand } = await import("./engine_command.ts");
      finish(
        await engineCommand(
          { threads: o.threads ?? null, size: o.size, explain: o.explain },
          new Output(o.json),
        ),
      );
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
    .option("--engines <names>", "our engines (the fastest that works here)", list)
    .option("--precision <names>", "f32, bf16: each network in each", list, ["f32"])
    .addOption(batchSize())
    .option("--against <names>", "pytorch, jax-js, tfjs", list, [])
    .option(
      "--modes <names>",
      "PyTorch's: eager, channels-last, compile, compile-channels-last, channels-last-kept-memory",
      list,
      ["eager", "channels-last", "compile"],
    )
    .option("--size <n>", "side of the matrices", wholeNumber(1, MOST_ROWS), 1024)
    .option("--rounds <n>", "how often each is measured", wholeNumber(1), 3)
    .option("--seconds <s>", "how long each measurement takes", realNumber(0, true), 3)
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "convoyant bench train --nets lenet,bn-lenet --against pytorch,jax-js,tfjs",
        "convoyant bench train --nets alexnet,vgg11,nin,googlenet --precision f32,bf16 --against pytorch",
        "convoyant bench matmul --against tfjs --threads 1",
      ),
    )
    .action(async (what: string, o) => {
      const { benchCommand } = await import("./bench_command.ts");
      const { json: asJson, threads: n = null, ...rest } = o;
      finish(await benchCommand({ what, threads: n, ...rest }, new Output(asJson)));
    });
}
