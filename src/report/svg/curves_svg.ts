import { type Curve, type CurvePoint, curveStyle, type Dash } from "../curves.ts";
import { formatMetric, significant } from "../number_text.ts";
import { displayWidth } from "../terminal/text_width.ts";
import { type Axis, plotAxes } from "./axis.ts";
import { chartStyles } from "./chart_style.ts";
import { coordinate as c, escapeXml } from "./xml.ts";

export interface CurvesSvgOptions {
  /** Size in user units, which are pixels at natural size. Default 720 by 420. */
  width?: number;
  height?: number;
  title?: string;
  /** What the chart is called for those who do not see it. Default: the title. */
  label?: string;
  /** Default "epoch". */
  xLabel?: string;
  yLabel?: string;
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** For use inside a page that brings `chartStyles()` itself: no XML declaration, style sheet or background. */
  inline?: boolean;
}

/** The field of the curves, in user units. */
interface Field {
  left: number;
  top: number;
  width: number;
  height: number;
  x: Axis;
  y: Axis;
}

const dashArrays: Record<Dash, string> = { solid: "", dashed: "7 4", dashdot: "9 4 1.5 4", dotted: "1.5 4" };

/**
 * The book's chart as SVG: curves over epochs with legend, grid, axis names, and the last value of each curve at its
 * right end. A curve whose points have `low` and `high` gets a band. Values that are not finite break the line.
 *
 * @example
 * ```ts
 * import { renderCurvesSvg, trainingCurves } from "convoyant/report";
 * const points = [
 *   { epoch: 1, trainLoss: 0.9, trainAccuracy: 0.7, testAccuracy: 0.72 },
 *   { epoch: 2, trainLoss: 0.6, trainAccuracy: 0.8, testAccuracy: 0.79 },
 * ];
 * renderCurvesSvg(trainingCurves(points), { title: "LeNet" }).includes("<svg"); // true
 * ```
 */
export function renderCurvesSvg(curves: readonly Curve[], options: CurvesSvgOptions = {}): string {
  const { width = 720, height = 420, title } = options;
  const legend = layOutLegend(curves, width - 24);
  const titleHeight = title === undefined ? 0 : 26;
  const top = 14 + titleHeight + legend.rows * 22 + 6;
  const field = layOutField(curves, { ...options, width, height, top });
  const parts = [
    titleHeight > 0 ? text(width / 2, 26, title as string, "cv-text cv-title", "middle") : "",
    legendSvg(curves, legend, field.left, 14 + titleHeight),
    gridSvg(field),
    axisNames(field, options, height),
    `<svg x="${c(field.left - 6)}" y="${c(field.top - 6)}" width="${c(field.width + 12)}" ` +
      `height="${c(field.height + 12)}">${curves.map((curve, i) => curveSvg(curve, i, field)).join("\n")}</svg>`,
    curves.length <= 8 ? endValues(curves, field) : "",
    hasValue(curves)
      ? ""
      : text(
          field.left + field.width / 2,
          field.top + field.height / 2,
          "no points yet",
          "cv-muted",
          "middle",
        ),
  ];
  const body = parts.filter((part) => part !== "").join("\n");
  return svgDocument(body, {
    width,
    height,
    label: describe(curves, options.label ?? title),
    inline: options.inline === true,
  });
}

/** An SVG chart around `body`, as a file of its own or for a page. */
export function svgDocument(
  body: string,
  options: { width: number; height: number; label: string; inline: boolean },
): string {
  const { width, height, label, inline } = options;
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" class="cv-chart" role="img" aria-label="${escapeXml(label)}" ` +
    `width="${c(width)}" height="${c(height)}" viewBox="0 0 ${c(width)} ${c(height)}">`;
  if (inline) return `${open}\n${body}\n</svg>`;
  const ground = `<rect class="cv-page" width="${c(width)}" height="${c(height)}"/>`;
  const head = `<?xml version="1.0" encoding="UTF-8"?>\n${open}\n<title>${escapeXml(label)}</title>`;
  return `${head}\n<style>${chartStyles()}</style>\n${ground}\n${body}\n</svg>\n`;
}

/** A text in user units. `turn` rotates it about its own place, in degrees. */
export function text(
  x: number,
  y: number,
  words: string,
  classes: string,
  anchor: "start" | "middle" | "end" = "start",
  turn = 0,
): string {
  const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  const turned = turn === 0 ? "" : ` transform="rotate(${c(turn)} ${c(x)} ${c(y)})"`;
  return `<text x="${c(x)}" y="${c(y)}" class="${classes}"${anchored}${turned}>${escapeXml(words)}</text>`;
}

function describe(curves: readonly Curve[], title: string | undefined): string {
  const ends = curves.flatMap((curve) => {
    const last = lastPoint(curve);
    return last === undefined ? [] : [`${curve.name} ${formatMetric(last.y)} at ${significant(last.x, 4)}`];
  });
  return `${title ?? "Curves"}: ${ends.length > 0 ? ends.join(", ") : "no points yet"}`;
}

function layOutField(
  curves: readonly Curve[],
  options: CurvesSvgOptions & { width: number; height: number; top: number },
): Field {
  const { width, height, top } = options;
  const bottom = 46;
  const inner = Math.max(20, height - top - bottom);
  const yTicks = Math.max(2, Math.min(9, Math.floor(inner / 38)));
  const first = plotAxes(curves, { ...options, xTicks: 2, yTicks });
  const widestTick = Math.max(...first.y.ticks.map((tick) => tick.text.length), 1);
  const left = 16 + (options.yLabel === undefined ? 0 : 18) + widestTick * 7.4;
  const right = curves.length <= 8 && hasValue(curves) ? marginOfValues(curves) : 20;
  const fieldWidth = Math.max(20, width - left - right);
  const xTicks = Math.max(2, Math.min(12, Math.floor(fieldWidth / 46)));
  return { left, top, width: fieldWidth, height: inner, ...plotAxes(curves, { ...options, xTicks, yTicks }) };
}

/** Room for the last value of each curve: five digits, or more if one is longer. */
function marginOfValues(curves: readonly Curve[]): number {
  const lengths = curves.map((curve) => formatMetric(lastPoint(curve)?.y ?? 0).length);
  return 17 + 7.4 * Math.max(5, ...lengths);
}

interface Legend {
  rows: number;
  places: { x: number; row: number }[];
}

const sampleWidth = 30;

function layOutLegend(curves: readonly Curve[], width: number): Legend {
  const places: Legend["places"] = [];
  let x = 0;
  let row = 0;
  for (const curve of curves) {
    const needed = sampleWidth + 8 + displayWidth(curve.name) * 7 + 22;
    if (x > 0 && x + needed > width - 30) {
      x = 0;
      row++;
    }
    places.push({ x, row });
    x += needed;
  }
  return { rows: curves.length === 0 ? 0 : row + 1, places };
}

function legendSvg(curves: readonly Curve[], legend: Legend, left: number, top: number): string {
  return curves
    .map((curve, i) => {
      const { x, row } = legend.places[i];
      const y = top + row * 22 + 8;
      const start = left + x;
      return (
        `<path class="cv-line cv-${curveStyle(curve, i).colour}"${dashOf(curve, i)} ` +
        `d="M${c(start)} ${c(y)}h${sampleWidth}"/>` +
        text(start + sampleWidth + 8, y + 4.5, curve.name, "cv-text")
      );
    })
    .join("\n");
}

function gridSvg(field: Field): string {
  const { left, top, width, height } = field;
  const parts: string[] = [];
  for (const tick of field.y.ticks) {
    const y = yOf(field, tick.value);
    parts.push(`<path class="cv-grid" d="M${c(left)} ${c(y)}h${c(width)}"/>`);
    parts.push(text(left - 8, y + 4.5, tick.text, "cv-muted", "end"));
  }
  for (const tick of field.x.ticks) {
    const x = xOf(field, tick.value);
    parts.push(`<path class="cv-grid" d="M${c(x)} ${c(top)}v${c(height)}"/>`);
    parts.push(text(x, top + height + 18, tick.text, "cv-muted", "middle"));
  }
  parts.push(`<path class="cv-axis" d="M${c(left)} ${c(top)}v${c(height)}h${c(width)}"/>`);
  return parts.join("\n");
}

function axisNames(field: Field, options: CurvesSvgOptions, height: number): string {
  const { xLabel = "epoch", yLabel } = options;
  const middle = field.top + field.height / 2;
  const across =
    xLabel === "" ? "" : text(field.left + field.width / 2, height - 9, xLabel, "cv-text", "middle");
  const up = yLabel === undefined ? "" : text(16, middle, yLabel, "cv-text", "middle", -90);
  return [across, up].filter((part) => part !== "").join("\n");
}

/** A curve in the coordinates of the clipped inner chart, whose origin lies 6 units up and left of the field. */
function curveSvg(curve: Curve, index: number, field: Field): string {
  const { colour } = curveStyle(curve, index);
  const shifted: Field = { ...field, left: 6, top: 6 };
  const runs = unbroken(curve.points);
  const parts: string[] = [];
  for (const run of runs) {
    const bandPath = bandOf(run, shifted);
    if (bandPath !== "") parts.push(`<path class="cv-band cv-f-${colour}" d="${bandPath}"/>`);
  }
  const lines = runs.filter((run) => run.length > 1).map((run) => lineOf(run, (point) => point.y, shifted));
  if (lines.length > 0) {
    parts.push(`<path class="cv-line cv-${colour}"${dashOf(curve, index)} d="${lines.join("")}"/>`);
  }
  const finite = runs.flat();
  const dots = finite.length <= 25 ? finite : runs.filter((run) => run.length === 1).flat();
  for (const point of dots) {
    parts.push(
      `<circle class="cv-f-${colour}" cx="${c(xOf(shifted, point.x))}" cy="${c(yOf(shifted, point.y))}" r="2.6"/>`,
    );
  }
  // Invisible discs that answer the pointer with the value; more than this many would only fill the file.
  if (finite.length <= 400) parts.push(...finite.map((point) => hitDisc(curve.name, point, shifted)));
  return parts.join("\n");
}

function hitDisc(name: string, point: CurvePoint, field: Field): string {
  const band =
    point.low === undefined || point.high === undefined
      ? ""
      : ` (${formatMetric(point.low)} to ${formatMetric(point.high)})`;
  const words = `${name} ${formatMetric(point.y)}${band} at ${significant(point.x, 4)}`;
  return (
    `<circle class="cv-hit" cx="${c(xOf(field, point.x))}" cy="${c(yOf(field, point.y))}" r="6">` +
    `<title>${escapeXml(words)}</title></circle>`
  );
}

function bandOf(run: readonly CurvePoint[], field: Field): string {
  const banded = run.filter((point) => Number.isFinite(point.low) && Number.isFinite(point.high));
  if (banded.length < 2) return "";
  const upper = lineOf(banded, (point) => point.high as number, field);
  const lower = lineOf([...banded].reverse(), (point) => point.low as number, field);
  return `${upper}L${lower.slice(1)}Z`;
}

function lineOf(run: readonly CurvePoint[], value: (point: CurvePoint) => number, field: Field): string {
  return `M${run.map((point) => `${c(xOf(field, point.x))} ${c(yOf(field, value(point)))}`).join("L")}`;
}

/** The last value of each curve, right of the field, moved apart if curves end close together. */
function endValues(curves: readonly Curve[], field: Field): string {
  const lineHeight = 15;
  const labels = curves.flatMap((curve, i) => {
    const last = lastPoint(curve);
    return last === undefined
      ? []
      : [{ y: yOf(field, last.y), words: formatMetric(last.y), ...curveStyle(curve, i) }];
  });
  labels.sort((a, b) => a.y - b.y);
  const bottom = field.top + field.height;
  for (let i = 0; i < labels.length; i++) {
    const above = i === 0 ? field.top - lineHeight : labels[i - 1].y;
    labels[i].y = Math.max(labels[i].y, above + lineHeight);
  }
  for (let i = labels.length - 1; i >= 0; i--) {
    const below = i === labels.length - 1 ? bottom + lineHeight : labels[i + 1].y;
    labels[i].y = Math.min(labels[i].y, below - lineHeight);
  }
  const x = field.left + field.width + 9;
  return labels
    .map((label) => text(x, label.y + 4.5, label.words, `cv-f-${label.colour} cv-strong`))
    .join("\n");
}

function lastPoint(curve: Curve): CurvePoint | undefined {
  return curve.points.findLast((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
}

function hasValue(curves: readonly Curve[]): boolean {
  return curves.some((curve) => lastPoint(curve) !== undefined);
}

function unbroken(points: readonly CurvePoint[]): CurvePoint[][] {
  const runs: CurvePoint[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.x) && Number.isFinite(point.y)) runs[runs.length - 1].push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function dashOf(curve: Curve, index: number): string {
  const array = dashArrays[curveStyle(curve, index).dash];
  return array === "" ? "" : ` stroke-dasharray="${array}"`;
}

function xOf(field: Field, value: number): number {
  return field.left + held(share(field.x, value)) * field.width;
}

function yOf(field: Field, value: number): number {
  return field.top + (1 - held(share(field.y, value))) * field.height;
}

function share(axis: Axis, value: number): number {
  const span = axis.high - axis.low;
  // Two ends near the limits of floating point overflow their difference: halves do not.
  return Number.isFinite(span)
    ? (value - axis.low) / span
    : (value / 2 - axis.low / 2) / (axis.high / 2 - axis.low / 2);
}

/** Far values would make coordinates that viewers cannot hold. */
function held(value: number): number {
  return Math.min(3, Math.max(-2, value));
}
