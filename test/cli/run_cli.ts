/** Runs the command line as a process of its own; `convoyant_here.ts` runs it in this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openDataset } from "../../src/data/index.ts";
import { cliScript } from "../built_package.ts";

export interface CliResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of `--json`: the lines, read. */
  readonly events: Record<string, any>[];
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Standard input; empty by default. */
  readonly input?: string | Uint8Array;
  /** Told of each line of standard output. */
  readonly onLine?: (line: string, child: ChildProcess) => void;
}

/** `convoyant <args>`; colours are not asked for, standard output is a pipe. */
export function convoyant(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { FORCE_COLOR: _force, NO_COLOR: _no, ...env } = process.env;
  const child = spawn(process.execPath, [cliScript, ...args], {
    cwd: options.cwd ?? temporaryFolder(),
    env: { ...env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that does not read it may have ended.
  child.stdin.on("error", () => {}).end(options.input);
  let stdout = "";
  let stderr = "";
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) options.onLine?.(line, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr, events: eventsIn(args, stdout) });
    });
  });
}

/** What `--json` has written, read. */
export function eventsIn(args: readonly string[], stdout: string): Record<string, any>[] {
  if (!args.includes("--json")) return [];
  return stdout
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

let folder: string | null = null;

/** A folder for this file's tests, removed after the last. */
export function temporaryFolder(): string {
  if (folder === null) {
    const made = mkdtempSync(join(tmpdir(), "convoyant-cli-"));
    after(() => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** Why tests on the real Fashion-MNIST cannot run here; false if they can. */
export async function fashionMnistIsMissing(): Promise<string | false> {
  try {
    await openDataset("fashion-mnist", { train: false });
    return false;
  } catch (error) {
    return `Fashion-MNIST is unavailable: ${(error as Error).message.split("\n")[0]}`;
  }
}
