/** How the commands speak: tables and plots to people, one JSON object a line to machines. */
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import type { Terminal } from "../../report/terminal/terminal.ts";

/** Names out of files may hold what a terminal obeys: it is shown, not sent. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

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
    process.stderr.write(`${printable(text)}\n`);
  }

  /** Look of text for people. */
  get style(): { colour: Terminal["colour"]; unicode: boolean } {
    return { colour: this.terminal.colour, unicode: this.terminal.unicode };
  }
}
