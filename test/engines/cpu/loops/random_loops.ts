/** Random fused loops and inputs, from a seed. */

import type { DType, TypedArray } from "../../../../src/base/dtype.ts";
import { allocateArray } from "../../../../src/base/dtype.ts";
import { contiguousStrides } from "../../../../src/base/shape.ts";
import type {
  FusedBinary,
  FusedInstruction,
  FusedLoop,
  FusedOutput,
  FusedUnary,
} from "../../../../src/engines/contract/fused_loop.ts";

export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2654435761 + 12345) >>> 0;
  }
  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

const FLOAT_UNARY: FusedUnary[] = [
  "neg",
  "abs",
  "floor",
  "ceil",
  "round",
  "trunc",
  "sign",
  "relu",
  "relu6",
  "sqrt",
  "exp",
  "sigmoid",
  "tanh",
  "erf",
  "expm1",
  "sin",
  "cos",
];
const INT_UNARY: FusedUnary[] = ["neg", "abs", "sign", "relu", "relu6"];
const ARITHMETIC: FusedBinary[] = ["add", "sub", "mul", "minimum", "maximum"];
const COMPARE: FusedBinary[] = ["eq", "ne", "lt", "le", "gt", "ge"];

export function randomShape(random: Random): number[] {
  const rank = random.below(5);
  const sizes = [1, 2, 3, 4, 5, 7, 8, 10, 16, 17, 33];
  const shape = Array.from({ length: rank }, () => random.pick(sizes));
  while (shape.reduce((n, s) => n * s, 1) > 6000) shape[random.below(rank)] = 2;
  return shape;
}

export function randomStrides(random: Random, shape: readonly number[]): number[] {
  const kind = random.below(6);
  if (kind === 0) return shape.map(() => 0);
  const source = shape.map((size) => (kind >= 3 || random.below(2) ? size : 1));
  if (kind === 1 && shape.length > 1) {
    const order = shape.map((_, d) => d).sort(() => random.next() - 0.5);
    const permuted = contiguousStrides(order.map((d) => shape[d]));
    return shape.map((_, d) => permuted[order.indexOf(d)]);
  }
  const strides = contiguousStrides(source);
  return shape.map((size, d) => (source[d] === 1 && size !== 1 ? 0 : strides[d]));
}

export function randomLoop(random: Random, dtypes: readonly DType[]): FusedLoop {
  const shape = randomShape(random);
  const inputs = Array.from({ length: 1 + random.below(4) }, () => ({
    dtype: random.pick(dtypes),
    strides: randomStrides(random, shape),
  }));
  const body: FusedInstruction[] = inputs.map(({ dtype }, input) => ({ kind: "load", input, dtype }));
  const count = 1 + random.below(8);
  for (let i = 0; i < count; i++) body.push(randomInstruction(random, body, dtypes));
  const outputs: FusedOutput[] = [];
  const axes = shape.map((_, d) => d).filter(() => random.below(2) === 0);
  const many = 1 + random.below(3);
  for (let i = 0; i < many; i++) {
    const value = body.length - 1 - random.below(Math.min(3, body.length));
    const dtype = body[value].dtype;
    if (random.below(2) === 0) outputs.push({ kind: "store", value, dtype });
    else if (dtype === "bool" || dtype === "uint8" || dtype === "int32") {
      body.push({ kind: "cast", a: value, dtype: "int64" });
      outputs.push({ kind: "reduce", op: "sum", value: body.length - 1, axes, dtype: "int64" });
    } else outputs.push({ kind: "reduce", op: random.pick(["sum", "amax", "amin"]), value, axes, dtype });
  }
  return { shape, inputs, body, outputs };
}

function randomInstruction(
  random: Random,
  body: readonly FusedInstruction[],
  dtypes: readonly DType[],
): FusedInstruction {
  const a = random.below(body.length);
  const b = random.below(body.length);
  const dtype = body[a].dtype;
  const floating = dtype === "float32" || dtype === "float64";
  switch (random.below(7)) {
    case 0:
      return { kind: "constant", value: random.pick([0, 1, 2, -3, 0.5]), dtype: random.pick(dtypes) };
    case 1:
      return dtype === "bool"
        ? { kind: "unary", op: "logicalNot", a, dtype }
        : { kind: "unary", op: random.pick(floating ? FLOAT_UNARY : INT_UNARY), a, dtype };
    case 2:
      return { kind: "binary", op: random.pick(COMPARE), a, b, dtype: "bool" };
    case 3:
      return { kind: "where", condition: random.below(body.length), a, b: sameType(random, body, a), dtype };
    case 4:
      return { kind: "cast", a, dtype: random.pick(dtypes) };
    case 5:
      return { kind: "binary", op: random.pick(["logicalAnd", "logicalOr"]), a, b, dtype: "bool" };
    default:
      return dtype === "bool"
        ? {
            kind: "binary",
            op: random.pick(["maximum", "minimum", "mul"]),
            a,
            b: sameType(random, body, a),
            dtype,
          }
        : { kind: "binary", op: random.pick(ARITHMETIC), a, b: sameType(random, body, a), dtype };
  }
}

function sameType(random: Random, body: readonly FusedInstruction[], a: number): number {
  const same = body.map((_, i) => i).filter((i) => body[i].dtype === body[a].dtype);
  return random.pick(same);
}

export function randomInput(random: Random, dtype: DType, length: number, special: boolean): TypedArray {
  const out = allocateArray(dtype, length);
  for (let i = 0; i < length; i++) {
    if (dtype === "bool") out[i] = random.below(2);
    else if (dtype === "uint8") out[i] = random.below(256);
    else if (dtype === "int32" || dtype === "int64") out[i] = random.below(21) - 10;
    else if (special && random.below(10) === 0) out[i] = random.pick([NaN, Infinity, -Infinity, -0, 0]);
    else out[i] = random.next() * 6 - 3;
  }
  return out;
}

/** Elements an input must have for the loop to stay within it. */
export function inputLength(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return 1 + shape.reduce((last, size, d) => last + (size - 1) * strides[d], 0);
}
