/**
 * What the reports know of the place they are written to. The Node-only file `node_terminal.ts` makes one from a
 * stream; a test or a page makes its own.
 */
export interface Terminal {
  /** True if lines can be redrawn in place; false for a pipe or a file. */
  readonly isTTY: boolean;
  /** Width in characters; may change between two reads. */
  readonly columns: number;
  /** Height in lines; may change between two reads. */
  readonly rows: number;
  /** Columns that tables keep to; undefined in a pipe or a file, whose lines may have any length. */
  readonly width?: number | undefined;
  readonly colour: ColourDepth;
  /** Whether characters outside ASCII can be shown. */
  readonly unicode: boolean;
  write(text: string): void;
}

/** Bits of colour: none, the 16 of the terminal's theme, the 256 of the fixed palette, or red, green and blue. */
export type ColourDepth = 0 | 4 | 8 | 24;

/** How text is to look; every `render...` function for the terminal takes these two. */
export interface TextStyle {
  /** Default 0: no escape code at all. */
  colour?: ColourDepth;
  /** Default true; false keeps to ASCII. */
  unicode?: boolean;
}
