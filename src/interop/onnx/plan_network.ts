/** From the nodes of a file to steps that can be run: which operators there are, which constants are weights. */

import { isFloating } from "../../base/dtype.ts";
import type { Failure } from "../../io/formats/format_failure.ts";
import type { OnnxModel } from "../../io/formats/onnx/onnx_model.ts";
import { type BuiltNode, buildNodes, computed, type NetworkStep } from "./build_nodes.ts";
import { nodesOf } from "./inline_functions.ts";
import { isKnown, KnownArray } from "./known_array.ts";
import { inOrder, usedNames } from "./node_order.ts";
import { knownTensor } from "./operators/constants.ts";

/** A network, ready to be made a module. */
export interface NetworkPlan {
  readonly steps: readonly NetworkStep[];
  /** What is trained, by its name in the file, in the order of use. */
  readonly weights: ReadonlyMap<string, KnownArray>;
  /** Running statistics. */
  readonly statistics: ReadonlyMap<string, KnownArray>;
  /** What is known when the network is loaded, and stays as it is. */
  readonly constants: ReadonlyMap<string, KnownArray>;
  readonly opset: number;
}

/** Opsets that are read. In 6, inputs are broadcast by request; before, most operators differ. */
const OLDEST_OPSET = 6;
const NEWEST_OPSET = 22;

/**
 * Looks at all nodes before any is refused, so that the message names every operator that is unknown.
 *
 * @throws FileError for opsets that are not read, operators or forms of them that cannot be computed, values that no node
 *   gives.
 */
export function planNetwork(
  model: OnnxModel,
  fail: Failure,
  batch: number | string | undefined,
): NetworkPlan {
  const opset = opsetOf(model, fail);
  const { graph } = model;
  const inputs = graph.inputs.map(({ name }) => name);
  const initializers = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const nodes = inOrder(nodesOf(model, fail), new Set([...inputs, ...initializers.keys()]), fail);
  const all = buildNodes(nodes, { model, opset, fail });
  const arrays = new Map<string, KnownArray>();
  const used = usedNames(
    nodes,
    graph.outputs.map(({ name }) => name),
  );
  for (const [name, tensor] of initializers) if (used.has(name)) arrays.set(name, knownTensor(tensor, fail));
  const roots = constantRoots(all, arrays, fail);
  const built = typeof batch === "number" ? withFreeBatch(all, inputs, batch, roots) : all;
  const { weights, statistics } = findWeights(built, roots);
  const constants = new Map([...roots].filter(([name]) => !weights.has(name) && !statistics.has(name)));
  const steps = foldConstants(built, constants, new Set([...weights.keys(), ...statistics.keys()]), fail);
  return { steps, weights, statistics, constants, opset };
}

function opsetOf({ opsetImports }: OnnxModel, fail: Failure): number {
  // A file without nodes of ONNX' own operators need not say; those before the third version of the format do not.
  if (opsetImports.length > 0 && !opsetImports.some(({ domain }) => domain === "")) return NEWEST_OPSET;
  const version = opsetImports.find(({ domain }) => domain === "")?.version ?? 1;
  if (version >= OLDEST_OPSET && version <= NEWEST_OPSET) return version;
  throw fail(
    `it is of opset ${version}; opsets ${OLDEST_OPSET + 1} to ${NEWEST_OPSET} are read`,
    version > NEWEST_OPSET
      ? "export it with an older one: torch.onnx.export(..., opset_version=17)"
      : "convert it: onnx.version_converter.convert_version(model, 17)",
  );
}

/** Reshape nodes whose shape begins with the batch size keep the size that there is instead. */
function withFreeBatch(
  nodes: readonly BuiltNode[],
  inputs: readonly string[],
  batch: number,
  roots: Map<string, KnownArray>,
): BuiltNode[] {
  const dependent = new Set(inputs.filter((name) => !roots.has(name)));
  return nodes.map((node) => {
    if (!node.inputs.some((name) => dependent.has(name))) return node;
    for (const name of node.outputs) dependent.add(name);
    const [data, shapeName] = node.inputs;
    const shape = node.node.opType === "Reshape" ? roots.get(shapeName) : undefined;
    if (shape === undefined || !dependent.has(data) || shape.data[0] !== batch) return node;
    const free = `${shapeName} with a free batch`;
    roots.set(free, KnownArray.of("int64", shape.shape, [0, ...Array.from(shape.data).slice(1)]));
    return { ...node, inputs: [data, free] };
  });
}

/** Constants before anything is computed from them: initializers, and what Constant and ConstantOfShape nodes give. */
function constantRoots(
  nodes: readonly BuiltNode[],
  initializers: ReadonlyMap<string, KnownArray>,
  fail: Failure,
) {
  const roots = new Map(initializers);
  for (const { node, label, run, inputs, outputs } of nodes) {
    if (node.opType !== "Constant" && node.opType !== "ConstantOfShape") continue;
    const given = inputs.map((name) => roots.get(name));
    if (given.some((value) => value === undefined)) continue;
    const [out] = computed(label, run, given, fail);
    if (isKnown(out)) roots.set(outputs[0], out);
  }
  return roots;
}

function findWeights(nodes: readonly BuiltNode[], roots: ReadonlyMap<string, KnownArray>) {
  const weights = new Map<string, KnownArray>();
  const statistics = new Map<string, KnownArray>();
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const rootOf = (name: string): string | undefined => {
    let at = name;
    while (!roots.has(at)) {
      const producer = producers.get(at);
      if (producer?.operator.isView !== true) return undefined;
      at = producer.inputs[0];
    }
    return at;
  };
  /** Values that depend on weights. */
  const learned = new Set<string>();
  const note = (name: string | undefined, among: Map<string, KnownArray>): boolean => {
    const root = name === undefined ? undefined : rootOf(name);
    const array = root === undefined ? undefined : roots.get(root);
    if (root === undefined || array === undefined || !isFloating(array.dtype)) return false;
    if (among === statistics && root !== name) return false;
    if (!weights.has(root) && !statistics.has(root)) among.set(root, array);
    return true;
  };
  for (const { operator, inputs, outputs } of nodes) {
    const found = (operator.weights ?? []).map((place) => note(inputs[place], weights));
    for (const place of operator.statistics ?? []) note(inputs[place], statistics);
    if (operator.joinsLayers === true && inputs.length === 2)
      for (const [one, other] of [inputs, [...inputs].reverse()]) {
        const root = learned.has(other) ? rootOf(one) : undefined;
        if (root !== undefined && (roots.get(root) as KnownArray).size > 1) note(one, weights);
      }
    if (found.includes(true) || inputs.some((name) => learned.has(name)))
      for (const name of outputs) learned.add(name);
  }
  return { weights, statistics };
}

/** Computes what depends on constants alone, and returns the nodes that are left. */
function foldConstants(
  nodes: readonly BuiltNode[],
  constants: Map<string, KnownArray>,
  variable: ReadonlySet<string>,
  fail: Failure,
): NetworkStep[] {
  const steps: NetworkStep[] = [];
  for (const step of nodes) {
    const { operator, label, inputs, outputs, run } = step;
    if (outputs.some((name) => variable.has(name) || constants.has(name))) continue;
    const given = inputs.map((name) => (name === "" ? undefined : constants.get(name)));
    const ready =
      operator.onKnown === true && inputs.every((name, i) => name === "" || given[i] !== undefined);
    const out = ready ? computed(label, run, given, fail) : [];
    if (ready && out.every(isKnown)) {
      outputs.forEach((name, i) => {
        if (name !== "") constants.set(name, out[i] as KnownArray);
      });
    } else steps.push(step);
  }
  return steps;
}
