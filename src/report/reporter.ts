import { printableLines } from "./terminal/printable.ts";
import type { Terminal, TextStyle } from "./terminal/terminal.ts";

/** How text for people is to look. */
export interface ReportStyle extends TextStyle {
  /** Most columns that a line may take; undefined: as many as it needs. */
  readonly width?: number | undefined;
}

/** Something that happened or was found, for machines. */
export interface ReportedEvent {
  readonly event: string;
  readonly [name: string]: unknown;
}

/** Whom results are told to: lines for people, objects for machines. */
export interface Reporter {
  /** Whether machines alone listen: lines for people are not even made. */
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly style: ReportStyle;
  /** A line for people. */
  line(text?: string): void;
  /** Rendered lines for people (tables, images, plots), which may have colours. */
  lines(rendered: readonly string[]): void;
  /** An object for machines. */
  event(event: ReportedEvent): void;
  /** A remark about the results, to either. */
  note(text: string): void;
}

/**
 * A reporter that keeps what it is told.
 *
 * @example
 * ```ts
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter({ width: 60 });
 * told.line("accuracy 0.9");
 * told.event({ event: "end", accuracy: 0.9 });
 * told.text; // ["accuracy 0.9"]
 * told.events.length; // 1
 * ```
 */
export class CollectingReporter implements Reporter {
  readonly json = false;
  readonly terminal: Terminal;
  readonly style: ReportStyle;
  /** Lines for people. */
  readonly text: string[] = [];
  /** Objects for machines. */
  readonly events: ReportedEvent[] = [];
  readonly notes: string[] = [];

  constructor({ colour = 0, unicode = true, width }: ReportStyle = {}) {
    this.style = { colour, unicode, width };
    const write = (text: string) => this.lines(text.replace(/\n$/, "").split("\n"));
    this.terminal = { isTTY: false, columns: width ?? 80, rows: 24, width, colour, unicode, write };
  }

  line(text = ""): void {
    this.text.push(printableLines(text));
  }

  lines(rendered: readonly string[]): void {
    this.text.push(...rendered);
  }

  event(event: ReportedEvent): void {
    this.events.push(event);
  }

  note(text: string): void {
    this.notes.push(printableLines(text));
  }
}
