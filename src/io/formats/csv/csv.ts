/** Tables as text: comma-separated values. Source: RFC 4180, with any one character for the comma. */
import { FileError } from "../../../base/errors.ts";

/** A row and the line that it begins in, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The rows of a table. Fields may be quoted, quotes in them doubled, and then hold delimiters and line ends; spaces around
 * fields that are not quoted are dropped, as are empty lines and a byte order mark.
 *
 * @param name - the file, for messages.
 * @throws FileError for bytes that are not UTF-8, for a quote that is never closed, or text behind a closing one.
 */
export function parseCsv(bytes: Uint8Array, name: string, delimiter = ","): CsvRow[] {
  const text = textOf(bytes, name);
  const rows: CsvRow[] = [];
  const reader = new FieldReader(text, name, delimiter);
  while (!reader.atEnd) {
    const { line } = reader;
    const fields: string[] = [];
    let isQuoted = false;
    do {
      isQuoted = reader.next(fields) || isQuoted;
    } while (reader.skipDelimiter());
    reader.skipLineEnd();
    if (fields.length > 1 || fields[0] !== "" || isQuoted) rows.push({ line, fields });
  }
  return rows;
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    // A byte order mark is dropped.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FileError(`${name} is not text in UTF-8; save it as "CSV UTF-8"`, { cause: error });
  }
}

class FieldReader {
  /** The line, from 1. */
  line = 1;
  #at = 0;
  readonly #text: string;
  readonly #name: string;
  readonly #delimiter: string;

  constructor(text: string, name: string, delimiter: string) {
    this.#text = text;
    this.#name = name;
    this.#delimiter = delimiter;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Adds the next field; whether it was quoted. */
  next(fields: string[]): boolean {
    const start = this.#at;
    while (this.#isSpace(this.#text[this.#at])) this.#at++;
    const isQuoted = this.#text[this.#at] === '"';
    if (isQuoted) fields.push(this.#quoted());
    else {
      while (!this.#endsField(this.#text[this.#at])) this.#at++;
      fields.push(this.#text.slice(start, this.#at).trim());
    }
    return isQuoted;
  }

  skipDelimiter(): boolean {
    if (this.#text[this.#at] !== this.#delimiter) return false;
    this.#at++;
    return true;
  }

  skipLineEnd(): void {
    if (this.#text[this.#at] === "\r") this.#at++;
    if (this.#text[this.#at] === "\n") this.#at++;
    this.line++;
  }

  #quoted(): string {
    const { line } = this;
    const text = this.#text;
    let value = "";
    for (let from = this.#at + 1; ; ) {
      const quote = text.indexOf('"', from);
      if (quote < 0) throw this.#failure(line, "a quote is opened and never closed");
      value += text.slice(from, quote);
      from = quote + 1;
      if (text[from] !== '"') {
        this.#at = from;
        break;
      }
      value += '"';
      from++;
    }
    this.line += value.split("\n").length - 1;
    while (this.#isSpace(text[this.#at])) this.#at++;
    if (!this.#endsField(text[this.#at]))
      throw this.#failure(
        this.line,
        "text stands behind a closing quote; write a quote inside of a field twice",
      );
    return value;
  }

  #isSpace(character: string | undefined): boolean {
    return (character === " " || character === "\t") && character !== this.#delimiter;
  }

  #endsField(character: string | undefined): boolean {
    return (
      character === undefined || character === this.#delimiter || character === "\n" || character === "\r"
    );
  }

  #failure(line: number, problem: string): FileError {
    return new FileError(`${this.#name}, line ${line}: ${problem}`);
  }
}
