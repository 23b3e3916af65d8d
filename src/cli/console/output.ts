/** How the commands speak: tables and plots to people, one JSON object a line to machines. */
import type { ReportedEvent, Reporter, ReportStyle } from "../../report/reporter.ts";
import { CountProgress } from "../../report/terminal/count_progress.ts";
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import { printableJson, printableLines, printableRendered } from "../../report/terminal/printable.ts";
import type { Terminal } from "../../report/terminal/terminal.ts";

export class Output implements Reporter {
  readonly json: boolean;
  /** Where people read. */
  readonly terminal: Terminal;
  /** How far the command is with many things: a line on standard error, which results are written above. */
  readonly progress: CountProgress;

  /** @param terminal - where people read; standard output if it is left out. */
  constructor(
    json: boolean,
    terminal: Terminal = nodeTerminal(process.stdout),
    progress: CountProgress = new CountProgress(nodeTerminal(process.stderr)),
  ) {
    this.json = json;
    this.terminal = terminal;
    this.progress = progress;
  }

  /** A line for people; nothing with `--json`. What a terminal would obey is shown as an escape. */
  line(text = ""): void {
    if (!this.json) this.write(this.terminal, `${printableLines(text)}\n`);
  }

  /** Rendered lines (tables, images, plots), which may have colours. */
  lines(rendered: readonly string[]): void {
    if (this.json) return;
    for (const line of rendered) this.write(this.terminal, `${printableRendered(line)}\n`);
  }

  /** An object for machines; nothing without `--json`. Numbers that JSON cannot hold become null. */
  event(event: ReportedEvent): void {
    if (this.json) this.write(process.stdout, `${printableJson(event)}\n`);
  }

  /** A document, as it is: nothing else is written to standard output then. */
  document(text: string): void {
    this.write(process.stdout, text);
  }

  /** A remark about the results: to people and machines alike on standard error. */
  note(text: string): void {
    this.progress.note(text);
  }

  /** `note`, as an option of what tells its notes. */
  readonly onNote = (text: string): void => this.note(text);

  /** Shows what is done to how many of how many things. */
  readonly onProgress = (what: string, done: number, of: number, things?: string): void =>
    this.progress.show(what, done, of, things);

  /** Look of text for people. */
  get style(): ReportStyle {
    const { colour, unicode, width } = this.terminal;
    return { colour, unicode, width };
  }

  private write(to: Pick<Terminal, "write">, text: string): void {
    if (this.terminal.isTTY) this.progress.clear();
    to.write(text);
  }
}
