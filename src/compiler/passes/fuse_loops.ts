/**
 * Joins chains of element-wise ops, and the reductions that read them, into single loops: each input is read
 * once, each result that someone else needs is written once, everything between stays in registers.
 *
 * Nodes that run over the same points (the same iteration space) join one group when one reads the other's
 * element at the same point, or when both read the same input; never if a path through a node outside of
 * the group, or through a reduction inside it, leads from one to the other.
 */
import { isHalf } from "../../base/dtype.ts";
import { numel, type Shape, sameShape } from "../../base/shape.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { fullOp } from "../../ops/creation.ts";
import { castOp } from "../../ops/elementwise/elementwise.ts";
import { expandOp } from "../../ops/shape/shape_ops.ts";
import type { StepPlanner } from "../compile.ts";
import { buildLoop, type Group } from "./fused_body.ts";
import { fusedOp } from "./fused_op.ts";
import { deadCode } from "./redundant_nodes.ts";
import { GraphBuilder, producers } from "./rewrite.ts";

/** Loops longer than this gain nothing more from fusing and spill registers. */
const MOST_NODES = 48;
const MOST_INPUTS = 20;
/** Groups that are looked through for a path; if there are more between two, they are not joined. */
const MOST_VISITED = 4096;

export function fuseLoops(graph: Graph, planner: StepPlanner): Graph {
  const widened = widenWhereRead(graph, planner);
  return emitGroups(widened, formGroups(widened, planner));
}

/** Whether the engine computes any of the nodes in a loop. */
export function fusesAny(graph: Graph, planner: StepPlanner): boolean {
  return graph.nodes.some((node) => fusable(graph, node, planner));
}

/**
 * Gives each loop its own conversion of a 16-bit value: loaded and widened where it is read, instead of written to
 * memory in 32 bits by the first reader.
 */
function widenWhereRead(graph: Graph, planner: StepPlanner): Graph {
  const sources = new Map<number, number>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const [from, to] = [graph.values[inputs[0]], graph.values[outputs[0]]];
    if (op.elementwise?.kind === "cast" && isHalf(from.dtype) && !isHalf(to.dtype))
      sources.set(outputs[0], inputs[0]);
  }
  if (sources.size === 0) return graph;
  const builder = new GraphBuilder(graph);
  for (const node of graph.nodes) {
    if (!fusable(graph, node, planner)) {
      builder.addNode(node);
      continue;
    }
    const inputs = node.inputs.map((id) => {
      const source = sources.get(id);
      if (source === undefined) return id;
      const own = builder.addValue(graph.values[id]);
      const { dtype } = graph.values[id];
      builder.addNode({
        op: castOp,
        attributes: { dtype },
        inputs: [source],
        outputs: [own],
        label: node.label,
      });
      return own;
    });
    builder.addNode({ ...node, inputs });
  }
  return deadCode(builder.finish());
}

/** The points over which a node runs; null if it is not a loop. */
function iterationSpace(graph: Graph, node: GraphNode): Shape | null {
  if (node.op.reduction !== undefined) return graph.values[node.inputs[0]].shape;
  if (node.op.elementwise !== undefined || node.op === expandOp || node.op === fullOp) {
    return graph.values[node.outputs[0]].shape;
  }
  return null;
}

function formGroups(graph: Graph, planner: StepPlanner): Group[] {
  const { bindings } = planner.limits;
  const makers = producers(graph);
  const groups: Group[] = graph.nodes.map((node, position) => ({
    id: position,
    members: [position],
    shape: fusable(graph, node, planner) ? iterationSpace(graph, node) : null,
    axes: node.op.reduction === undefined ? null : (node.attributes.dims as readonly number[]),
  }));
  const owner = groups.slice();
  const reach = new Reachability(graph, makers, owner);
  const join = (a: Group, b: Group): void => {
    a.members = [...a.members, ...b.members].sort((x, y) => x - y);
    a.axes ??= b.axes;
    for (const position of b.members) owner[position] = a;
    b.members = [];
  };
  // Along edges first: a node with the makers of what it reads.
  graph.nodes.forEach((node, position) => {
    for (const input of node.inputs) {
      const maker = makers[input];
      if (maker < 0 || graph.nodes[maker].op.reduction !== undefined) continue;
      const a = owner[maker];
      const b = owner[position];
      if (a !== b && compatible(graph, a, b, bindings) && !reach.apart(a, b)) join(a, b);
    }
  });
  joinSiblings(graph, owner, reach, join, bindings);
  return [...new Set(owner)].filter((g) => g.members.length > 0);
}

/** Groups that read the same large value and run over the same points share the reading. */
function joinSiblings(
  graph: Graph,
  owner: Group[],
  reach: Reachability,
  join: (a: Group, b: Group) => void,
  bindings: number,
): void {
  const readersOf = new Map<number, number[]>();
  graph.nodes.forEach((node, position) => {
    if (owner[position].shape === null) return;
    for (const id of new Set(node.inputs)) {
      if (numel(graph.values[id].shape) < 1024) continue;
      const list = readersOf.get(id) ?? [];
      list.push(position);
      readersOf.set(id, list);
    }
  });
  for (const positions of readersOf.values()) {
    for (let i = 1; i < positions.length; i++) {
      const a = owner[positions[i - 1]];
      const b = owner[positions[i]];
      if (a === b || !compatible(graph, a, b, bindings) || reach.apart(a, b) || reach.apart(b, a)) continue;
      join(a, b);
    }
  }
}

/** Whether a node can stand in a loop, and the engine has it there. */
function fusable(graph: Graph, node: GraphNode, planner: StepPlanner): boolean {
  const { op, inputs, outputs } = node;
  const same = op.reduction !== undefined && graph.values[outputs[0]].dtype === graph.values[inputs[0]].dtype;
  const can = same || op.elementwise !== undefined || op === expandOp || op === fullOp;
  return can && planner.fuses(graph.values, node);
}

function compatible(graph: Graph, a: Group, b: Group, bindings: number): boolean {
  if (a.shape === null || b.shape === null || !sameShape(a.shape, b.shape)) return false;
  if (a.members.length + b.members.length > MOST_NODES) return false;
  if (a.axes !== null && b.axes !== null && a.axes.join() !== b.axes.join()) return false;
  const members = [...a.members, ...b.members];
  const inputs = inputCount(graph, members);
  // At worst each member's result is needed outside.
  return inputs <= MOST_INPUTS && inputs + members.length <= bindings;
}

function inputCount(graph: Graph, members: readonly number[]): number {
  const made = new Set(members.flatMap((m) => graph.nodes[m].outputs));
  return new Set(members.flatMap((m) => graph.nodes[m].inputs).filter((id) => !made.has(id))).size;
}

/** Paths between groups that forbid joining them. */
class Reachability {
  private readonly graph: Graph;
  private readonly makers: Int32Array;
  private readonly owner: readonly Group[];

  constructor(graph: Graph, makers: Int32Array, owner: readonly Group[]) {
    this.graph = graph;
    this.makers = makers;
    this.owner = owner;
  }

  /**
   * Whether `b` depends on `a` by a path that joining would turn into a circle: through another group, or
   * through the result of a reduction in `a`.
   */
  apart(a: Group, b: Group): boolean {
    const lowest = a.members[0];
    const seen = new Set<Group>([b]);
    const stack: Group[] = [b];
    for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
      for (const position of group.members) {
        for (const id of this.graph.nodes[position].inputs) {
          const maker = this.makers[id];
          if (maker < 0) continue;
          const source = this.owner[maker];
          if (source === a) {
            if (group !== b || this.graph.nodes[maker].op.reduction !== undefined) return true;
            continue;
          }
          // Nothing older than the group's first member can depend on it.
          if (source.members[source.members.length - 1] < lowest || seen.has(source)) continue;
          if (seen.size === MOST_VISITED) return true;
          seen.add(source);
          stack.push(source);
        }
      }
    }
    return false;
  }
}

/** Writes the groups out in an order in which each comes after what it reads. */
function emitGroups(graph: Graph, groups: readonly Group[]): Graph {
  const ownerOf = new Map<number, Group>();
  for (const group of groups) for (const position of group.members) ownerOf.set(position, group);
  const needed = neededOutside(graph, ownerOf);
  // In the order of their last members, so that values are made about when the user's program made them.
  const wanted = [...groups].sort((a, b) => last(a) - last(b));
  const ordered = sourcesFirst(wanted, sourcesOf(graph, ownerOf));
  return { ...graph, nodes: ordered.map((group) => groupNode(graph, group, needed)) };
}

/** For a group, the other groups whose results it reads. */
function sourcesOf(graph: Graph, ownerOf: ReadonlyMap<number, Group>): (group: Group) => Group[] {
  const makers = producers(graph);
  return (group) => {
    const sources = new Set<Group>();
    for (const position of group.members) {
      for (const id of graph.nodes[position].inputs)
        if (makers[id] >= 0) sources.add(ownerOf.get(makers[id]) as Group);
    }
    sources.delete(group);
    return [...sources];
  };
}

/** Depth first with a stack of its own: chains can be longer than that of the calls. */
function sourcesFirst(wanted: readonly Group[], sources: (group: Group) => Group[]): Group[] {
  const done = new Set<Group>();
  const open = new Map<Group, Iterator<Group>>();
  for (const group of wanted) {
    const stack = [group];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      let rest = open.get(top);
      if (rest === undefined) {
        rest = done.has(top) ? [].values() : sources(top).values();
        open.set(top, rest);
      }
      const { value: source } = rest.next();
      if (source === undefined) {
        done.add(top);
        open.delete(top);
        stack.pop();
      } else if (!done.has(source)) {
        if (open.has(source)) throw new Error("fusion made a circle");
        stack.push(source);
      }
    }
  }
  return [...done];
}

function groupNode(graph: Graph, group: Group, needed: ReadonlySet<number>): GraphNode {
  const first = graph.nodes[group.members[0]];
  if (group.shape === null) return first;
  const outputs = group.members.flatMap((m) => graph.nodes[m].outputs).filter((id) => needed.has(id));
  const { loop, inputs } = buildLoop(graph, group, outputs);
  const label =
    [...group.members]
      .reverse()
      .map((m) => graph.nodes[m].label)
      .find((l) => l !== "") ?? "";
  const names = [
    ...new Set(
      group.members
        .map((m) => graph.nodes[m].op)
        .filter((op) => op !== fullOp)
        .map((op) => op.name),
    ),
  ];
  return { op: fusedOp, attributes: { loop, names: names.join("+") || "full" }, inputs, outputs, label };
}

/** Values read by another group, read back, or committed. */
function neededOutside(graph: Graph, ownerOf: ReadonlyMap<number, Group>): Set<number> {
  const needed = new Set<number>([...graph.outputs, ...graph.commits.map((c) => c.from)]);
  const makers = producers(graph);
  graph.nodes.forEach((node, position) => {
    for (const id of node.inputs) {
      const maker = makers[id];
      if (maker >= 0 && ownerOf.get(maker) !== ownerOf.get(position)) needed.add(id);
    }
  });
  return needed;
}

function last(group: Group): number {
  return group.members[group.members.length - 1];
}
