import { spawn } from "node:child_process";
import { FileError } from "../../base/errors.ts";

/** A program that failed. */
export class CommandError extends FileError {
  /** The program and what it was to do, without its options. */
  readonly command: string;
  /** What it said, or why it did not run. */
  readonly why: string;

  constructor(command: string, why: string) {
    super(`${command}: ${why}`);
    this.command = command;
    this.why = why;
  }
}

/** The program is not installed. */
export class MissingProgramError extends CommandError {}

/**
 * Runs a program to its end, without a shell and without asking anything.
 *
 * @throws MissingProgramError if there is none of its name; CommandError with the last lines of what it said, if it
 * fails or takes too long.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { folder: string; milliseconds: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    });
    let said = "";
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
      // What it has started itself may go on, and must not keep us waiting for its last words.
      child.stdout.destroy();
      child.stderr.destroy();
    }, options.milliseconds);
    const fail = (why: string, Kind = CommandError) => {
      clearTimeout(timer);
      const words = args.filter((arg) => !arg.startsWith("-") && !arg.includes("="));
      reject(new Kind([program, ...words].join(" "), why));
    };
    child.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? fail("it is not installed", MissingProgramError) : fail(error.message),
    );
    child.on("close", (code) => {
      if (late) fail(`not done after ${Math.round(options.milliseconds / 1000)} s`);
      else if (code !== 0) fail(lastLines(said) || `it ended with code ${code}`);
      else {
        clearTimeout(timer);
        resolve();
      }
    });
  });
}

function lastLines(text: string): string {
  const lines = text.trim().split("\n");
  // apt's, pip's, and the last line of what Python prints when it ends with an error.
  const errors = lines.filter((line) => /^(E:|ERROR:|[\w.]*Error\b)/.test(line));
  return (errors.length > 0 ? errors : lines).slice(-2).join(" ");
}
