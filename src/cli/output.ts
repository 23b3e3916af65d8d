/** How the commands speak: tables and plots to people, one JSON object a line to machines. */
import { nodeTerminal } from "../report/node_terminal.ts";
import type { Terminal } from "../report/terminal.ts";

export class Output {
  readonly json: boolean;
  /** Where people read. */
  readonly terminal: Terminal;

  constructor(json: boolean) {
    this.json = json;
    this.terminal = nodeTerminal(process.stdout);
  }

  /** A line for people; nothing with `--json`. */
  line(text = ""): void {
    if (!this.json) this.terminal.write(`${text}\n`);
  }

  lines(text: readonly string[]): void {
    for (const line of text) this.line(line);
  }

  /** An object for machines; nothing without `--json`. Numbers that JSON cannot hold become null. */
  event(event: { readonly event: string } & Readonly<Record<string, unknown>>): void {
    if (this.json) process.stdout.write(`${JSON.stringify(event)}\n`);
  }

  /** A remark beside the results: to people and machines alike on standard error. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Look of text for people. */
  get style(): { colour: Terminal["colour"]; unicode: boolean } {
    return { colour: this.terminal.colour, unicode: this.terminal.unicode };
  }
}
