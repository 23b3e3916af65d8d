/** Parts with places: what is written as SVG. Coordinates are pixels from the upper left corner of the level. */
import type { Part } from "../parts.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Texts of a part, as they fit. */
export interface PartText {
  readonly title: string;
  /** Shapes and what follows; empty if there is nothing to say. */
  readonly detail: string;
  /** `×3`; empty for parts that stand once. */
  readonly badge: string;
  /** The title as it was, if it had to be cut. */
  readonly whole?: string;
}

export interface PlacedPart extends Point, Extent {
  readonly part: Part;
  readonly text: PartText;
  /** What lies in the frame of a block. */
  readonly inner?: { readonly scene: Scene; readonly x: number; readonly y: number };
}

/** A line from part to part; each corner is left in the direction of the flow. */
export type FlowLine = readonly Point[];

export interface Scene extends Extent {
  readonly parts: readonly PlacedPart[];
  readonly routes: readonly FlowLine[];
  /** Where what comes from outside branches, and where results meet: dots. */
  readonly dots: readonly Point[];
}
