/** Runs one command, and says what its errors are. */
import { CommanderError } from "commander";
import { isError } from "../base/builtin_kinds.ts";
import { ArgumentError, ConvoyantError, FileError } from "../base/errors.ts";
import { isTooManyFiles, TOO_MANY_FILES } from "../base/open_files.ts";
import { printableJson, printableLines } from "../report/terminal/printable.ts";
import { errorText } from "./console/error_text.ts";
import { buildProgram } from "./program.ts";

/**
 * Runs what follows `convoyant` on a command line, and stops the engine that it used. Resolves to the exit code:
 * 0, 1 (it failed), 2 (usage), 130 (interrupted).
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let code = 0;
  let commandRan = true;
  try {
    const finish = (given: number) => {
      code = given;
    };
    const names = asksForHelp(argv) ? (await import("./registered_names.ts")).registeredNames() : null;
    await buildProgram({ finish, names }).parseAsync([...argv], { from: "user" });
  } catch (error) {
    code = report(error, argv.includes("--json"));
    commandRan = !(error instanceof CommanderError);
  }
  // Help, the version and wrong usage need no engine, and would load all of them to stop none.
  if (commandRan) {
    const { stopEngine } = await import("../runtime/runtime.ts");
    await stopEngine().catch(() => {});
  }
  return code;
}

/** Whether a command's help is going to be printed; that of the program lists the commands alone. */
function asksForHelp([command = "", ...rest]: readonly string[]): boolean {
  return (
    (command === "help" && rest.length > 0) ||
    (!command.startsWith("-") && rest.some((arg) => /^(-h|--help)$/.test(arg)))
  );
}

function report(error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message; help and version are not errors.
    if (error.exitCode === 0) return 0;
    if (asJson) say({ event: "error", error: "ArgumentError", message: error.message, exitCode: 2 });
    return 2;
  }
  if (!(error instanceof ConvoyantError) && isTooManyFiles(error)) {
    return report(new FileError(`cannot go on: ${TOO_MANY_FILES}`, { cause: error }), asJson);
  }
  const known = isError(error) ? error : new Error(String(error));
  const { name, stack } = known;
  const message = errorText(known);
  const code = error instanceof ArgumentError ? 2 : 1;
  if (error instanceof ConvoyantError) process.stderr.write(`${name}: ${printableLines(message)}\n`);
  else process.stderr.write(`Internal error, please report:\n${printableLines(stack ?? message)}\n`);
  if (asJson) say({ event: "error", error: name, message, exitCode: code });
  return code;
}

function say(event: object): void {
  process.stdout.write(`${printableJson(event)}\n`);
}
