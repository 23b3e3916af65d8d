/** The parts of a network in the detail that a style has, and no more of them than are wanted. */
import { buildLevel, type Detail } from "./build_level.ts";
import type { CheckedOptions, DrawStyle } from "./draw_options.ts";
import { countBoxes, type Level } from "./parts.ts";
import type { Recording } from "./recording.ts";
import { type Shortening, shortened } from "./repeats.ts";

/** What the styles show: all blocks are opened but in drawings of feature maps. */
const DETAILS: Readonly<Record<DrawStyle, Detail>> = {
  book: { ops: false, frames: true, depth: Number.POSITIVE_INFINITY },
  graph: { ops: true, frames: false, depth: Number.POSITIVE_INFINITY },
  volume: { ops: false, frames: false, depth: 0 },
};

/** A level with branches of more parts than this would take long to lay out, and be of no use. */
const MOST_BRANCHES = 150;
/** Rows are shortened to at most this number of parts, one after the other until the drawing is small enough. */
const ROWS = [40, 20, 10, 5];

/**
 * Repetitions are counted, then deeper blocks are closed, then the middle of long rows is left out, until there are no more
 * boxes than `boxes`.
 */
export function levelToDraw(recording: Recording, { style, depth, boxes }: CheckedOptions): Level {
  const detail = { ...DETAILS[style], depth: Math.min(DETAILS[style].depth, depth) };
  const plain: Shortening = {
    repeats: false,
    patterns: false,
    longest: Number.POSITIVE_INFINITY,
    most: MOST_BRANCHES,
  };
  const counted: Shortening = { ...plain, repeats: true, patterns: style !== "volume" };
  const open = buildLevel(recording, detail);
  let level = shortened(open, style === "book" ? counted : plain);
  const fits = () => countBoxes(level) <= boxes;
  if (!fits()) level = shortened(open, counted);
  for (let at = nesting(open) - 1; at >= 0 && !fits(); at--)
    level = shortened(buildLevel(recording, { ...detail, depth: at }), counted);
  if (fits()) return level;
  const closed = buildLevel(recording, { ...detail, depth: 0 });
  for (const longest of ROWS) if (!fits()) level = shortened(closed, { ...counted, longest });
  return level;
}

/** How many blocks lie in each other. */
function nesting({ parts }: Level): number {
  return Math.max(0, ...parts.map((part) => (part.type === "block" ? 1 + nesting(part.level) : 0)));
}
