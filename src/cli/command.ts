/** The frame of every command: its help, its options with `--json`, its output, its exit code. */
import type { Command, Option } from "commander";
import { Output } from "./console/output.ts";
import type { Cli } from "./options.ts";
import { json } from "./shared_options.ts";

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
   * Does it; the exit code. What it needs is imported here: help loads nothing.
   *
   * @param given - the options, without `json`.
   */
  run(given: Readonly<Record<string, any>>, output: Output, ...takes: any[]): Promise<number> | number;
}

/** Adds a command to the program, or to another command. */
export function addCommand(parent: Command, cli: Cli, name: string, table: CommandTable): Command {
  const { about, takes = [], options = [], examples: lines, run } = table;
  const command = parent.command(name).description(about);
  for (const [syntax, meaning, usual] of takes) command.argument(syntax, meaning, usual);
  for (const option of [...options, table.json ?? json()]) command.addOption(option);
  return command.addHelpText("after", examples(lines)).action(async (...all: unknown[]) => {
    const { json: asJson, ...given } = command.optsWithGlobals();
    cli.finish(await run(given, new Output(asJson), ...all.slice(0, takes.length)));
  });
}

/** Lines for the end of a command's help. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
