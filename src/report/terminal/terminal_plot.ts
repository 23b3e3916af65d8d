import { type Curve, type CurvePoint, curveStyle } from "../curves.ts";
import { formatMetric } from "../number_text.ts";
import { type Axis, plotAxes } from "../svg/axis.ts";
import { BrailleCanvas, DashedPen } from "./braille.ts";
import { paint } from "./colour.ts";
import { printable } from "./printable.ts";
import type { TextStyle } from "./terminal.ts";
import { displayWidth, pad, truncate } from "./text_width.ts";

export interface PlotOptions extends TextStyle {
  /** Columns of the whole chart. */
  width: number;
  /** Lines of the whole chart, legend and axis texts included. */
  height: number;
  /** Ends of the axes; without them the values decide. */
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** Written at the end of the horizontal axis, for example "epoch". */
  xLabel?: string;
}

/** Where the curves are drawn, in characters. */
interface Field {
  columns: number;
  rows: number;
  x: Axis;
  y: Axis;
}

/** The marks of curves without colour or braille, in their order. */
const asciiMarks = ["*", "+", "o", "x", "#", "@", "%", "&"];

/**
 * Curves as lines of text: exactly `height` lines, none wider than `width`. Curves differ in colour and in their
 * dashes (braille) or in their marks (ASCII), so that they can be distinguished without colour. The legend shows the
 * last value of each.
 *
 * @example
 * ```ts
 * import { renderPlot, trainingCurves } from "convoyant/report";
 * const points = [
 *   { epoch: 1, trainLoss: 0.9, trainAccuracy: 0.7, testAccuracy: 0.72 },
 *   { epoch: 2, trainLoss: 0.6, trainAccuracy: 0.8, testAccuracy: 0.79 },
 * ];
 * renderPlot(trainingCurves(points), { width: 80, height: 20, xRange: [0, 2], xLabel: "epoch" }).length; // 20
 * ```
 */
export function renderPlot(curves: readonly Curve[], options: PlotOptions): string[] {
  const width = Math.max(1, Math.floor(options.width));
  const height = Math.max(1, Math.floor(options.height));
  const legend = legendLines(curves, width, options);
  const rows = height - legend.length - 2;
  if (rows < 2 || width < 24) return fitted(legend, height);
  const field = fieldOf(curves, width, rows, options);
  if (field.columns < 8) return fitted(legend, height);
  const body = options.unicode === false ? asciiBody(curves, field) : brailleBody(curves, field, options);
  return [...legend, ...withAxes(body, field, options)];
}

function fitted(lines: string[], height: number): string[] {
  const kept = lines.slice(0, height);
  while (kept.length < height) kept.push("");
  return kept;
}

function fieldOf(curves: readonly Curve[], width: number, rows: number, options: PlotOptions): Field {
  const yTicks = Math.min(8, Math.max(2, Math.floor(rows / 2)));
  const first = plotAxes(curves, { ...options, xTicks: 2, yTicks });
  const columns = width - gutter(first.y) - 1;
  const xTicks = Math.min(11, Math.max(2, Math.floor(columns / 7)));
  return { columns, rows, ...plotAxes(curves, { ...options, xTicks, yTicks }) };
}

/** Columns left of the field: the widest tick text, and the axis itself. */
function gutter(y: Axis): number {
  return Math.max(...y.ticks.map((tick) => tick.text.length), 1) + 2;
}

function legendLines(curves: readonly Curve[], width: number, style: TextStyle): string[] {
  const entries = curves.map((curve, index) => {
    const last = curve.points.findLast((point) => !Number.isNaN(point.y));
    const value = last === undefined ? "" : ` ${formatMetric(last.y)}`;
    const { colour } = curveStyle(curve, index);
    const sample = legendSample(curve, index, style);
    const name = truncate(
      printable(curve.name),
      Math.max(1, width - sample.length - value.length - 1),
      style.unicode,
    );
    return `${paint(sample, colour, style.colour ?? 0)} ${name}${paint(value, "bold", style.colour ?? 0)}`;
  });
  const lines: string[] = [];
  let line = "";
  for (const entry of entries) {
    if (line === "") line = entry;
    else if (displayWidth(line) + 3 + displayWidth(entry) <= width) line += `   ${entry}`;
    else {
      lines.push(line);
      line = entry;
    }
  }
  lines.push(line);
  return lines.map((text) => (displayWidth(text) > width ? "" : text));
}

/** A short stretch of the curve's line, drawn with the same pen as the curve. */
function legendSample(curve: Curve, index: number, style: TextStyle): string {
  if (style.unicode === false) return asciiMarks[index % asciiMarks.length].repeat(2);
  const canvas = new BrailleCanvas(5, 1);
  const pen = new DashedPen(curveStyle(curve, index).dash);
  pen.line(0, 2, 9, 2, (x, y) => canvas.dot(x, y, index));
  return Array.from({ length: canvas.columns }, (_, column) => canvas.cell(column, 0).text).join("");
}

function brailleBody(curves: readonly Curve[], field: Field, style: TextStyle): string[] {
  const canvas = new BrailleCanvas(field.columns, field.rows);
  const toX = scale(field.x, 0, field.columns * 2 - 1);
  const toY = scale(field.y, field.rows * 4 - 1, 0);
  for (const [index, curve] of curves.entries()) {
    const pen = new DashedPen(curveStyle(curve, index).dash);
    const ink = (x: number, y: number) => canvas.dot(x, y, index);
    for (const run of unbrokenRuns(curve.points)) {
      const at = run.map((point) => [Math.round(toX(point.x)), Math.round(toY(point.y))] as const);
      for (let i = 1; i < at.length; i++) pen.line(at[i - 1][0], at[i - 1][1], at[i][0], at[i][1], ink);
      if (at.length === 1) spot(at[0][0], at[0][1], ink);
    }
  }
  const depth = style.colour ?? 0;
  const grid = new Set(depth > 0 ? field.y.ticks.map((tick) => rowOf(tick.value, field)) : []);
  return Array.from({ length: field.rows }, (_, row) => {
    // Neighbouring cells of one look are painted together: a fraction of the escape codes, and of the flicker.
    let line = "";
    let run = "";
    let runOwner = -1;
    const flush = () => {
      const colour = runOwner < 0 ? "grey" : curveStyle(curves[runOwner], runOwner).colour;
      line += run.trim() === "" ? run : paint(run, colour, depth);
      run = "";
    };
    for (let column = 0; column < field.columns; column++) {
      const { text, owner } = canvas.cell(column, row);
      if (owner !== runOwner) flush();
      runOwner = owner;
      run += owner !== -1 ? text : grid.has(row) && column % 2 === 1 ? "·" : " ";
    }
    run = run.trimEnd();
    flush();
    return line;
  });
}

function asciiBody(curves: readonly Curve[], field: Field): string[] {
  const cells = Array.from({ length: field.rows }, () => new Array<string>(field.columns).fill(" "));
  const toX = scale(field.x, 0, field.columns - 1);
  const toY = scale(field.y, field.rows - 1, 0);
  for (const [index, curve] of curves.entries()) {
    const mark = asciiMarks[index % asciiMarks.length];
    const ink = (x: number, y: number) => {
      if (cells[y]?.[x] !== undefined) cells[y][x] = mark;
    };
    for (const run of unbrokenRuns(curve.points)) {
      const at = run.map((point) => [Math.round(toX(point.x)), Math.round(toY(point.y))] as const);
      const pen = new DashedPen("solid");
      for (let i = 1; i < at.length; i++) pen.line(at[i - 1][0], at[i - 1][1], at[i][0], at[i][1], ink);
      if (at.length === 1) ink(at[0][0], at[0][1]);
    }
  }
  return cells.map((row) => row.join("").trimEnd());
}

function withAxes(body: string[], field: Field, options: PlotOptions): string[] {
  const unicode = options.unicode !== false;
  const depth = options.colour ?? 0;
  const left = gutter(field.y) - 2;
  const labels = new Map(field.y.ticks.map((tick) => [rowOf(tick.value, field), tick.text]));
  const lines = body.map((text, row) => {
    const label = labels.get(row);
    const bar = unicode ? (label === undefined ? "│" : "┤") : label === undefined ? "|" : "+";
    return `${pad(label ?? "", left, "right")} ${paint(bar, "grey", depth)}${text}`;
  });
  const rule = new Array<string>(field.columns).fill(unicode ? "─" : "-");
  const texts = new Array<string>(field.columns + left + 2).fill(" ");
  const spans: [start: number, end: number][] = [];
  for (const tick of field.x.ticks) {
    const column = Math.round(scale(field.x, 0, field.columns - 1)(tick.value));
    if (column < 0 || column >= field.columns) continue;
    rule[column] = unicode ? "┬" : "+";
    const centred = left + 2 + column - Math.floor((tick.text.length - 1) / 2);
    const start = Math.max(0, Math.min(texts.length - tick.text.length, centred));
    if (start < (spans.at(-1)?.[1] ?? -1) + 1) continue;
    texts.splice(start, tick.text.length, ...tick.text);
    spans.push([start, start + tick.text.length]);
  }
  labelAxis(texts, spans, printable(options.xLabel ?? ""));
  lines.push(`${" ".repeat(left + 1)}${paint((unicode ? "└" : "+") + rule.join(""), "grey", depth)}`);
  lines.push(texts.join("").trimEnd());
  return lines;
}

/** Writes the axis' name between its last two ticks; the text of the tick before the last makes room when it must. */
function labelAxis(texts: string[], spans: readonly [number, number][], label: string): void {
  const width = displayWidth(label);
  if (width === 0 || spans.length < 2) return;
  const right = spans[spans.length - 1][0];
  const margin = 3;
  for (let i = spans.length - 2; i >= Math.max(0, spans.length - 3); i--) {
    const left = spans[i][1];
    if (right - left < width + 2 * margin) continue;
    for (let column = left; column < right; column++) texts[column] = " ";
    // A wide character takes two cells: the cells after it hold nothing.
    const cells = new Array<string>(width).fill("");
    cells[0] = label;
    texts.splice(left + Math.floor((right - left - width) / 2), width, ...cells);
    return;
  }
}

/** The stretches of a curve between values that are not finite. */
function unbrokenRuns(points: readonly CurvePoint[]): CurvePoint[][] {
  const runs: CurvePoint[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.x) && Number.isFinite(point.y)) runs[runs.length - 1].push(point);
    else if (runs[runs.length - 1].length > 0) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

/** A single point is not a line: four dots make it visible. */
function spot(x: number, y: number, ink: (x: number, y: number) => void): void {
  for (const dx of [0, 1]) for (const dy of [0, 1]) ink(x - (x & 1) + dx, y - (y & 1) + dy);
}

function rowOf(value: number, field: Field): number {
  return Math.round(scale(field.y, field.rows - 1, 0)(value));
}

/** From the axis to the places `from` (its low end) and `to`, far values held near the field. */
function scale(axis: Axis, from: number, to: number): (value: number) => number {
  const span = axis.high - axis.low;
  return (value) => {
    const share = Number.isFinite(span)
      ? (value - axis.low) / span
      : value / 2 / (axis.high / 2 - axis.low / 2);
    return from + Math.min(2, Math.max(-1, share)) * (to - from);
  };
}
