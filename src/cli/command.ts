/** The frame of every command: its help, its options with `--json`, its output, its exit code. */
import type { Command, Option } from "commander";
import { Output } from "./console/output.ts";
import type { Cli } from "./options.ts";
import { json } from "./shared_options.ts";

/** Options as they were given, or by default. */
export type Given = Readonly<Record<string, any>>;

/** What a command is. */
export interface CommandTable {
  readonly about: string;
  /** Each as `<it>` or `[it]`, its meaning, and what it is if it is not given. */
  readonly takes?: readonly (readonly [syntax: string, about: string, usual?: string])[];
  readonly options?: readonly Option[];
  /** `--json`, if something about it is special. */
  readonly json?: Option;
  readonly examples: readonly string[];
  /**
   * Does it; the exit code, if that is not 0. What it needs is imported here: help loads nothing.
   *
   * @param given - the options, without `json`.
   */
  run(given: Given, output: Output, ...takes: any[]): Promise<number | void>;
}

/** Adds a command to the program, or to another command. */
export function addCommand(parent: Command, cli: Cli, name: string, table: CommandTable): Command {
  const { about, takes = [], options = [], examples: lines, run } = table;
  const command = parent.command(name).description(about);
  for (const [syntax, meaning, usual] of takes) command.argument(syntax, meaning, usual);
  for (const option of [...options, table.json ?? json()]) command.addOption(option);
  return command.addHelpText("after", examples(lines)).action(async (...all: unknown[]) => {
    const { json: asJson, ...given } = command.optsWithGlobals();
    const output = new Output(asJson);
    const code = await run(given, output, ...all.slice(0, takes.length)).finally(() => output.progress.end());
    cli.finish(code ?? 0);
  });
}

/** Lines for the end of a command's help. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
