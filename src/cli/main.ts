/** Runs the command line of this process and sets its exit code: 0, 1 (it failed), 2 (usage), 130 (interrupted). */
import { CommanderError } from "commander";
import { ArgumentError, ConvoyantError } from "../base/errors.ts";
import { buildProgram } from "./program.ts";

const argv = process.argv.slice(2);
const asJson = argv.includes("--json");

// Whoever reads us through a pipe may stop reading (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await buildProgram((code) => {
    process.exitCode = code;
  }).parseAsync(argv, { from: "user" });
} catch (error) {
  process.exitCode = report(error);
}
const { stopEngine } = await import("../tensor/runtime.ts");
await stopEngine().catch(() => {});

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message; help and version are no errors.
    if (error.exitCode !== 0 && asJson) say({ event: "error", message: error.message, exitCode: 2 });
    return error.exitCode === 0 ? 0 : 2;
  }
  const code = error instanceof ArgumentError ? 2 : 1;
  if (error instanceof ConvoyantError) {
    process.stderr.write(`${error.name}: ${error.message}\n`);
  } else {
    process.stderr.write(
      `This is a fault of Convoyant's own:\n${(error as Error)?.stack ?? String(error)}\n`,
    );
  }
  if (asJson)
    say({
      event: "error",
      error: (error as Error)?.name,
      message: (error as Error)?.message,
      exitCode: code,
    });
  return code;
}

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
