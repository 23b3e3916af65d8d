/** The layers of src, with the imports between them, as a diagram. */
import { crossings, layers } from "../layer_imports.ts";
import { type Box, label, rectangle, svg, words } from "./svg.ts";

const WIDTH = 800;
const BOX = { width: 132, height: 34 };
const ROW = 62;
const TINTS = ["#dbeafe", "#e0e7ff", "#dcfce7", "#fef9c3", "#ffedd5", "#fee2e2", "#f3e8ff"];

/** What each layer imports that it does not reach through another that it imports. */
export function shortestImports(
  edges: readonly { readonly from: string; readonly to: string }[],
): [string, string][] {
  const direct = new Map<string, Set<string>>();
  for (const { from, to } of edges) direct.set(from, (direct.get(from) ?? new Set()).add(to));
  const reaches = (from: string, goal: string): boolean =>
    [...(direct.get(from) ?? [])].some((next) => next === goal || reaches(next, goal));
  return [...direct]
    .flatMap(([from, targets]) =>
      [...targets]
        .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to)))
        .map((to): [string, string] => [from, to]),
    )
    .sort();
}

export function layersDiagram(): string {
  const top = 24;
  const rows = [...layers].reverse();
  const boxes = new Map<string, Box>();
  rows.forEach((names, row) => {
    // Wide and narrow rows alternate, so that a line over several rows finds a way between the boxes.
    const gap = (layers.length - 1 - row) % 2 === 0 ? 80 : 26;
    const whole = names.length * BOX.width + (names.length - 1) * gap;
    names.forEach((name, column) => {
      const x = (WIDTH - whole) / 2 + column * (BOX.width + gap);
      boxes.set(name, { ...BOX, x, y: top + row * ROW });
    });
  });
  const parts: string[] = [];
  for (const [from, to] of shortestImports(crossings())) {
    const [above, below] = [boxes.get(from), boxes.get(to)];
    if (above !== undefined && below !== undefined) parts.push(arrow(above, below));
  }
  rows.forEach((names, row) => {
    for (const name of names) {
      const box = boxes.get(name) as Box;
      parts.push(
        rectangle(box, TINTS[Math.floor(((rows.length - 1 - row) * TINTS.length) / rows.length)], "#94a3b8"),
      );
      parts.push(label(box, name === "src" ? "index, browser" : name, 'font-weight="600"'));
    }
  });
  const height = top + rows.length * ROW + 12;
  parts.push(
    words(
      WIDTH / 2,
      height - 14,
      "A line: imports. What is reached through another layer is not drawn.",
      'text-anchor="middle" font-size="12"',
    ),
  );
  return svg(
    WIDTH,
    height,
    "The layers of src, from the command line down to base, and what each imports",
    parts,
  );
}

/** From a box's lower edge to the upper edge of one below; beside it for one in the same row. */
function arrow(from: Box, to: Box): string {
  const style = 'fill="none" stroke="#64748b" stroke-width="1.4"';
  if (from.y === to.y) {
    const [left, right] = from.x < to.x ? [from, to] : [to, from];
    const y = from.y + BOX.height / 2;
    return `<path d="M${left.x + BOX.width} ${y} L${right.x} ${y}" ${style}/>`;
  }
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2, from.y + BOX.height, to.x + BOX.width / 2, to.y];
  const near = ROW - BOX.height;
  if (y2 - y1 === near)
    return `<path d="M${x1} ${y1} C${x1} ${y1 + near / 2} ${x2} ${y2 - near / 2} ${x2} ${y2}" ${style}/>`;
  // Over several rows: straight on the side that is farther out.
  const outside = Math.abs(x1 - WIDTH / 2) > Math.abs(x2 - WIDTH / 2);
  return outside
    ? `<path d="M${x1} ${y1} L${x1} ${y2 - near} C${x1} ${y2 - near / 2} ${x2} ${y2 - near / 2} ${x2} ${y2}" ${style}/>`
    : `<path d="M${x1} ${y1} C${x1} ${y1 + near / 2} ${x2} ${y1 + near / 2} ${x2} ${y1 + near} L${x2} ${y2}" ${style}/>`;
}
