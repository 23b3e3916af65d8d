/** The body of a fused loop from the nodes of a group. */
import { broadcastStrides, type Shape } from "../../base/shape.ts";
import type {
  FusedBinary,
  FusedInstruction,
  FusedLoop,
  FusedOutput,
  FusedUnary,
} from "../../engines/contract/fused_loop.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { fullOp } from "../../ops/creation.ts";
import { expandOp } from "../../ops/shape/shape_ops.ts";

export interface Group {
  readonly id: number;
  /** Positions in the graph, ascending. */
  members: number[];
  /** Iteration space; null for a node that cannot be fused. */
  readonly shape: Shape | null;
  /** Axes of the group's reductions; null while it has none. */
  axes: readonly number[] | null;
}

export function buildLoop(
  graph: Graph,
  group: Group,
  outputs: readonly number[],
): { loop: FusedLoop; inputs: number[] } {
  const body = new Body(graph, group);
  for (const position of group.members) body.addNode(graph.nodes[position]);
  const stores = outputs.map((id) => body.output(id));
  return {
    loop: { shape: body.shape, inputs: body.loads, body: body.instructions, outputs: stores },
    inputs: body.inputs,
  };
}

class Body {
  readonly shape: readonly number[];
  readonly instructions: FusedInstruction[] = [];
  readonly inputs: number[] = [];
  readonly loads: { dtype: FusedInstruction["dtype"]; strides: number[] }[] = [];
  private readonly graph: Graph;
  private readonly group: Group;
  /** Instruction that holds each value. */
  private readonly at = new Map<number, number>();
  /** Reductions of the group by the value that they make. */
  private readonly reductions = new Map<number, GraphNode>();

  constructor(graph: Graph, group: Group) {
    this.graph = graph;
    this.group = group;
    this.shape = group.shape as readonly number[];
  }

  addNode(node: GraphNode): void {
    const [output] = node.outputs;
    if (node.op.reduction !== undefined) {
      this.operand(node.inputs[0]);
      this.reductions.set(output, node);
    } else if (node.op === fullOp) {
      this.define(output, {
        kind: "constant",
        value: node.attributes.value as number,
        dtype: this.graph.values[output].dtype,
      });
    } else if (node.op === expandOp) {
      this.at.set(output, this.operand(node.inputs[0]));
    } else {
      this.define(output, this.instruction(node));
    }
  }

  output(id: number): FusedOutput {
    const dtype = this.graph.values[id].dtype;
    const reduction = this.reductions.get(id);
    if (reduction === undefined) return { kind: "store", value: this.at.get(id) as number, dtype };
    const op = reduction.op.reduction as "sum" | "amax" | "amin";
    return {
      kind: "reduce",
      op,
      value: this.operand(reduction.inputs[0]),
      axes: this.group.axes ?? [],
      dtype,
    };
  }

  private instruction(node: GraphNode): FusedInstruction {
    const dtype = this.graph.values[node.outputs[0]].dtype;
    const how = node.op.elementwise as NonNullable<typeof node.op.elementwise>;
    const operands = node.inputs.map((id) => this.operand(id));
    switch (how.kind) {
      case "unary":
        return { kind: "unary", op: how.op as FusedUnary, a: operands[0], dtype };
      case "binary":
        return { kind: "binary", op: how.op as FusedBinary, a: operands[0], b: operands[1], dtype };
      case "where":
        return { kind: "where", condition: operands[0], a: operands[1], b: operands[2], dtype };
      case "cast":
        return { kind: "cast", a: operands[0], dtype };
    }
  }

  /** The instruction that holds a value at this point: made in the group, or loaded. */
  private operand(id: number): number {
    const known = this.at.get(id);
    if (known !== undefined) return known;
    const { shape, dtype } = this.graph.values[id];
    this.inputs.push(id);
    this.loads.push({ dtype, strides: broadcastStrides(shape, this.shape) });
    return this.define(id, { kind: "load", input: this.inputs.length - 1, dtype });
  }

  private define(id: number, instruction: FusedInstruction): number {
    this.instructions.push(instruction);
    this.at.set(id, this.instructions.length - 1);
    return this.instructions.length - 1;
  }
}
