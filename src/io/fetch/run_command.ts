import { spawn } from "node:child_process";
import { FileError } from "../../base/errors.ts";

/**
 * Runs a program to its end, without a shell and without asking anything.
 *
 * @throws FileError with the last lines of what it said, if it fails, is missing or takes too long.
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
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(
        new FileError(
          `${program} ${args.filter((arg) => !arg.startsWith("-") && !arg.includes("=")).join(" ")}: ${why}`,
        ),
      );
    };
    child.on("error", (error: NodeJS.ErrnoException) =>
      fail(error.code === "ENOENT" ? "it is not installed" : error.message),
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
