/**
 * Gives the parts of a level their places, and those in blocks before them. What flows goes down; a drawing that is read from
 * below is turned over at last.
 *
 * Branches are laid out by @dagrejs/dagre (layered drawing after Sugiyama, with the network simplex method and Brandes'
 * and Köpf's coordinates). It is maintained, MIT, needs no install script and nothing asynchronous, and is a 30th of elkjs
 * (49 kB minified against 1.6 MB). It is bundled with what draws, and nothing else loads it.
 */
import * as dagre from "@dagrejs/dagre";
import { isChain, type Level, OUTSIDE, type Part } from "../parts.ts";
import type { Language } from "../terms.ts";
import { boxSize, headerSize, partText } from "./part_text.ts";
import type { Extent, FlowLine, PlacedPart, Point, Scene } from "./scene.ts";

/** In which direction values flow. */
export type Flow = "up" | "down";

/** Between two parts of a row, and beside each other. */
const GAP = { row: 24, rank: 34, node: 18, edge: 14 };
/** Between a frame and its contents. */
const INSET = 12;

export function layoutLevel(level: Level, language: Language, flow: Flow): Scene {
  const parts = level.parts.map((part) => sized(part, language, flow));
  const scene = isChain(level) ? inOneRow(parts) : inLayers(parts, level);
  return flow === "down" ? scene : turned(scene);
}

type SizedPart = Omit<PlacedPart, "x" | "y">;

function sized(part: Part, language: Language, flow: Flow): SizedPart {
  const text = partText(part, language);
  if (part.type !== "block") {
    const { width, height } = boxSize(part, text);
    return { part, text, width: even(width), height };
  }
  const scene = layoutLevel(part.level, language, flow);
  const header = headerSize(text);
  const width = even(Math.max(scene.width + 2 * INSET, header.width));
  const inner = { scene, x: Math.round((width - scene.width) / 2), y: header.height };
  return { part, text, width, height: header.height + scene.height + INSET, inner };
}

/** So that the middles of all parts are whole pixels, and lines between them straight. */
const even = (size: number): number => 2 * Math.ceil(size / 2);

/** One below the other, all boxes of one width. */
function inOneRow(parts: readonly SizedPart[]): Scene {
  const widestBox = Math.max(
    0,
    ...parts.filter(({ inner }) => inner === undefined).map(({ width }) => width),
  );
  const width = Math.max(0, ...parts.map((one) => one.width));
  let y = 0;
  const placed = parts.map((one): PlacedPart => {
    const own = one.inner === undefined ? widestBox : one.width;
    const at = { ...one, width: own, x: Math.round((width - own) / 2), y };
    y += one.height + GAP.row;
    return at;
  });
  const routes = placed.slice(1).map((to, i) => [exitOf(placed[i]), entryOf(to)]);
  return { width, height: Math.max(0, y - GAP.row), parts: placed, routes, dots: [] };
}

const exitOf = ({ x, y, width, height }: Point & Extent): Point => ({ x: x + width / 2, y: y + height });
const entryOf = ({ x, y, width }: Point & Extent): Point => ({ x: x + width / 2, y });

/** The dot at which what comes from outside branches; the one at which results meet. */
const ENTRY = "in";
const EXIT = "out";
const DOT = 6;

/** The part of dagre's interface that is used here. */
interface LayoutGraph {
  setGraph(settings: object): void;
  setDefaultEdgeLabel(make: () => object): void;
  setNode(name: string, size: Extent): void;
  setEdge(from: string, to: string, label: object): void;
  node(name: string): Point & Extent;
  edge(from: string, to: string): { readonly points: readonly Point[] };
  graph(): Extent;
}

function inLayers(parts: readonly SizedPart[], { links, results }: Level): Scene {
  const graph = new dagre.Graph() as unknown as LayoutGraph;
  graph.setGraph({ rankdir: "TB", nodesep: GAP.node, ranksep: GAP.rank, edgesep: GAP.edge });
  graph.setDefaultEdgeLabel(() => ({}));
  const dot = { width: DOT, height: DOT };
  const branches = links.filter(([from]) => from === OUTSIDE).length > 1;
  const meets = results.length > 1;
  if (branches) graph.setNode(ENTRY, { ...dot });
  parts.forEach(({ width, height }, i) => graph.setNode(String(i), { width, height }));
  if (meets) graph.setNode(EXIT, { ...dot });
  const edges = links.flatMap(([from, to]): [string, string][] =>
    from !== OUTSIDE ? [[String(from), String(to)]] : branches ? [[ENTRY, String(to)]] : [],
  );
  if (meets) for (const result of results) edges.push([String(result), EXIT]);
  // The first of a part's inputs is its main one: it should be straight.
  const seen = new Set<string>();
  for (const [from, to] of edges) {
    graph.setEdge(from, to, { weight: seen.has(to) ? 1 : 2, minlen: 1 });
    seen.add(to);
  }
  dagre.layout(graph as never);
  const placed = parts.map((one, i): PlacedPart => ({ ...one, ...corner(graph.node(String(i))) }));
  const dots = [...(branches ? [ENTRY] : []), ...(meets ? [EXIT] : [])].map((name) => graph.node(name));
  const size = graph.graph();
  const routes = routed(graph, edges, bandsOf([...placed.map(centred), ...dots], edges, graph));
  const scene = { width: even(size.width), height: Math.ceil(size.height), parts: placed };
  const whole = { ...scene, routes, dots: dots.map(({ x, y }) => ({ x, y })) };
  return isMirrored(placed) ? mirrored(whole) : whole;
}

function corner({ x, y, width, height }: Point & Extent): Point & Extent {
  return { x: Math.round(x - width / 2), y: Math.round(y - height / 2), width, height };
}

function centred({ x, y, width, height }: PlacedPart): Point & Extent {
  return { x: x + width / 2, y: y + height / 2, width, height };
}

/** From top to bottom of a layer, by the height of its middle. */
type Bands = readonly (readonly [top: number, bottom: number])[];

/** The layers: lines are straight in them and bend between them, so that they cross no part. */
function bandsOf(
  nodes: readonly (Point & Extent)[],
  edges: readonly [string, string][],
  graph: LayoutGraph,
): Bands {
  const spans = nodes.map(({ y, height }): [number, number] => [y - height / 2, y + height / 2]);
  for (const [from, to] of edges)
    for (const { y } of graph.edge(from, to).points.slice(1, -1)) spans.push([y, y]);
  spans.sort((a, b) => a[0] - b[0]);
  const bands: [number, number][] = [];
  for (const [top, bottom] of spans) {
    const last = bands.at(-1);
    if (last !== undefined && top <= last[1]) last[1] = Math.max(last[1], bottom);
    else bands.push([top, bottom]);
  }
  return bands;
}

function routed(graph: LayoutGraph, edges: readonly [string, string][], bands: Bands): FlowLine[] {
  const arriving = new Map<string, { from: string; x: number }[]>();
  for (const [from, to] of edges) {
    const { points } = graph.edge(from, to);
    const list = arriving.get(to) ?? [];
    list.push({ from, x: (points.at(-2) ?? points[0]).x });
    arriving.set(to, list);
  }
  for (const list of arriving.values()) list.sort((a, b) => a.x - b.x);
  const bandAt = (y: number) => bands.find(([top, bottom]) => y >= top - 0.5 && y <= bottom + 0.5) ?? [y, y];
  return edges.map(([from, to]) => {
    const [source, target] = [graph.node(from), graph.node(to)];
    const list = arriving.get(to) ?? [];
    // Several lines arrive beside each other.
    const step = Math.min(16, (target.width - 8) / Math.max(1, list.length));
    const shift = (list.findIndex((one) => one.from === from) - (list.length - 1) / 2) * step;
    const end = { x: to === EXIT ? target.x : target.x + shift, y: target.y - target.height / 2 };
    const route: Point[] = [
      { x: source.x, y: source.y + source.height / 2 },
      { x: source.x, y: bandAt(source.y)[1] },
    ];
    for (const { x, y } of graph.edge(from, to).points.slice(1, -1)) {
      const [top, bottom] = bandAt(y);
      route.push({ x, y: top }, { x, y: bottom });
    }
    route.push({ x: end.x, y: bandAt(target.y)[0] }, end);
    return simplified(route);
  });
}

/** Without points that lie on the line between their neighbours. */
function simplified(route: readonly Point[]): Point[] {
  const distinct = route.filter(({ x, y }, i) => i === 0 || x !== route[i - 1].x || y !== route[i - 1].y);
  return distinct.filter(
    ({ x }, i) => i === 0 || i === distinct.length - 1 || x !== distinct[i - 1].x || x !== distinct[i + 1].x,
  );
}

/** Whether parts beside each other stand from right to left for the most part. */
function isMirrored(parts: readonly PlacedPart[]): boolean {
  let order = 0;
  for (let i = 0; i < parts.length; i++)
    for (let j = i + 1; j < parts.length; j++) {
      const besides = parts[i].y < parts[j].y + parts[j].height && parts[j].y < parts[i].y + parts[i].height;
      if (besides) order += Math.sign(parts[j].x - parts[i].x);
    }
  return order < 0;
}

function mirrored(scene: Scene): Scene {
  const over = ({ x, y }: Point): Point => ({ x: scene.width - x, y });
  return {
    ...scene,
    parts: scene.parts.map((one) => ({ ...one, x: scene.width - one.x - one.width })),
    routes: scene.routes.map((route) => route.map(over)),
    dots: scene.dots.map(over),
  };
}

function turned(scene: Scene): Scene {
  const over = ({ x, y }: Point): Point => ({ x, y: scene.height - y });
  return {
    ...scene,
    parts: scene.parts.map((one) => ({ ...one, y: scene.height - one.y - one.height })),
    routes: scene.routes.map((route) => route.map(over)),
    dots: scene.dots.map(over),
  };
}
