/** The commands. */
import { Command } from "commander";
import { VERSION } from "../base/version.ts";
import { printableLines } from "../report/terminal/printable.ts";
import { addClassic } from "./classic_commands.ts";
import { examples } from "./command.ts";
import { addData } from "./data_commands.ts";
import { addDraw } from "./draw_command.ts";
import { addBench, addEngine } from "./engine_commands.ts";
import { addLab } from "./lab_command.ts";
import { addLook } from "./look_command.ts";
import { addEval, addExport, addModels, addPredict, addRuns, addSummary } from "./network_commands.ts";
import type { Cli } from "./options.ts";
import { addServe } from "./serve_command.ts";
import { addShip } from "./ship_command.ts";
import { addCompare, addReproduce } from "./study_commands.ts";
import { addTrain } from "./train/add_train.ts";

/** In the order of the program's help. */
const COMMANDS = [
  ...[addTrain, addEval, addPredict, addSummary, addModels, addRuns, addExport, addShip, addServe, addDraw],
  ...[addClassic, addLook, addLab, addData, addEngine, addBench, addReproduce, addCompare],
];

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
      examples([
        "convoyant train bn-lenet",
        "convoyant summary lenet",
        "convoyant predict runs/<run> test:17",
      ]),
    );
  for (const add of COMMANDS) add(program, cli);
  return program;
}
