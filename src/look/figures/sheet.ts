/** A figure that grows downwards: a title, images in rows, scales, notes. */
import type { Image } from "../../records/image.ts";
import { significant } from "../../report/number_text.ts";
import type { ColourMap } from "../image/colour_maps.ts";
import type { Anchor, DrawnFigure, Mark, MarkFill, TextLook } from "./figure.ts";
import { fitted, linesOf, wordsWidth } from "./text_layout.ts";

/** An image with a name above it. */
export interface SheetPanel {
  readonly image: Image;
  readonly title?: string;
  /** A second line, smaller. */
  readonly note?: string;
}

const MARGIN = 14;
const GAP = 10;
const LINE = 18;

/** Numbers that are read beside each other, in a few letters. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size > 0 && size < 1e-3 ? value.toExponential(1) : significant(value, 3);
}

export class Sheet {
  readonly width: number;
  private y = MARGIN;
  private readonly marks: Mark[] = [];

  constructor(width: number) {
    this.width = width;
  }

  /** The width between the margins. */
  get inner(): number {
    return this.width - 2 * MARGIN;
  }

  get left(): number {
    return MARGIN;
  }

  /** How far down the sheet is filled. */
  get top(): number {
    return this.y;
  }

  add(...marks: readonly Mark[]): this {
    this.marks.push(...marks);
    return this;
  }

  /** Leaves room for what the caller has drawn. */
  skip(height: number): this {
    this.y += height;
    return this;
  }

  text(words: string, look: TextLook = "muted"): this {
    for (const line of linesOf(words, look, this.inner)) {
      this.write(line, MARGIN, look);
      this.y += LINE;
    }
    return this.skip(4);
  }

  /** A text on the current line. */
  write(words: string, x: number, look: TextLook, anchor: Anchor = "start"): this {
    return this.add({ kind: "text", x, y: this.y + 13, words, look, anchor });
  }

  /**
   * Images in rows, as many in a row as there is room for.
   *
   * @param cell - width of each, if there is room.
   * @param options - `photos`: whether documents may hold them smaller, as JPEG.
   */
  panels(panels: readonly SheetPanel[], cell: number, { gap = GAP, photos = false } = {}): this {
    if (panels.length === 0) return this;
    const columns = Math.min(panels.length, Math.max(1, Math.floor((this.inner + gap) / (cell + gap))));
    const wide = Math.min(cell, this.inner);
    const lines =
      (panels.some(({ title }) => title !== undefined) ? 1 : 0) +
      (panels.some(({ note }) => note !== undefined) ? 1 : 0);
    for (let first = 0; first < panels.length; first += columns) {
      const row = panels.slice(first, first + columns);
      const tall = Math.max(...row.map(({ image }) => (wide * image.height) / image.width));
      row.forEach(({ image, title, note }, i) => {
        const x = MARGIN + i * (wide + gap);
        let y = this.y;
        for (const [words, look] of [
          [title, "text"],
          [note, "muted"],
        ] as const) {
          if (words === undefined) continue;
          this.add({ kind: "text", x, y: y + 13, words: fitted(words, look, wide), look });
          y += LINE;
        }
        const height = (wide * image.height) / image.width;
        this.add({
          kind: "image",
          x,
          y: this.y + lines * LINE,
          width: wide,
          height,
          image,
          ...(title && { title }),
          ...(photos && { photo: true }),
        });
      });
      this.y += lines * LINE + tall + gap;
    }
    return this.skip(GAP - gap + 2);
  }

  /** What colours mean: a bar from the lowest number to the highest. */
  scale(colours: ColourMap | "grey", low: number | string, high: number | string, name = ""): this {
    const [from, to] = [low, high].map((end) => (typeof end === "number" ? shortNumber(end) : end));
    const [before, behind] = [from, to].map((end) => wordsWidth(end, "muted"));
    const long = Math.max(24, Math.min(180, this.inner - before - behind - 12));
    const height = 12;
    this.write(from, MARGIN, "muted");
    this.add({
      kind: "image",
      x: MARGIN + before + 6,
      y: this.y + 3,
      width: long,
      height,
      image: barImage(colours),
    });
    const end = MARGIN + before + 6 + long + 6;
    this.write(to, end, "muted");
    const left = end + behind + 2 * GAP;
    const beside = name !== "" && left + wordsWidth(name, "muted") <= this.width - MARGIN;
    if (beside) this.write(name, left, "muted");
    this.y += LINE + 4;
    return name === "" || beside ? this : this.text(name);
  }

  /** Names of colours, in rows. */
  legend(entries: readonly { readonly fill: MarkFill; readonly name: string }[]): this {
    let x = MARGIN;
    for (const { fill, name } of entries) {
      const words = fitted(name, "text", this.inner - 18);
      const long = 18 + wordsWidth(words, "text");
      if (x > MARGIN && x + long > this.width - MARGIN) {
        x = MARGIN;
        this.y += LINE;
      }
      this.add({ kind: "circle", x: x + 6, y: this.y + 8.5, r: 5, fill });
      this.write(words, x + 16, "text");
      x += long + 14;
    }
    return entries.length === 0 ? this : this.skip(LINE + 6);
  }

  figure(label: string): DrawnFigure {
    return { width: this.width, height: Math.ceil(this.y + MARGIN - 4), label, marks: this.marks };
  }
}

function barImage(colours: ColourMap | "grey"): Image {
  const data =
    colours === "grey" ? Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)) : colours.bytes;
  return { width: 256, height: 1, channels: 3, data };
}
