/** Operators that a file defines itself, put in place of the nodes that use them. */
import type { Failure } from "../../io/formats/format_failure.ts";
import type { OnnxAttribute, OnnxFunction, OnnxModel, OnnxNode } from "../../io/formats/onnx/onnx_model.ts";

/** Functions that call each other multiply: more nodes than this are not a network. */
const MOST_NODES = 1 << 17;
const MOST_LEVELS = 32;

/** The nodes of a network, none of which is one of its own functions. */
export function nodesOf({ graph, functions }: OnnxModel, fail: Failure): OnnxNode[] {
  if (functions.length === 0) return [...graph.nodes];
  const byName = new Map(functions.map((one) => [`${one.domain}.${one.name}`, one]));
  const out: OnnxNode[] = [];
  let calls = 0;
  const visit = (node: OnnxNode, level: number): void => {
    const called = byName.get(`${node.domain}.${node.opType}`);
    if (called === undefined) out.push(node);
    else {
      if (level === MOST_LEVELS) throw fail(`its functions call each other more than ${MOST_LEVELS} deep`);
      for (const inner of bodyOf(called, node, `${node.name || called.name}/${calls++}`))
        visit(inner, level + 1);
    }
    if (out.length > MOST_NODES || calls > MOST_NODES)
      throw fail(`its functions amount to more than ${MOST_NODES} nodes`);
  };
  for (const node of graph.nodes) visit(node, 0);
  return out;
}

/** A function's nodes with the caller's names and attributes. */
function bodyOf(one: OnnxFunction, caller: OnnxNode, prefix: string): OnnxNode[] {
  const names = new Map<string, string>([["", ""]]);
  one.inputs.forEach((name, i) => {
    names.set(name, caller.inputs[i] ?? "");
  });
  one.outputs.forEach((name, i) => {
    // An output that is not asked for is computed all the same.
    names.set(name, (caller.outputs[i] ?? "") || `${prefix}/${name}`);
  });
  const renamed = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const inner = `${prefix}/${name}`;
    names.set(name, inner);
    return inner;
  };
  return one.nodes.map((node) => ({
    ...node,
    name: `${prefix}/${node.name || node.opType}`,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
    attributes: resolvedAttributes(node, one, caller),
  }));
}

function resolvedAttributes(node: OnnxNode, one: OnnxFunction, caller: OnnxNode): Map<string, OnnxAttribute> {
  const out = new Map<string, OnnxAttribute>();
  for (const [key, attribute] of node.attributes) {
    if (attribute.type !== "reference") out.set(key, attribute);
    else {
      const given = caller.attributes.get(attribute.value) ?? one.defaults.get(attribute.value);
      if (given !== undefined) out.set(key, given);
    }
  }
  return out;
}
