/** Fused loops interpreted point by point in plain JavaScript: what generated code is tested against. */

import type { DType, TypedArray } from "../../../../src/base/dtype.ts";
import { allocateArray, arrayFrom, resultType } from "../../../../src/base/dtype.ts";
import { numel } from "../../../../src/base/shape.ts";
import type { FusedLoop } from "../../../../src/engines/contract/fused_loop.ts";
import { MATH_IMPORTS } from "../../../../src/engines/cpu/loops/math_imports.ts";

/** What is left of a number in an array of the dtype. */
function round(dtype: DType, value: number): number {
  if (dtype === "float64") return value;
  if (dtype === "float32") return Math.fround(value);
  return arrayFrom(dtype, [value])[0];
}

function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  const even = floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : even;
}

const UNARY: Record<string, (x: number) => number> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  sigmoid: MATH_IMPORTS.sigmoid,
  tanh: Math.tanh,
  erf: MATH_IMPORTS.erf,
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  ceil: Math.ceil,
  round: nearest,
  trunc: Math.trunc,
  sign: (x) => Number(x > 0) - Number(x < 0),
  relu: (x) => (x < 0 ? 0 : x),
  relu6: (x) => (x < 0 ? 0 : x > 6 ? 6 : x),
  logicalNot: (x) => Number(x === 0),
  isnan: (x) => Number(Number.isNaN(x)),
};
const BINARY: Record<string, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: MATH_IMPORTS.pow,
  minimum: Math.min,
  maximum: Math.max,
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  logicalAnd: (a, b) => Number(a !== 0 && b !== 0),
  logicalOr: (a, b) => Number(a !== 0 || b !== 0),
};
const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"];

export interface OracleResult {
  readonly outputs: TypedArray[];
  /** For sums: the sum of absolute values, which bounds the error that rounding may cause. */
  readonly scales: (Float64Array | undefined)[];
}

export function interpret(loop: FusedLoop, inputs: readonly TypedArray[]): OracleResult {
  const total = numel(loop.shape);
  const keptShape = (axes: readonly number[]) => loop.shape.filter((_, d) => !axes.includes(d));
  const outputs = loop.outputs.map((output) =>
    output.kind === "store"
      ? allocateArray(output.dtype, total)
      : new Float64Array(numel(keptShape(output.axes))).fill(
          output.op === "sum" ? 0 : output.op === "amax" ? -Infinity : Infinity,
        ),
  );
  const scales = loop.outputs.map((output, o) =>
    output.kind === "reduce" && output.op === "sum" ? new Float64Array(outputs[o].length) : undefined,
  );
  const point = new Array<number>(loop.shape.length).fill(0);
  for (let i = 0; i < total; i++) {
    const values: number[] = [];
    for (const instruction of loop.body) values.push(evaluate(loop, instruction, values, inputs, point));
    loop.outputs.forEach((output, o) => {
      const value = values[output.value];
      if (output.kind === "store") {
        outputs[o][i] = round(output.dtype, value);
        return;
      }
      let kept = 0;
      point.forEach((p, d) => {
        if (!output.axes.includes(d)) kept = kept * loop.shape[d] + p;
      });
      if (output.op === "sum") {
        outputs[o][kept] += value;
        (scales[o] as Float64Array)[kept] += Math.abs(value);
      } else {
        outputs[o][kept] = (output.op === "amax" ? Math.max : Math.min)(outputs[o][kept], value);
      }
    });
    for (let d = point.length - 1; d >= 0; d--) {
      if (++point[d] < loop.shape[d]) break;
      point[d] = 0;
    }
  }
  return {
    outputs: outputs.map((data, o) =>
      loop.outputs[o].kind === "store" ? data : arrayFrom(loop.outputs[o].dtype, data),
    ),
    scales,
  };
}

function evaluate(
  loop: FusedLoop,
  instruction: FusedLoop["body"][number],
  values: readonly number[],
  inputs: readonly TypedArray[],
  point: readonly number[],
): number {
  switch (instruction.kind) {
    case "load": {
      const { strides } = loop.inputs[instruction.input];
      const index = point.reduce((sum, p, d) => sum + p * strides[d], 0);
      return round(instruction.dtype, inputs[instruction.input][index]);
    }
    case "constant":
      return round(instruction.dtype, instruction.value);
    case "cast":
      return round(instruction.dtype, values[instruction.a]);
    case "where":
      return round(
        instruction.dtype,
        values[instruction.condition] !== 0 ? values[instruction.a] : values[instruction.b],
      );
    case "unary": {
      const logical = instruction.op === "logicalNot" || instruction.op === "isnan";
      const a = logical ? values[instruction.a] : round(instruction.dtype, values[instruction.a]);
      return round(instruction.dtype, UNARY[instruction.op](a));
    }
    case "binary": {
      let [a, b] = [values[instruction.a], values[instruction.b]];
      let type = instruction.dtype;
      if (COMPARISONS.includes(instruction.op)) {
        type = resultType(
          [instruction.a, instruction.b].map((i) => ({ dtype: loop.body[i].dtype, kind: "tensor" })),
        );
      }
      if (!instruction.op.startsWith("logical")) [a, b] = [round(type, a), round(type, b)];
      // Products of 32-bit integers wrap, and do not fit a double.
      if (instruction.op === "mul" && instruction.dtype === "int32") return Math.imul(a, b);
      return round(instruction.dtype, BINARY[instruction.op](a, b));
    }
  }
}
