/** Runs the command line of this process and sets its exit code: 0, 1 (it failed), 2 (usage), 130 (interrupted). */
import { CommanderError } from "commander";
import { ArgumentError, ConvoyantError } from "../base/errors.ts";
import { listenForInterrupts } from "./interruption.ts";
import { printable } from "./output.ts";
import { buildProgram } from "./program.ts";

const argv = process.argv.slice(2);
const asJson = argv.includes("--json");

listenForInterrupts();
try {
  await buildProgram((code) => {
    process.exitCode = code;
  }).parseAsync(argv, { from: "user" });
  await endEngine();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = reportCall(error);
  else {
    process.exitCode = report(error);
    await endEngine();
  }
}

async function endEngine(): Promise<void> {
  const { stopEngine } = await import("../tensor/runtime.ts");
  await stopEngine().catch(() => {});
}

/** Help, the version, or a call that was not understood: no command has run, and no engine. */
function reportCall(error: CommanderError): number {
  // Commander has printed its message; help and version are no errors.
  if (error.exitCode === 0) return 0;
  if (asJson) say({ event: "error", error: "ArgumentError", message: error.message, exitCode: 2 });
  return 2;
}

function report(error: unknown): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof ArgumentError ? 2 : 1;
  if (error instanceof ConvoyantError) process.stderr.write(`${name}: ${printable(message)}\n`);
  else process.stderr.write(`This is a fault of Convoyant's own:\n${stack}\n`);
  if (asJson) say({ event: "error", error: name, message, exitCode: code });
  return code;
}

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
