/** Figures as plain data: marks at places, which become SVG, HTML or pixels. */
import type { Image } from "../../records/image.ts";
import type { ColourName } from "../../report/terminal/colour.ts";

/** What a mark is filled with: a colour of the theme, or one of its own (`#rrggbb`). */
export type MarkFill = ColourName | "muted" | `#${string}`;

/** How a text is written: bold, plainly, or smaller and in grey. */
export type TextLook = "title" | "text" | "muted";

/** Where a text begins. */
export type Anchor = "start" | "middle" | "end";

/** Something in a figure. Lengths are in pixels at natural size, y grows downwards. */
export type Mark =
  | {
      readonly kind: "image";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly image: Image;
      readonly title?: string;
      /** Documents may hold it smaller, and as a JPEG. */
      readonly photo?: boolean;
    }
  | {
      readonly kind: "rect";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill: MarkFill;
      readonly title?: string;
    }
  | {
      readonly kind: "circle";
      readonly x: number;
      readonly y: number;
      readonly r: number;
      readonly fill: MarkFill;
      readonly title?: string;
      readonly thumbnail?: string;
    }
  | {
      readonly kind: "line";
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly look: "axis" | "grid";
    }
  | {
      readonly kind: "text";
      readonly x: number;
      readonly y: number;
      readonly words: string;
      readonly look: TextLook;
      readonly anchor?: Anchor;
    };

/** A figure. */
export interface DrawnFigure {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** In the order in which they are drawn. */
  readonly marks: readonly Mark[];
}
