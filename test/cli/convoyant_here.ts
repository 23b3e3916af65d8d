/**
 * Runs commands in this process, which takes a tenth of what a process of their own takes where they end soon. For what a
 * process does (signals, standard input, its end) there is `run_cli.ts`.
 */
import { Writable } from "node:stream";
import { runCommand } from "../../src/cli/run_command.ts";
import { type CliResult, eventsIn, temporaryFolder } from "./run_cli.ts";

export interface HereOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

let turn: Promise<unknown> = Promise.resolve();

/** `convoyant <args>`, one after another: they share the folder, the environment and the engine of this process. */
export function convoyantHere(args: readonly string[], options: HereOptions = {}): Promise<CliResult> {
  const result = turn.then(() => run(args, options));
  turn = result.catch(() => {});
  return result;
}

async function run(
  args: readonly string[],
  { cwd = temporaryFolder(), env = {} }: HereOptions,
): Promise<CliResult> {
  const folder = process.cwd();
  const environment = { ...process.env };
  const streams = {
    stdout: Object.getOwnPropertyDescriptor(process, "stdout"),
    stderr: Object.getOwnPropertyDescriptor(process, "stderr"),
  };
  const said = { stdout: "", stderr: "" };
  try {
    for (const name of ["stdout", "stderr"] as const) {
      const value = new Writable({
        write(text, _encoding, done) {
          said[name] += text;
          done();
        },
      });
      Object.defineProperty(process, name, { value, configurable: true });
    }
    for (const name of ["FORCE_COLOR", "NO_COLOR"]) delete process.env[name];
    Object.assign(process.env, env);
    process.chdir(cwd);
    const code = await runCommand(args);
    return { ...said, code, signal: null, events: eventsIn(args, said.stdout) };
  } finally {
    for (const name of ["stdout", "stderr"] as const)
      Object.defineProperty(process, name, streams[name] as PropertyDescriptor);
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
    process.chdir(folder);
  }
}
