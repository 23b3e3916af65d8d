import type { WriteStream } from "node:tty";
import type { ColourDepth, Terminal } from "./terminal.ts";

/** A stream as this file reads it: `process.stdout`, `process.stderr`, or any other that can be written. */
export interface OutputStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  getColorDepth?(env?: object): number;
}

/**
 * What a stream of this process can show. Obeys `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb` (nothing is redrawn),
 * `COLUMNS` and `LINES`; takes Unicode from the locale, or from a terminal known to have it. Node only.
 */
export function nodeTerminal(
  stream: OutputStream = process.stdout,
  env: Record<string, string | undefined> = process.env,
): Terminal {
  const isTTY = stream.isTTY === true && env.TERM !== "dumb";
  const colour = colourDepth(stream, env);
  const unicode = hasUnicode(env);
  return {
    isTTY,
    colour,
    unicode,
    // Read at every frame: the window may have been resized.
    get columns() {
      return stream.columns || positive(env.COLUMNS) || 80;
    },
    get width() {
      return stream.columns || positive(env.COLUMNS);
    },
    get rows() {
      return stream.rows || positive(env.LINES) || 24;
    },
    write(text) {
      stream.write(text);
    },
  };
}

function colourDepth(stream: OutputStream, env: Record<string, string | undefined>): ColourDepth {
  // https://no-color.org: any value that is not empty; FORCE_COLOR is the user's word against it.
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "") return forcedDepth(env.FORCE_COLOR);
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return 0;
  if (stream.isTTY !== true || env.TERM === "dumb") return 0;
  const depth = (stream as Partial<WriteStream>).getColorDepth?.(env) ?? 4;
  return depth >= 24 ? 24 : depth >= 8 ? 8 : depth >= 4 ? 4 : 0;
}

function forcedDepth(value: string): ColourDepth {
  const depths: Record<string, ColourDepth> = { "0": 0, false: 0, "1": 4, "2": 8, "3": 24 };
  return depths[value.toLowerCase()] ?? 4;
}

function hasUnicode(env: Record<string, string | undefined>): boolean {
  if (env.TERM === "linux") return false; // the kernel's console has no braille
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale) return /utf-?8/i.test(locale);
  // Windows sets no locale, and containers often none; their terminals have long been UTF-8.
  return Boolean(env.WT_SESSION || env.TERM_PROGRAM) || !/^(vt|ansi$)/.test(env.TERM ?? "");
}

/** Of a variable: terminals and shells export it only when they are told to. */
function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
