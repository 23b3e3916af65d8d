/** From the nodes of a graph to what computes them. */
import { isError } from "../../base/builtin_kinds.ts";
import { ConvoyantError, FileError } from "../../base/errors.ts";
import type { Failure } from "../../io/formats/format_failure.ts";
import type { OnnxGraph, OnnxModel, OnnxNode } from "../../io/formats/onnx/onnx_model.ts";
import { nodesOf } from "./inline_functions.ts";
import type { OnnxValue } from "./known_array.ts";
import { inOrder, withoutUnused } from "./node_order.ts";
import {
  NodeFault,
  NodeInputs,
  NodeSettings,
  type OnnxOperator,
  type RunNode,
  UnsupportedNode,
} from "./operator.ts";
import { knownTensor } from "./operators/constants.ts";
import { OPERATORS } from "./operators/index.ts";

/** One node, ready to run. */
export interface NetworkStep {
  readonly label: string;
  /** What it uses; of a node with branches also what these use. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly run: RunNode;
  /** What an If computes when its condition is true, and when it is false. */
  readonly branches?: readonly [NetworkBranch, NetworkBranch];
}

/** Steps, and the names of what they give. */
export interface NetworkBranch {
  readonly steps: readonly NetworkStep[];
  readonly outputs: readonly string[];
}

/** A node with its operator. */
export interface BuiltNode extends NetworkStep {
  readonly node: OnnxNode;
  readonly operator: OnnxOperator;
}

interface Building {
  readonly model: OnnxModel;
  readonly opset: number;
  readonly fail: Failure;
}

/** What is refused, by operator, with the nodes. */
type Refused = Map<string, string[]>;

/** @throws FileError that names every operator which cannot be computed. */
export function buildNodes(nodes: readonly OnnxNode[], building: Building): BuiltNode[] {
  const refused: Refused = new Map();
  const outputs = building.model.graph.outputs.map(({ name }) => name);
  const built = builtNodes(withoutUnused(nodes, outputs), building, refused);
  if (refused.size === 0) return built;
  throw building.fail(
    `it has operators that are not supported: ${refusedText(refused)}`,
    "docs/formats.md lists those that are",
  );
}

function builtNodes(nodes: readonly OnnxNode[], building: Building, refused: Refused): BuiltNode[] {
  const built: BuiltNode[] = [];
  const refuse = (what: string, node: OnnxNode) => {
    const where = node.name || node.outputs[0] || "";
    refused.set(what, [...(refused.get(what) ?? []), where]);
  };
  for (const node of nodes) {
    const { opType, domain, inputs, outputs } = node;
    const operator = domain === "" ? OPERATORS.get(opType) : undefined;
    if (operator === undefined) {
      refuse(domain === "" ? opType : `${domain}.${opType}`, node);
      continue;
    }
    const label = labelOf(node);
    try {
      const run = operator.build(new NodeSettings({ ...node, opset: building.opset }));
      const step = { node, operator, label, inputs, outputs, run };
      built.push(opType === "If" ? withBranches(step, building, refused) : step);
    } catch (error) {
      if (error instanceof UnsupportedNode) refuse(`${opType} ${error.message}`, node);
      else if (error instanceof FileError) throw building.fail(`${label}: ${error.message}`);
      else throw error;
    }
  }
  return built;
}

function labelOf({ name, opType, outputs }: OnnxNode): string {
  return name === ""
    ? `${opType} of ${JSON.stringify((outputs[0] ?? "").slice(0, 200))}`
    : `${opType} ${JSON.stringify(name.slice(0, 200))}`;
}

/** As many as a message names one by one. */
const MOST_NAMED = 20;

function refusedText(refused: Refused): string {
  const texts = [...refused].slice(0, MOST_NAMED).map(([what, nodes]) => {
    const more = nodes.length > 1 ? ` and ${nodes.length - 1} more` : "";
    return `${what.slice(0, 200)} (node ${JSON.stringify(nodes[0].slice(0, 100))}${more})`;
  });
  const rest = refused.size - texts.length;
  return texts.join(", ") + (rest > 0 ? `, and ${rest} others` : "");
}

/** An If with the steps of both its branches. */
function withBranches(step: BuiltNode, building: Building, refused: Refused): BuiltNode {
  const branches = ["then_branch", "else_branch"].map((key) => {
    const graph = step.node.attributes.get(key);
    if (graph?.type !== "graph") throw new UnsupportedNode(`without ${key}`);
    return branchOf(graph.value, `${step.outputs[0]}/${key}/`, building, refused);
  }) as [NetworkBranch, NetworkBranch];
  const inner = branches.flatMap(({ steps, outputs }) => {
    const own = new Set(steps.flatMap((one) => one.outputs));
    return [...steps.flatMap((one) => one.inputs), ...outputs].filter(
      (name) => name !== "" && !own.has(name),
    );
  });
  return { ...step, inputs: [step.inputs[0], ...new Set(inner)], branches };
}

/** A graph inside a node. Its own names get a prefix: both branches may use the same. */
function branchOf(graph: OnnxGraph, prefix: string, building: Building, refused: Refused): NetworkBranch {
  const nodes = nodesOf({ ...building.model, graph }, building.fail);
  const own = new Set([
    ...graph.initializers.map(({ name }) => name),
    ...nodes.flatMap(({ outputs }) => outputs),
  ]);
  const renamed = (name: string) => (own.has(name) && name !== "" ? prefix + name : name);
  const outer = nodes.flatMap(({ inputs }) => inputs).filter((name) => !own.has(name));
  const given = new Set([...outer, ...graph.initializers.map(({ name }) => name)]);
  const ordered = inOrder(nodes, given, building.fail).map((node) => ({
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
  }));
  const outputs = graph.outputs.map(({ name }) => renamed(name));
  const constants = graph.initializers.map((tensor): NetworkStep => {
    const array = knownTensor(tensor, building.fail);
    return { label: tensor.name, inputs: [], outputs: [renamed(tensor.name)], run: () => array };
  });
  return {
    steps: [...constants, ...builtNodes(withoutUnused(ordered, outputs), building, refused)],
    outputs,
  };
}

/**
 * What a node gives for constants, when the network is loaded.
 *
 * @throws FileError if it cannot be computed.
 */
export function computed(
  label: string,
  run: RunNode,
  given: readonly (OnnxValue | undefined)[],
  fail: Failure,
): OnnxValue[] {
  try {
    return [run(new NodeInputs(given), false)].flat() as OnnxValue[];
  } catch (error) {
    // A RangeError: an array of a length that no array can have.
    const known = error instanceof NodeFault || error instanceof ConvoyantError;
    if (known || (isError(error) && error.name === "RangeError"))
      throw fail(`${label}: ${(error as Error).message}`);
    throw error;
  }
}
