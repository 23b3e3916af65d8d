/** Scenes as SVG. Coordinates are rounded: that keeps files small, and edges sharp. */

import { textWidth } from "../../report/svg/text_width.ts";
import { coordinate as c, escapeXml as e } from "../../report/svg/xml.ts";
import { BADGE_PADDING, DETAIL_SIZE, isSign, PADDING } from "../layout/part_text.ts";
import type { FlowLine, PlacedPart, Point, Scene } from "../layout/scene.ts";
import type { Part } from "../parts.ts";
import { KIND_CLASSES } from "./theme.ts";

/** The elements of a scene whose upper left corner is at a point. */
export function sceneSvg(scene: Scene, at: Point): string[] {
  const parts = scene.parts.flatMap((part) => partSvg(part, at));
  const routes = scene.routes.map((route) => routePath(route, at)).join("");
  const heads = scene.routes.map((route) => arrowHead(route, at)).join("");
  const dots = scene.dots.map(({ x, y }) => `<circle cx="${r(at.x + x)}" cy="${r(at.y + y)}" r="3"/>`);
  return [
    ...(routes === "" ? [] : [`<path d="${routes}"/>`, `<path class="a" d="${heads}"/>`]),
    ...dots,
    ...parts,
  ];
}

const r = (value: number): string => c(Math.round(value));

/** A line that leaves and reaches each corner vertically. */
function routePath(route: FlowLine, at: Point): string {
  let [x, y] = [Math.round(at.x + route[0].x), Math.round(at.y + route[0].y)];
  let path = `M${x} ${y}`;
  for (const point of route.slice(1)) {
    const [nx, ny] = [Math.round(at.x + point.x), Math.round(at.y + point.y)];
    const half = Math.round((y + ny) / 2);
    path += nx === x ? `V${ny}` : `C${x} ${half} ${nx} ${half} ${nx} ${ny}`;
    [x, y] = [nx, ny];
  }
  return path;
}

const HEAD = { width: 3.5, length: 6 };

function arrowHead(route: FlowLine, at: Point): string {
  const [before, tip] = route.slice(-2);
  const [x, y] = [Math.round(at.x + tip.x), Math.round(at.y + tip.y)];
  const back = tip.y > before.y ? -HEAD.length : HEAD.length;
  return `M${x} ${y}l${-HEAD.width} ${back}h${2 * HEAD.width}z`;
}

function partSvg(placed: PlacedPart, at: Point): string[] {
  const [x, y] = [Math.round(at.x + placed.x), Math.round(at.y + placed.y)];
  if (placed.inner !== undefined) return blockSvg(placed, placed.inner, x, y);
  const { width, height, part, text } = placed;
  const radius = isSign(part) ? Math.min(width, height) / 2 : 6;
  const box = `<rect class="${classOf(part)}" x="${x}" y="${y}" width="${r(width)}" height="${r(height)}" rx="${c(radius)}"/>`;
  const middle = x + width / 2;
  const lines = text.detail === "" ? [[text.title, "", y + height / 2 + 4.5]] : twoLines(text, y, height);
  const texts = lines.map(([line, style, baseline]) =>
    textSvg(String(line), middle, Number(baseline), String(style)),
  );
  const badge = text.badge === "" ? [] : badgeSvg(text.badge, x + width, y + height / 2);
  return titled([box, ...texts, ...badge], text.whole);
}

function twoLines({ title, detail }: PlacedPart["text"], y: number, height: number) {
  const middle = y + height / 2;
  return [
    [title, "", middle - 3],
    [detail, "d", middle + 13],
  ];
}

function classOf(part: Part): string {
  if (part.type === "omission") return `${KIND_CLASSES.other} m`;
  return part.type === "box" ? KIND_CLASSES[part.label.kind] : "f";
}

/** How often something follows itself, at the right end of its box. */
function badgeSvg(badge: string, right: number, middle: number): string[] {
  const width = textWidth(badge, DETAIL_SIZE, true) + 2 * BADGE_PADDING;
  const x = right - width - BADGE_PADDING;
  return [
    `<rect class="kd" x="${r(x)}" y="${r(middle - 9)}" width="${r(width)}" height="18" rx="9"/>`,
    textSvg(badge, x + width / 2, middle + 4, "d b"),
  ];
}

function blockSvg(
  placed: PlacedPart,
  inner: NonNullable<PlacedPart["inner"]>,
  x: number,
  y: number,
): string[] {
  const { width, height, text } = placed;
  const frame = `<rect class="f" x="${x}" y="${y}" width="${r(width)}" height="${r(height)}" rx="10"/>`;
  const own: string[] = [frame];
  if (text.title !== "") own.push(textSvg(text.title, x + PADDING, y + 18, "b s"));
  if (text.detail !== "") own.push(textSvg(text.detail, x + PADDING, y + 34, "d s"));
  if (text.badge !== "") own.push(...badgeSvg(text.badge, x + width, y + 14));
  return [...titled(own, text.whole), ...sceneSvg(inner.scene, { x: x + inner.x, y: y + inner.y })];
}

/** The whole title of a part whose title had to be cut, for those who point at it. */
function titled(elements: readonly string[], whole: string | undefined): string[] {
  return whole === undefined ? [...elements] : [`<g><title>${e(whole)}</title>${elements.join("")}</g>`];
}

export function textSvg(text: string, x: number, y: number, style: string): string {
  const look = style === "" ? "" : ` class="${style}"`;
  return `<text${look} x="${r(x)}" y="${r(y)}">${e(text)}</text>`;
}
