import type { Dash } from "../curves.ts";

/**
 * A grid of dots in which every character holds 2 by 4 of them (Unicode block "Braille Patterns", U+2800).
 * Each cell remembers the last curve that touched it, which decides its colour.
 */
export class BrailleCanvas {
  readonly columns: number;
  readonly rows: number;
  readonly #bits: Uint8Array;
  readonly #owner: Int16Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#bits = new Uint8Array(columns * rows);
    this.#owner = new Int16Array(columns * rows).fill(-1);
  }

  /** Sets the dot at (x, y), counted from the upper left; dots outside are ignored. */
  dot(x: number, y: number, owner: number): void {
    if (x < 0 || y < 0 || x >= this.columns * 2 || y >= this.rows * 4) return;
    const cell = (y >> 2) * this.columns + (x >> 1);
    this.#bits[cell] |= dotBits[y & 3][x & 1];
    this.#owner[cell] = owner;
  }

  /** The character of a cell, and the curve it belongs to (-1: empty). */
  cell(column: number, row: number): { text: string; owner: number } {
    const at = row * this.columns + column;
    return { text: String.fromCharCode(0x2800 + this.#bits[at]), owner: this.#owner[at] };
  }
}

/** Bits of the dots in a braille character, by row and column. */
const dotBits: readonly (readonly [number, number])[] = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Alternating lengths of ink and gap in dots. */
export const dashDots: Record<Dash, readonly number[]> = {
  solid: [1],
  dashed: [5, 3],
  dashdot: [6, 2, 1, 2],
  dotted: [1, 2],
};

/** A pen that carries the dash pattern on from one segment of a curve to the next. */
export class DashedPen {
  readonly #pattern: readonly number[];
  readonly #period: number;
  #travelled = 0;

  constructor(dash: Dash) {
    this.#pattern = dashDots[dash];
    this.#period = this.#pattern.reduce((sum, length) => sum + length, 0);
  }

  /** Steps from (x0, y0) to (x1, y1) dot by dot and calls `ink` where the pattern has ink. */
  line(x0: number, y0: number, x1: number, y1: number, ink: (x: number, y: number) => void): void {
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let i = 0; i <= steps; i++) {
      const x = Math.round(x0 + ((x1 - x0) * i) / steps);
      const y = Math.round(y0 + ((y1 - y0) * i) / steps);
      if (this.#inked()) ink(x, y);
      // The last dot of a segment is the first of the next one: it must not count twice.
      if (i < steps) this.#travelled++;
    }
  }

  #inked(): boolean {
    let place = this.#travelled % this.#period;
    for (let i = 0; i < this.#pattern.length; i++) {
      if (place < this.#pattern[i]) return i % 2 === 0;
      place -= this.#pattern[i];
    }
    return true;
  }
}
