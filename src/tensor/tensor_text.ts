/** What a tensor shows: in consoles, in printed form, and to assertions. */
import type { TypedArray } from "../base/dtype.ts";
import { formatShape, numel } from "../base/shape.ts";
import type { Value } from "../graph/node.ts";
import { formatTensor } from "./format.ts";
import type { Tensor } from "./tensor.ts";

/** Inside of other objects (a state dict, say) only tensors of at most this many elements show them. */
const FEW = 8;

/** Shape, dtype, whether a gradient is wanted, and the elements when they are here. */
export function tensorText(tensor: Tensor, nested: boolean): string {
  const { data, shape, dtype } = tensor.value;
  const facts = `shape=${formatShape(shape)}, dtype=${dtype}, requiresGrad=${tensor.requiresGrad}`;
  if (data === null)
    return `tensor(${facts}, not computed yet or not read; await x.print() shows the values)`;
  if (nested && numel(shape) > FEW) return `tensor(${facts})`;
  return formatTensor(data, shape, dtype, facts);
}

/** PyTorch's printed form of a tensor whose elements are here. */
export function printedTensor(tensor: Tensor): string {
  const { data, shape, dtype } = tensor.value;
  const { gradFn } = tensor;
  const note =
    gradFn !== null ? `grad_fn=<${nodeName(gradFn.name)}>` : tensor.requiresGrad ? "requires_grad=True" : "";
  const text = formatTensor(data as TypedArray, shape, dtype, undefined, note);
  return tensor.isParameter ? `Parameter containing:\n${text}` : text;
}

/** `mul` as PyTorch names the tape's node, `MulBackward0`. */
function nodeName(op: string): string {
  return `${op[0].toUpperCase()}${op.slice(1)}Backward0`;
}

const numbers = new WeakMap<Value, number>();
let known = 0;

/**
 * What `Object.prototype.toString` says: the same of tensors of the same kind and elements, and another of every tensor
 * whose elements are not here. node:assert, Jest and Vitest compare it before they look at fields.
 */
export function tensorTag(tensor: Tensor): string {
  const { value } = tensor;
  const text = tensorText(tensor, false).replace(/\s+/g, " ");
  if (value.data !== null) return `${text} #${fingerprint(value.data)}`;
  let number = numbers.get(value);
  if (number === undefined) {
    number = ++known;
    numbers.set(value, number);
  }
  return `${text} #${number}; compare await x.tolist()`;
}

/** FNV-1a over the bytes. */
function fingerprint(data: TypedArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
