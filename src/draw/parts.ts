/** The parts of a drawing, before they have places: boxes and blocks of them, with what leads from one to the next. */
import type { Label } from "./layer_label.ts";

/** A layer or an op. */
export interface Box {
  readonly type: "box";
  readonly label: Label;
  /** What directly follows it and is named in its second line: normalisation, activation. */
  readonly followedBy: readonly Label[];
  /** Of its output, without the batch; null if it differs between repetitions, or is not known. */
  readonly shape: readonly number[] | null;
  /** How many of it follow each other. */
  readonly count: number;
}

/** Several parts in a frame. */
export interface Block {
  readonly type: "block";
  /** The class, or the name that it has in the network; empty for a frame without a title. */
  readonly title: string;
  /** As in a state dict. */
  readonly path: string;
  readonly level: Level;
  readonly shape: readonly number[] | null;
  /** Channels of the output of each repetition; empty if they are equal. */
  readonly channels: readonly number[];
  readonly count: number;
}

/** A part that stands for many: they would be too many to draw. */
export interface Omission {
  readonly type: "omission";
  /** Layers that are left out. */
  readonly layers: number;
  /** Whether they lie beside each other, not in a row. */
  readonly parallel: boolean;
  readonly shape: readonly number[] | null;
}

export type Part = Box | Block | Omission;

/** Where a connection begins that comes from outside of a level. */
export const OUTSIDE = -1;

/** What lies in one frame. */
export interface Level {
  /** In an order in which each comes after those that it needs. */
  readonly parts: readonly Part[];
  /** From a part, or from outside, to a part. */
  readonly links: readonly (readonly [from: number, to: number])[];
  /** Parts whose outputs are used outside. */
  readonly results: readonly number[];
}

/** Whether the parts follow each other, without branches. */
export function isChain({ parts, links }: Level): boolean {
  return links.every(([from, to]) => from === to - 1) && links.length === parts.length;
}

/** How many boxes are drawn, those in blocks included. */
export function countBoxes({ parts }: Level): number {
  return parts.reduce((sum, part) => sum + (part.type === "block" ? 1 + countBoxes(part.level) : 1), 0);
}

/** How many layers and ops a part stands for. */
export function layersOf(part: Part): number {
  if (part.type === "omission") return part.layers;
  const own =
    part.type === "box"
      ? 1 + part.followedBy.length
      : part.level.parts.reduce((sum, one) => sum + layersOf(one), 0);
  return own * part.count;
}
