/**
 * Keeps images with their channels last in memory, from one convolution to the next.
 *
 * A value [N, C, H, W] gets a twin [N, H, W, C] if an engine's kernels prefer it; element-wise ops, reductions,
 * concatenations and slices between them follow their inputs. To the engine a twin is an ordinary row-major value
 * of the permuted shape. Only ops that know the layout by name (convolutions, pooling) carry the attribute
 * `layout: "channelsLast"`; their other attributes keep their meaning. Twins are made and undone by `permute`,
 * or by `reshape` if no element moves.
 */
import { numel, type Shape } from "../../base/shape.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { fullOp } from "../../ops/creation.ts";
import { expandOp, permuteOp, reshapeOp } from "../../ops/shape/shape_ops.ts";
import { catOp, sliceOp, unsliceOp } from "../../ops/shape/slicing.ts";
import type { StepPlanner } from "../compile.ts";
import { GraphBuilder, producers } from "./rewrite.ts";

const LAST = [0, 2, 3, 1];
const FIRST = [0, 3, 1, 2];

export function channelsLast(graph: Graph, planner: StepPlanner): Graph {
  const pass = new LayoutPass(graph, (node) => planner.prefersChannelsLast(graph.values, node));
  for (const node of graph.nodes) pass.take(node);
  return pass.finish();
}

class LayoutPass {
  private readonly graph: Graph;
  private readonly prefersIt: (node: GraphNode) => boolean;
  private readonly builder: GraphBuilder;
  private readonly makers: Int32Array;
  /** The channels-last twin of each value that has one. */
  private readonly twins = new Map<number, number>();
  /** Values that so far exist as their twin only. */
  private readonly lastOnly = new Set<number>();
  /** Values whose twin was made by a step, not by rearranging. */
  private readonly natural = new Set<number>();

  constructor(graph: Graph, prefersIt: (node: GraphNode) => boolean) {
    this.graph = graph;
    this.prefersIt = prefersIt;
    this.builder = new GraphBuilder(graph);
    this.makers = producers(graph);
  }

  take(node: GraphNode): void {
    if (this.takeAnchor(node) || this.takeFollower(node)) return;
    this.builder.addNode({ ...node, inputs: node.inputs.map((id) => this.plain(id)) });
  }

  finish(): Graph {
    for (const id of this.graph.outputs) this.plain(id);
    for (const { from } of this.graph.commits) this.plain(from);
    return this.builder.finish();
  }

  private takeAnchor(node: GraphNode): boolean {
    const { images } = node.op;
    if (images === undefined || !this.prefersIt(node)) return false;
    // Pools alone are not worth a rearrangement.
    if (!images.rearranges && !images.inputs.some((i) => this.natural.has(node.inputs[i]))) return false;
    this.builder.addNode({
      ...node,
      attributes: { ...node.attributes, layout: "channelsLast", imageOperands: images },
      inputs: node.inputs.map((id, i) => (images.inputs.includes(i) ? this.last(id) : this.plain(id))),
      outputs: images.outputs ? node.outputs.map((id) => this.makeTwin(id)) : node.outputs,
    });
    return true;
  }

  /** Ops that do the same to permuted dimensions. */
  private takeFollower(node: GraphNode): boolean {
    const { op, attributes, inputs, outputs } = node;
    const leads = (id: number) => this.natural.has(id) && this.graph.values[id].shape.length === 4;
    if (!inputs.some(leads)) return false;
    const shape = this.graph.values[outputs[0]].shape;
    if (op.reduction !== undefined) return this.takeReduction(node);
    if (shape.length !== 4) return false;
    if (op.elementwise !== undefined) {
      const size = numel(shape);
      if (!inputs.some((id) => leads(id) && numel(this.graph.values[id].shape) === size)) return false;
      this.follow(node, attributes);
    } else if (op === catOp) {
      this.follow(node, { ...attributes, dim: LAST.indexOf(attributes.dim as number) });
    } else if (op === sliceOp || op === unsliceOp) {
      const permuted = Object.entries(attributes).map(([name, list]) => [
        name,
        permute(list as number[], LAST),
      ]);
      this.follow(node, Object.fromEntries(permuted));
    } else if (op === expandOp) {
      this.follow(node, { ...attributes, shape: permute(shape, LAST) });
    } else {
      return false;
    }
    return true;
  }

  private follow(node: GraphNode, attributes: GraphNode["attributes"]): void {
    const inputs = node.inputs.map((id) => this.last(id));
    this.builder.addNode({
      ...node,
      attributes,
      inputs,
      outputs: node.outputs.map((id) => this.makeTwin(id)),
    });
  }

  private takeReduction(node: GraphNode): boolean {
    const dims = node.attributes.dims as readonly number[];
    const mapped = dims.map((d) => LAST.indexOf(d)).sort((a, b) => a - b);
    const attributes = { ...node.attributes, dims: mapped };
    if (node.attributes.keepdim === true) {
      this.follow(node, attributes);
      return true;
    }
    const rest = [0, 1, 2, 3].filter((d) => !dims.includes(d)).map((d) => LAST.indexOf(d));
    if (rest.some((at, i) => i > 0 && at < rest[i - 1])) return false;
    this.builder.addNode({ ...node, attributes, inputs: [this.last(node.inputs[0])] });
    return true;
  }

  /** A new value for the twin of a result; the result itself does not exist until someone asks for it. */
  private makeTwin(id: number): number {
    const { shape, dtype } = this.graph.values[id];
    const twin = this.builder.addValue({ shape: permute(shape, LAST), dtype });
    this.twins.set(id, twin);
    this.lastOnly.add(id);
    this.natural.add(id);
    return twin;
  }

  /** The value as the program has it. */
  private plain(id: number): number {
    if (!this.lastOnly.delete(id)) return id;
    this.rearrange(this.twins.get(id) as number, id, FIRST);
    return id;
  }

  /** The twin, made if there is none; values of fewer dimensions are seen as broadcast to four. */
  private last(id: number): number {
    // From the source of a chain of broadcasts on: a call for each of them would be too deep.
    const chain = [id];
    for (let at = id; this.isSpread(at) && !this.twins.has(at); ) {
      [at] = this.graph.nodes[this.makers[at]].inputs;
      if (at === undefined) break;
      chain.push(at);
    }
    for (let i = chain.length - 1; i > 0; i--) this.lastAlone(chain[i]);
    return this.lastAlone(id);
  }

  private lastAlone(id: number): number {
    const known = this.twins.get(id);
    if (known !== undefined) return known;
    const { shape, dtype } = this.graph.values[id];
    if (shape.length === 0) return id;
    const four = [...Array.from({ length: 4 - shape.length }, () => 1), ...shape];
    const twin = this.builder.addValue({ shape: permute(four, LAST), dtype });
    this.twins.set(id, twin);
    if (this.spread(id, twin)) return twin;
    if (shape.length === 4 || keepsOrder(four, LAST)) {
      this.rearrange(id, twin, LAST, four);
      return twin;
    }
    const wide = this.builder.addValue({ shape: four, dtype });
    this.builder.addNode({
      op: reshapeOp,
      attributes: { shape: four },
      inputs: [id],
      outputs: [wide],
      label: "",
    });
    this.rearrange(wide, twin, LAST);
    return twin;
  }

  /** Constants and broadcasts are made again rather than rearranged. */
  private spread(id: number, twin: number): boolean {
    if (!this.isSpread(id)) return false;
    const maker = this.graph.nodes[this.makers[id]];
    const { shape } = this.builder.values[twin];
    const inputs = maker.inputs.map((input) => this.lastAlone(input));
    this.builder.addNode({ ...maker, attributes: { ...maker.attributes, shape }, inputs, outputs: [twin] });
    return true;
  }

  private isSpread(id: number): boolean {
    if (this.makers[id] < 0) return false;
    const { op } = this.graph.nodes[this.makers[id]];
    return op === fullOp || op === expandOp;
  }

  private rearrange(
    from: number,
    to: number,
    dims: readonly number[],
    shape = this.builder.values[from].shape,
  ): void {
    const node = keepsOrder(shape, dims)
      ? { op: reshapeOp, attributes: { shape: this.builder.values[to].shape } }
      : { op: permuteOp, attributes: { dims } };
    this.builder.addNode({ ...node, inputs: [from], outputs: [to], label: "" });
  }
}

/** Whether a permutation moves no element: it only moves dimensions of one. */
function keepsOrder(shape: Shape, dims: readonly number[]): boolean {
  const moving = dims.filter((d) => shape[d] !== 1);
  return moving.every((d, i) => i === 0 || d > moving[i - 1]) || shape.includes(0);
}

function permute(list: readonly number[], dims: readonly number[]): number[] {
  return dims.map((d) => list[d]);
}
