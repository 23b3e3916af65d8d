/** The order in which nodes are computed. */
import type { Failure } from "../../io/formats/format_failure.ts";
import type { OnnxNode } from "../../io/formats/onnx/onnx_model.ts";

/**
 * Nodes behind those whose results they use. Files should hold them so; where that is true nothing changes.
 *
 * @throws FileError if a value is given by nothing, twice, or by itself.
 */
export function inOrder(nodes: readonly OnnxNode[], given: ReadonlySet<string>, fail: Failure): OnnxNode[] {
  const producers = new Map<string, OnnxNode>();
  for (const node of nodes)
    for (const name of node.outputs) {
      if (name === "") continue;
      if (producers.has(name) || given.has(name)) throw fail(`the value ${shown(name)} is given twice`);
      producers.set(name, node);
    }
  const known = new Set(given);
  let isOrdered = true;
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (name === "" || known.has(name)) continue;
      if (!producers.has(name))
        throw fail(`${node.opType} ${shown(node.name)} uses the value ${shown(name)}, which nothing gives`);
      isOrdered = false;
    }
    // What graphs inside use is theirs or the outer graph's.
    for (const name of usedNames([node], [])) if (!known.has(name) && producers.has(name)) isOrdered = false;
    for (const name of node.outputs) known.add(name);
  }
  return isOrdered ? [...nodes] : sorted(nodes, producers, fail);
}

/** Names that nodes and the graphs inside them use, and these outputs. */
export function usedNames(nodes: readonly OnnxNode[], outputs: readonly string[]): Set<string> {
  const used = new Set(outputs);
  const note = (list: readonly OnnxNode[]): void => {
    for (const { inputs, attributes } of list) {
      for (const name of inputs) used.add(name);
      for (const attribute of attributes.values()) {
        if (attribute.type !== "graph") continue;
        note(attribute.value.nodes);
        for (const { name } of attribute.value.outputs) used.add(name);
      }
    }
  };
  note(nodes);
  return used;
}

/**
 * Nodes whose outputs that nothing uses are not asked for: exporters name masks and statistics that no one reads. The first
 * output of a node keeps its name.
 */
export function withoutUnused(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const used = usedNames(nodes, outputs);
  return nodes.map((node) => {
    if (node.outputs.every((name, i) => i === 0 || used.has(name))) return node;
    return { ...node, outputs: node.outputs.map((name, i) => (i === 0 || used.has(name) ? name : "")) };
  });
}

function sorted(
  nodes: readonly OnnxNode[],
  producers: ReadonlyMap<string, OnnxNode>,
  fail: Failure,
): OnnxNode[] {
  const out: OnnxNode[] = [];
  const state = new Map<OnnxNode, "open" | "done">();
  for (const first of nodes) {
    // Without recursion: a chain may be as long as the file.
    const stack: OnnxNode[] = [first];
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (state.get(node) === "done") {
        stack.pop();
        continue;
      }
      const waiting = [...usedNames([node], [])]
        .map((name) => producers.get(name))
        .filter((one) => one !== undefined && state.get(one) !== "done") as OnnxNode[];
      if (waiting.length === 0) {
        state.set(node, "done");
        out.push(node);
        stack.pop();
      } else {
        if (state.get(node) === "open")
          throw fail(`${node.opType} ${shown(node.name)} uses what is computed from its own result`);
        state.set(node, "open");
        stack.push(...waiting);
      }
    }
  }
  return out;
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 200));
