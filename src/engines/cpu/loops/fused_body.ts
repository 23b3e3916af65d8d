/** What the body of a fused loop needs: which values vary where, whether SIMD covers it, what it costs. */

import type { DType } from "../../../base/dtype.ts";
import { isHalf, resultType } from "../../../base/dtype.ts";
import type { FusedInstruction, FusedLoop } from "../../contract/fused_loop.ts";

const VECTOR_TYPES: ReadonlySet<DType> = new Set(["float32", "bfloat16", "bool", "int32", "uint8"]);

/** The dtype in which a value stands in a register: 16-bit floats are widened when they are loaded. */
export function registerType(dtype: DType): DType {
  return isHalf(dtype) ? "float32" : dtype;
}

/**
 * Instructions that round to 16 bits: explicit conversions whose result is used in the loop. Results that are only
 * stored are rounded there.
 */
export function roundingCasts(loop: FusedLoop): ReadonlySet<number> {
  const used = new Set(loop.body.flatMap(operandsOf));
  const stays = (i: number) => used.has(i) || loop.outputs.some((o) => o.value === i && o.kind === "reduce");
  const casts = loop.body.flatMap(({ kind, dtype }, i) => (kind === "cast" && isHalf(dtype) ? [i] : []));
  return new Set(casts.filter(stays));
}

const COMPARISONS: ReadonlySet<string> = new Set(["eq", "ne", "lt", "le", "gt", "ge"]);

/** Ops that the vector body computes on 32-bit integers. */
const VECTOR_INTEGER_OPS: ReadonlySet<string> = new Set([
  "neg",
  "abs",
  "sign",
  "relu",
  "relu6",
  "floor",
  "ceil",
  "round",
  "trunc",
  "add",
  "sub",
  "mul",
  "minimum",
  "maximum",
]);
/** Ops that the vector body computes on masks. */
const VECTOR_BOOL_OPS: ReadonlySet<string> = new Set([
  "add",
  "mul",
  "minimum",
  "maximum",
  "logicalAnd",
  "logicalOr",
  "logicalNot",
  "isnan",
]);

export function isComparison(op: string): boolean {
  return COMPARISONS.has(op);
}

/** The dtype in which an instruction's operands take part. */
export function operandType(loop: FusedLoop, instruction: FusedInstruction): DType {
  if (instruction.kind === "binary" && isComparison(instruction.op)) {
    const operands = [instruction.a, instruction.b].map((i) => loop.body[i].dtype);
    return registerType(resultType(operands.map((dtype) => ({ dtype, kind: "tensor" }))));
  }
  if (instruction.kind === "binary" && instruction.op.startsWith("logical")) return "bool";
  if (instruction.kind === "unary" && instruction.op === "logicalNot") return "bool";
  if (instruction.kind === "unary" && instruction.op === "isnan")
    return registerType(loop.body[instruction.a].dtype);
  return registerType(instruction.dtype);
}

/** Operands of an instruction. */
export function operandsOf(instruction: FusedInstruction): number[] {
  switch (instruction.kind) {
    case "load":
    case "constant":
      return [];
    case "unary":
    case "cast":
      return [instruction.a];
    case "binary":
      return [instruction.a, instruction.b];
    case "where":
      return [instruction.condition, instruction.a, instruction.b];
  }
}

/** Whether four lanes at a time can compute this loop. */
export function canVectorise(loop: FusedLoop): boolean {
  for (const output of loop.outputs) {
    if (!VECTOR_TYPES.has(output.dtype) || !VECTOR_TYPES.has(loop.body[output.value].dtype)) return false;
    if (
      output.kind === "reduce" &&
      (output.dtype !== "float32" || registerType(loop.body[output.value].dtype) !== "float32")
    ) {
      return false;
    }
  }
  return loop.body.every((instruction) => vectorInstruction(loop, instruction));
}

function vectorInstruction(loop: FusedLoop, instruction: FusedInstruction): boolean {
  if (!VECTOR_TYPES.has(instruction.dtype)) return false;
  if (instruction.kind !== "unary" && instruction.kind !== "binary") return true;
  const type = operandType(loop, instruction);
  if (type === "float32" || isComparison(instruction.op)) return true;
  if (type === "bool") return VECTOR_BOOL_OPS.has(instruction.op);
  return VECTOR_INTEGER_OPS.has(instruction.op) || instruction.op === "isnan";
}

const WEIGHTS: Readonly<Record<string, number>> = {
  div: 3,
  sqrt: 3,
  reciprocal: 3,
  rsqrt: 6,
  minimum: 3,
  maximum: 3,
  exp: 16,
  sigmoid: 20,
  tanh: 28,
  log: 22,
  log1p: 30,
  expm1: 28,
  erf: 40,
  sin: 100,
  cos: 100,
  pow: 200,
};

/** Rough cost of one vector of the body, in simple instructions. */
export function loopWeight(loop: FusedLoop): number {
  let weight = loop.outputs.length;
  for (const instruction of loop.body) {
    if (instruction.kind === "constant") continue;
    if (instruction.kind !== "unary" && instruction.kind !== "binary") weight += 1;
    else if (instruction.op === "pow" && constantExponent(loop, instruction) !== undefined) weight += 4;
    else weight += WEIGHTS[instruction.op] ?? 1;
  }
  return weight;
}

/** The exponent of a `pow` if it is fixed and has a closed form of its own, as PyTorch treats it. */
export function constantExponent(loop: FusedLoop, instruction: FusedInstruction): number | undefined {
  if (instruction.kind !== "binary" || instruction.op !== "pow") return undefined;
  let exponent = loop.body[instruction.b];
  while (exponent.kind === "cast") exponent = loop.body[exponent.a];
  if (exponent.kind !== "constant") return undefined;
  return [0.5, -0.5, 1, -1, 2, -2, 3].includes(exponent.value) ? exponent.value : undefined;
}

/**
 * Where each value changes: 0 nowhere, 1 from row to row, 2 at every point. `inner` gives an input's stride
 * along the innermost dimension, `constant` whether it is one single element.
 */
export function valueLevels(
  loop: FusedLoop,
  inner: (input: number) => number,
  constant: (input: number) => boolean,
): (0 | 1 | 2)[] {
  const levels: (0 | 1 | 2)[] = [];
  for (const instruction of loop.body) {
    if (instruction.kind === "load") {
      levels.push(constant(instruction.input) ? 0 : inner(instruction.input) === 0 ? 1 : 2);
    } else {
      levels.push(Math.max(0, ...operandsOf(instruction).map((i) => levels[i])) as 0 | 1 | 2);
    }
  }
  return levels;
}
