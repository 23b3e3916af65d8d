/** Element-wise functions of one or two operands. */
import { emit, type OpDefinition } from "../../graph/node.ts";
import * as ops from "../../ops/elementwise.ts";
import { defineFunction } from "../define.ts";
import { floatingValue, type Operand, promote, scalarValue } from "../operands.ts";
import { Tensor, valueOf } from "../tensor.ts";

/** A function of one tensor. */
export interface Unary {
  (input: Tensor): Tensor;
  (options: { input: Tensor }): Tensor;
}

/** A function of two operands, broadcast against each other. */
export interface Binary {
  (input: Tensor, other: Operand): Tensor;
  (input: Tensor, options: { other: Operand }): Tensor;
}

/** `input + alpha * other` and its like. */
export interface BinaryWithAlpha {
  (input: Tensor, other: Operand, alpha?: number): Tensor;
  (input: Tensor, other: Operand, options: { alpha?: number }): Tensor;
}

const floating = (name: string, op: OpDefinition): Unary =>
  defineFunction(name, ["input"], ({ input }) => new Tensor(emit(op, [floatingValue(name, input)])));

const anyNumber = (name: string, op: OpDefinition): Unary =>
  defineFunction(name, ["input"], ({ input }) => new Tensor(emit(op, [valueOf(input, "input", name)])));

const binary = (name: string, op: OpDefinition, asFloating = false): Binary =>
  defineFunction(name, ["input", "other"], ({ input, other }) => new Tensor(emit(op, promote(name, [input, other], asFloating))));

const withAlpha = (name: string, op: OpDefinition): BinaryWithAlpha =>
  defineFunction(name, ["input", "other", "alpha?"], ({ input, other, alpha = 1 }) => {
    const [a, b] = promote(name, [input, other]);
    return new Tensor(emit(op, [a, alpha === 1 ? b : ops.mul(scalarValue(alpha, b.dtype), b)]));
  });

/** -x */
export const neg = anyNumber("neg", ops.negOp);
/** |x| */
export const abs = anyNumber("abs", ops.absOp);
/** e^x */
export const exp = floating("exp", ops.expOp);
/** Natural logarithm; NaN below 0. */
export const log = floating("log", ops.logOp);
export const sqrt = floating("sqrt", ops.sqrtOp);
/** 1 / (1 + e^-x) */
export const sigmoid = floating("sigmoid", ops.sigmoidOp);
export const tanh = floating("tanh", ops.tanhOp);
/** max(x, 0) */
export const relu = anyNumber("relu", ops.reluOp);

/** input + alpha * other */
export const add = withAlpha("add", ops.addOp);
/** input - alpha * other */
export const sub = withAlpha("sub", ops.subOp);
export const mul = binary("mul", ops.mulOp);
/** True division: integers give float32. */
export const div = binary("div", ops.divOp, true);
export const eq = binary("eq", ops.eqOp);
