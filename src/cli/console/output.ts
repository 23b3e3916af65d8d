/** How the commands speak: tables and plots to people, one JSON object a line to machines. */
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import { printableJson, printableLines, printableRendered } from "../../report/terminal/printable.ts";
import type { Terminal } from "../../report/terminal/terminal.ts";

export class Output {
  readonly json: boolean;
  /** Where people read. */
  readonly terminal: Terminal;

  /** @param terminal - where people read; standard output if it is left out. */
  constructor(json: boolean, terminal: Terminal = nodeTerminal(process.stdout)) {
    this.json = json;
    this.terminal = terminal;
  }

  /** Whether nothing is said: another rank says it. */
  get quiet(): boolean {
    return false;
  }

  /** A line for people; nothing with `--json`. What a terminal would obey is shown as an escape. */
  line(text = ""): void {
    if (!this.json) this.terminal.write(`${printableLines(text)}\n`);
  }

  /** Rendered lines (tables, images, plots), which may have colours. */
  lines(rendered: readonly string[]): void {
    if (this.json) return;
    for (const line of rendered) this.terminal.write(`${printableRendered(line)}\n`);
  }

  /** An object for machines; nothing without `--json`. Numbers that JSON cannot hold become null. */
  event(event: { readonly event: string } & Readonly<Record<string, unknown>>): void {
    if (this.json) process.stdout.write(`${printableJson(event)}\n`);
  }

  /** A remark about the results: to people and machines alike on standard error. */
  note(text: string): void {
    process.stderr.write(`${printableLines(text)}\n`);
  }

  /** Look of text for people. */
  get style(): { colour: Terminal["colour"]; unicode: boolean; width: number | undefined } {
    const { colour, unicode, width } = this.terminal;
    return { colour, unicode, width };
  }
}
