/**
 * Feature maps as boxes, as the paper on AlexNet draws them: height and depth are the image's, in proportion, and the width is
 * the number of channels on a scale of its own. What has no height and width is a bar as long as its features.
 */

import { fittedText, textWidth } from "../../report/svg/text_width.ts";
import { type Label, labelText } from "../layer_label.ts";
import { type Level, OUTSIDE, type Part } from "../parts.ts";
import type { Language } from "../terms.ts";
import { clean, DETAIL_SIZE, partText, shapeText } from "./part_text.ts";
import type { Extent, Point } from "./scene.ts";

/** A feature map with what made it. */
export interface Volume extends Point {
  /** Front face, and how far the box goes back. */
  readonly width: number;
  readonly height: number;
  readonly depth: Point;
  readonly part: Part;
  /** Below the box, in its middle. */
  readonly texts: readonly { readonly text: string; readonly at: Point; readonly strong: boolean }[];
}

export interface VolumeScene extends Extent {
  readonly volumes: readonly Volume[];
  /** From volume to volume, above those between. */
  readonly arcs: readonly (readonly [from: Point, top: number, to: Point])[];
  /** Along the row, from volume to volume. */
  readonly lines: readonly (readonly [from: Point, to: Point])[];
  /** The window that the next layer moves over a volume, on its side, and where what it sees goes. */
  readonly windows: readonly (readonly [corners: readonly Point[], to: Point])[];
}

const LARGEST = 180;
const WIDEST = 84;
const GAP = 20;
const LINE = 15;
const ARC = 16;
/** How far depth goes to the right and up, of the length that it stands for. */
const OBLIQUE = { x: 0.38, y: 0.26 };
/** A text below a box is cut to this width. */
const TEXT = 116;
const SMALLEST = 2;
const ROW_GAP = 26;
/** Length of the arrows between rows. */
const TURN = 28;

interface Column {
  readonly part: Part;
  readonly front: Extent;
  readonly depth: Point;
  readonly lines: readonly { readonly text: string; readonly strong: boolean }[];
  readonly width: number;
}

/** @param most - the width at which a new row begins. */
export function layoutVolumes(level: Level, language: Language, most: number): VolumeScene {
  const columns = columnsOf(level.parts, language);
  const skips = level.links.filter(([from, to]) => from !== OUTSIDE && to > from + 1);
  const rows = balancedRows(columns, most);
  const volumes: Volume[] = [];
  const lines: [Point, Point][] = [];
  const windows: [Point[], Point][] = [];
  const arcs: [Point, number, Point][] = [];
  const follows = (to: number) => to > 0 && level.links.some(([from, at]) => from === to - 1 && at === to);
  let [top, width] = [0, 0];
  for (const { first, last } of rows) {
    const own = columns.slice(first, last + 1);
    const inRow = skips.filter(([from, to]) => from >= first && to <= last);
    const tallest = Math.max(...own.map(({ front, depth }) => front.height + depth.y));
    const above = inRow.length === 0 ? 0 : ARC + 8 * Math.min(4, inRow.length);
    const axis = top + above + tallest / 2;
    let x = first === 0 ? 0 : TURN;
    for (const column of own) {
      volumes.push(placed(column, x, axis, top + above + tallest + 8));
      x += column.width + GAP;
    }
    // From the end of a row to the beginning of the next one.
    if (follows(first)) lines.push([{ x: 0, y: axis }, startOf(volumes[first], axis)]);
    if (follows(last + 1)) lines.push([endOf(volumes[last], axis), { x: x - GAP + TURN, y: axis }]);
    width = Math.max(width, x - GAP + (last + 1 < columns.length ? TURN : 0));
    for (let i = first + 1; i <= last; i++) {
      if (!follows(i)) continue;
      const seen = windowOn(volumes[i - 1], volumes[i].part);
      if (seen === null) lines.push([endOf(volumes[i - 1], axis), startOf(volumes[i], axis)]);
      else windows.push([seen, startOf(volumes[i], axis)]);
    }
    inRow.forEach(([from, to], i) => {
      arcs.push([topOf(volumes[from]), top + 4 + 8 * (i % 5), topOf(volumes[to])]);
    });
    const textLines = Math.max(...own.map(({ lines: texts }) => texts.length));
    top += above + tallest + 8 + textLines * LINE + ROW_GAP;
  }
  return { width: Math.ceil(width), height: Math.ceil(top - ROW_GAP), volumes, lines, windows, arcs };
}

function columnsOf(parts: readonly Part[], language: Language): Column[] {
  const shapes = parts.map(({ shape }) => mapOf(shape));
  const spatial = Math.max(1, ...shapes.map(({ rows, columns }) => Math.max(rows, columns)));
  const channels = Math.max(1, ...shapes.filter((one) => !one.isVector).map((one) => one.channels));
  const features = Math.max(1, ...shapes.filter((one) => one.isVector).map((one) => one.channels));
  return parts.map((part, i) => {
    const { isVector, channels: own, rows, columns } = shapes[i];
    const side = (size: number) => Math.max(SMALLEST, (LARGEST * size) / spatial);
    const front: Extent = isVector
      ? { width: 7, height: Math.max(SMALLEST, (LARGEST * own) / features) }
      : { width: Math.max(SMALLEST, (WIDEST * own) / channels), height: side(rows) };
    const back = isVector ? 4 : side(columns);
    const depth = { x: back * OBLIQUE.x, y: back * OBLIQUE.y };
    const lines = textsOf(part, language);
    const widest = Math.max(0, ...lines.map(({ text, strong }) => textWidth(text, DETAIL_SIZE, strong)));
    return { part, front, depth, lines, width: Math.max(front.width + depth.x, widest) };
  });
}

/** A feature map's sizes; what has no rows and columns is a vector. */
function mapOf(shape: readonly number[] | null) {
  const sizes = shape ?? [];
  if (sizes.length < 2) return { isVector: true, channels: sizes[0] ?? 1, rows: 1, columns: 1 };
  const [channels, rows] = sizes;
  if (sizes.slice(1).every((size) => size === 1)) return { isVector: true, channels, rows: 1, columns: 1 };
  return { isVector: false, channels, rows, columns: sizes.at(-1) as number };
}

function textsOf(part: Part, language: Language): Column["lines"] {
  const shape = shapeText(part.shape) || "–";
  const { title, badge } = partText(part, language);
  const said =
    part.type === "box" ? splitLabel(part.label, language) : [`${title}${badge === "" ? "" : ` ${badge}`}`];
  const texts = said.map((text) => ({ text: fittedText(clean(text), DETAIL_SIZE, TEXT), strong: false }));
  return [{ text: fittedText(shape, DETAIL_SIZE, TEXT, true), strong: true }, ...texts];
}

/** The label's term, then its settings, each in a line. */
function splitLabel(label: Label, language: Language): string[] {
  // Channels stand in the shape.
  const { channels: _channels, settings = [], ...term } = label;
  return [
    labelText(term, language),
    ...settings.map((setting) =>
      labelText({ ...EMPTY, settings: [setting] }, language).replace(/^[,，] ?/, ""),
    ),
  ];
}

const EMPTY: Label = { kind: "other", name: { text: "" } };

/** As few rows as the width allows, of about the same width. */
function balancedRows(columns: readonly Column[], most: number): { first: number; last: number }[] {
  const fewest = rowsOf(columns, most).length;
  let [low, high] = [0, most];
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (rowsOf(columns, middle).length > fewest) low = middle;
    else high = middle;
  }
  return rowsOf(columns, high);
}

/** Columns of each row, by number. */
function rowsOf(columns: readonly Column[], most: number): { first: number; last: number }[] {
  const rows: { first: number; last: number }[] = [];
  let width = 0;
  columns.forEach((column, i) => {
    const row = rows.at(-1);
    if (row !== undefined && width + GAP + column.width + TURN <= most) {
      row.last = i;
      width += GAP + column.width;
    } else {
      rows.push({ first: i, last: i });
      width = column.width + TURN;
    }
  });
  return rows;
}

function placed(column: Column, left: number, axis: number, below: number): Volume {
  const { part, front, depth, lines, width } = column;
  const x = left + (width - front.width - depth.x) / 2;
  const y = axis - (front.height + depth.y) / 2 + depth.y;
  const texts = lines.map(({ text, strong }, i) => ({
    text,
    strong,
    at: { x: left + width / 2, y: below + 12 + i * LINE },
  }));
  return { part, x, y, width: front.width, height: front.height, depth, texts };
}

const startOf = ({ x }: Volume, axis: number): Point => ({ x: x - 2, y: axis });
const endOf = ({ x, width, depth }: Volume, axis: number): Point => ({ x: x + width + depth.x + 2, y: axis });

/** The window of a convolution or of pooling in the middle of a volume's side; null for other layers. */
function windowOn(volume: Volume, next: Part): Point[] | null {
  const { shape } = volume.part;
  if (next.type !== "box" || next.label.kernel === undefined || shape === null || shape.length !== 3)
    return null;
  const [rows, columns] = next.label.kernel.split("×").map(Number);
  if (!(rows > 0 && columns > 0) || (shape[1] === 1 && shape[2] === 1)) return null;
  const [tall, deep] = [Math.min(1, rows / shape[1]), Math.min(1, columns / shape[2])];
  // A point of the side: from 0 to 1 from front to back, and from top to bottom.
  const at = (back: number, down: number): Point => ({
    x: volume.x + volume.width + back * volume.depth.x,
    y: volume.y + down * volume.height - back * volume.depth.y,
  });
  const [near, far, high, low] = [(1 - deep) / 2, (1 + deep) / 2, (1 - tall) / 2, (1 + tall) / 2];
  return [at(near, high), at(far, high), at(far, low), at(near, low)];
}

function topOf({ x, y, width, depth }: Volume): Point {
  return { x: x + (width + depth.x) / 2, y: y - depth.y - 2 };
}
