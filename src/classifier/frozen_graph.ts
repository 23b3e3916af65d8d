/** Rewrites what a network recorded: what follows from weights alone is computed once and stays in device buffers. */

import { numel } from "../base/shape.ts";
import { emit, emitAll, insideCall, type Node, setGradientMode, type Value } from "../graph/node.ts";
import { addOp, mulOp } from "../ops/elementwise/elementwise.ts";
import { conv2dOp } from "../ops/nn/convolution.ts";
import { reshapeOp } from "../ops/shape/shape_ops.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { fromTypedArray } from "../tensor/tensor.ts";

/** A convolution whose result is alone read by a product and a sum with a number for each channel. */
interface Scaled {
  readonly convolution: Node;
  readonly factors: Value;
  readonly addends: Value;
}

/** The recorded result of a node, which several value objects can stand for. */
const resultOf = (value: Value): Value => value.node?.outputs[value.index] ?? value;

/** Records the nodes again, frozen. @param input - what the network was recorded on. */
export async function recordFrozen(
  nodes: readonly Node[],
  output: Value,
  input: Value,
): Promise<{ readonly input: Value; readonly output: Value }> {
  const graph = new RecordedGraph(nodes, output, input);
  const scaled = graph.scaledConvolutions();
  const absorbed = new Set<Node>();
  for (const { convolution, product } of scaled.values()) {
    absorbed.add(convolution);
    absorbed.add(product);
  }
  // What weights alone decide, in the order in which it is needed.
  const wanted: Value[] = [];
  const frozen = new Map<Value, Value>();
  const want = (value: Value): void => {
    const result = resultOf(value);
    if (!frozen.has(result)) wanted.push(result);
    frozen.set(result, result);
  };
  const folded = new Map<Node, { readonly weight: Value; readonly bias: Value }>();
  withoutGradient(() => {
    for (const node of nodes) {
      if (!graph.depends(node) || absorbed.has(node)) continue;
      const found = scaled.get(node);
      if (found !== undefined) {
        const own = foldedWeights(found);
        folded.set(node, own);
        want(own.weight);
        want(own.bias);
      } else for (const value of node.inputs) if (!graph.isOfInput(value)) want(value);
    }
  });
  for (const value of wanted) frozen.set(value, await keptOnDevice(value));
  const made = new Map<Value, Value>([[input, input]]);
  const now = (value: Value): Value => {
    const result = resultOf(value);
    return made.get(result) ?? frozen.get(result) ?? result;
  };
  withoutGradient(() => {
    for (const node of nodes) {
      if (!graph.depends(node) || absorbed.has(node)) continue;
      const found = scaled.get(node);
      const own = folded.get(node);
      if (found !== undefined && own !== undefined) {
        const { convolution } = found;
        const inputs = [now(convolution.inputs[0]), now(own.weight), now(own.bias)];
        made.set(node.outputs[0], emit(convolution.op, inputs, convolution.attributes));
      } else
        emitAll(node.op, node.inputs.map(now), node.attributes).forEach((value, i) => {
          made.set(node.outputs[i], value);
        });
    }
  });
  return { input, output: now(output) };
}

function withoutGradient(body: () => void): void {
  const before = setGradientMode(false);
  try {
    insideCall(body);
  } finally {
    setGradientMode(before);
  }
}

/** A value that weights decide: itself if it is one of them or a given number, else computed, in a device buffer. */
async function keptOnDevice(value: Value): Promise<Value> {
  if (value.node === null || value.isMaterialised) return value;
  const data = await defaultSession().fetch(value);
  const { cell } = fromTypedArray(data.slice(), value.shape, value.dtype);
  defaultSession().requestDeviceBuffer(cell);
  return cell.value;
}

/** The weight of the convolution times the factors, and its bias likewise, with the addends. */
function foldedWeights({ convolution, factors, addends }: Scaled): {
  readonly weight: Value;
  readonly bias: Value;
} {
  const [, weight, bias] = convolution.inputs;
  const [channels] = weight.shape;
  const reshaped = (value: Value, shape: readonly number[]) => emit(reshapeOp, [value], { shape });
  const shift = reshaped(addends, [channels]);
  const scaledBias =
    bias === undefined ? shift : emit(addOp, [emit(mulOp, [bias, reshaped(factors, [channels])]), shift]);
  return {
    weight: emit(mulOp, [weight, reshaped(factors, [channels, 1, 1, 1])]),
    bias: scaledBias,
  };
}

/** What was recorded, and what of it depends on the input. */
class RecordedGraph {
  readonly #nodes: readonly Node[];
  readonly #output: Value;
  readonly #ofInput = new Set<Value>();
  readonly #readers = new Map<Value, Node[]>();

  constructor(nodes: readonly Node[], output: Value, input: Value) {
    this.#nodes = nodes;
    this.#output = resultOf(output);
    this.#ofInput.add(input);
    for (const node of nodes) {
      for (const value of node.inputs) {
        const result = resultOf(value);
        const readers = this.#readers.get(result);
        if (readers === undefined) this.#readers.set(result, [node]);
        else readers.push(node);
      }
      if (node.inputs.some((value) => this.isOfInput(value)))
        for (const result of node.outputs) this.#ofInput.add(result);
    }
  }

  isOfInput(value: Value): boolean {
    return this.#ofInput.has(resultOf(value));
  }

  depends(node: Node): boolean {
    return this.isOfInput(node.outputs[0]);
  }

  /** By the sum that ends them. */
  scaledConvolutions(): Map<Node, Scaled & { readonly product: Node }> {
    const found = new Map<Node, Scaled & { readonly product: Node }>();
    for (const node of this.#nodes) {
      if (node.op !== conv2dOp || !this.depends(node) || node.attributes.activation !== undefined) continue;
      if (node.inputs.slice(1).some((value) => this.isOfInput(value))) continue;
      const channels = node.outputs[0].shape[1];
      const product = this.#scaling(node.outputs[0], mulOp, channels);
      const sum = product && this.#scaling(product.node.outputs[0], addOp, channels);
      if (product === undefined || sum === undefined) continue;
      const { node: last, other: addends } = sum;
      found.set(last, { convolution: node, product: product.node, factors: product.other, addends });
    }
    return found;
  }

  /** The node of this op that alone reads a value, if its other operand is a number of weights for each channel. */
  #scaling(value: Value, op: Node["op"], channels: number): { node: Node; other: Value } | undefined {
    const readers = this.#readers.get(value) ?? [];
    if (readers.length !== 1 || value === this.#output || readers[0].op !== op) return undefined;
    const [node] = readers;
    const [a, b] = node.inputs;
    const other = resultOf(a) === value ? b : a;
    const { shape, dtype } = other;
    const perChannel = shape.length === 4 && shape[1] === channels && numel(shape) === channels;
    return perChannel && dtype === "float32" && !this.isOfInput(other) ? { node, other } : undefined;
  }
}
