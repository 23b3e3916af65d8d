/**
 * Activation functions that are called as functions, or come from a file in ONNX, and record several ops: a row of ops is such
 * a function if it is wired as what the function itself records, with the same constants.
 */
import { isPlainObject } from "../base/builtin_kinds.ts";
import { lastNodeId, type Node, type Value } from "../graph/node.ts";
import * as F from "../nn/functional.ts";
import { noGrad } from "../tensor/autograd.ts";
import { zeros } from "../tensor/filled.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { canonical } from "./recording.ts";

const FUNCTIONS: readonly (readonly [name: string, call: (x: Tensor) => Tensor])[] = [
  ["Hardswish", F.hardswish],
  ["Hardsigmoid", F.hardsigmoid],
  ["GELU", F.gelu],
  ["GELU", (x) => F.gelu(x, { approximate: "tanh" })],
  ["Mish", F.mish],
  ["SiLU", F.silu],
  ["SELU", F.selu],
];

/** A function by the ops that it records, each as text. */
interface Pattern {
  readonly name: string;
  readonly ops: readonly string[];
}

let patterns: readonly Pattern[] | undefined;

/** Longest first: parts of a function may be functions themselves. */
function knownPatterns(): readonly Pattern[] {
  patterns ??= FUNCTIONS.map(([name, call]) => ({ name, ops: recorded(call) })).sort(
    (a, b) => b.ops.length - a.ops.length,
  );
  return patterns;
}

function recorded(call: (x: Tensor) => Tensor): string[] {
  const input = zeros([1, 2, 2, 2]);
  const first = lastNodeId();
  const output = noGrad(() => call(input));
  const nodes = new Set<Node>();
  const stack = [output.value.node];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === null || node.id <= first) continue;
    nodes.add(node);
    for (const value of node.inputs) stack.push(value.node);
  }
  const source = canonical(input.value);
  const live = new Set<Value>([source]);
  const steps = [...nodes]
    .sort((a, b) => a.id - b.id)
    .filter((node) => {
      const isLive = node.inputs.some((value) => live.has(canonical(value)));
      if (isLive) for (const value of node.outputs) live.add(value);
      return isLive;
    });
  return wiring(steps, source);
}

/** Each op with what it reads: the source, an op before it, a constant, or anything else. */
function wiring(nodes: readonly Node[], source: Value): string[] {
  const places = new Map<Value, string>([[source, "x"]]);
  return nodes.map(({ op, attributes, inputs, outputs }, i) => {
    outputs.forEach((value, at) => places.set(value, `${i}.${at}`));
    const read = inputs.map((value) => places.get(canonical(value)) ?? constantText(value));
    const set = op.name === "cast" || op.name === "reshape" ? "" : JSON.stringify(attributes);
    return `${op.name}${set}(${read.join(",")})`;
  });
}

/** A constant by its number; `?` for anything but a constant of one element. */
function constantText({ node, shape }: Value): string {
  const attributes = node?.op.name === "full" && isPlainObject(node.attributes) ? node.attributes : undefined;
  const isSingle = shape.every((size) => size === 1);
  return attributes !== undefined && isSingle ? `c${attributes.value}` : "?";
}

/** The function that a row of ops begins with, how many ops it takes, and of what; null if there is none. */
export function functionAt(
  nodes: readonly Node[],
): { readonly name: string; readonly length: number; readonly source: Value } | null {
  const [first] = nodes;
  if (first === undefined) return null;
  for (const { name, ops } of knownPatterns()) {
    const row = nodes.slice(0, ops.length);
    if (row.length < ops.length || first.op.name !== nameOf(ops[0])) continue;
    for (const source of first.inputs)
      if (String(wiring(row, canonical(source))) === String(ops)) return { name, length: ops.length, source };
  }
  return null;
}

const nameOf = (op: string): string => op.slice(0, op.search(/[{(]/));
