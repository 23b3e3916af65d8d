/** A program of another library as a process: what it prints, line by line, and how it ended. */

import { spawn } from "node:child_process";
import type { ListenedSignal } from "../../base/web_types.ts";

export interface BaselineProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface BaselineEnd {
  readonly code: number | null;
  /** The end of what it wrote to standard error. */
  readonly errors: string;
  /** Whether it was ended because it took too long. */
  readonly late: boolean;
}

/**
 * Runs a program to its end.
 *
 * @throws the signal's reason if it is aborted, which ends the program; Error if it cannot be started.
 */
export async function runBaseline(
  { command, args, env }: BaselineProgram,
  options: { onLine(line: string): void; timeoutMs?: number; signal?: ListenedSignal | undefined },
): Promise<BaselineEnd> {
  const { onLine, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let rest = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) onLine(line);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors = (errors + chunk).slice(-20_000)));
  let late = false;
  const end = () => child.kill("SIGKILL");
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          end();
        }, timeoutMs);
  signal?.addEventListener("abort", end);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    signal?.throwIfAborted();
    if (rest !== "") onLine(rest);
    return { code, errors, late };
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`${command} could not be started: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** What a failed program said last: the line that names the error, not the stack below or above it. */
export function lastWords(errors: string): string {
  const lines = errors.split("\n").map((line) => line.trim());
  const named = lines.filter((line) => /^(\w+\.)*\w*(Error|Exception|Interrupt)\b/.test(line));
  return (named.at(-1) ?? lines.filter((line) => line !== "").at(-1) ?? "it printed nothing").slice(0, 300);
}
