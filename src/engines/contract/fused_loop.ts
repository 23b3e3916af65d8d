/**
 * A chain of element-wise ops and reductions as data: what the fusion pass produces (as the attribute `loop`
 * of a step with op `"fused"`) and what an engine turns into one generated loop.
 *
 * The loop visits every point of `shape` (the iteration space). At each point the body is evaluated once,
 * top to bottom; instruction i is referred to by its position i.
 */
import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";

/** Ops that may stand in a body: the element-wise ops of `ops/`, by the same names and meaning. */
export type FusedUnary =
  | "neg"
  | "abs"
  | "exp"
  | "log"
  | "log1p"
  | "expm1"
  | "sqrt"
  | "rsqrt"
  | "reciprocal"
  | "sigmoid"
  | "tanh"
  | "erf"
  | "sin"
  | "cos"
  | "floor"
  | "ceil"
  | "round"
  | "trunc"
  | "sign"
  | "relu"
  | "relu6"
  | "logicalNot"
  | "isnan";
export type FusedBinary =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "minimum"
  | "maximum"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "logicalAnd"
  | "logicalOr";

export type FusedInstruction =
  /** Element of input `input` at this point. */
  | { readonly kind: "load"; readonly input: number; readonly dtype: DType }
  /** A number fixed in the program's structure (never a learning rate). */
  | { readonly kind: "constant"; readonly value: number; readonly dtype: DType }
  | { readonly kind: "unary"; readonly op: FusedUnary; readonly a: number; readonly dtype: DType }
  | {
      readonly kind: "binary";
      readonly op: FusedBinary;
      readonly a: number;
      readonly b: number;
      readonly dtype: DType;
    }
  /** `condition != 0 ? a : b`. */
  | {
      readonly kind: "where";
      readonly condition: number;
      readonly a: number;
      readonly b: number;
      readonly dtype: DType;
    }
  /** Conversion as a C cast does it; to bool: `!= 0`. */
  | { readonly kind: "cast"; readonly a: number; readonly dtype: DType };

export type FusedOutput =
  /** Written at every point; the output's shape is the iteration space. */
  | { readonly kind: "store"; readonly value: number; readonly dtype: DType }
  /** Reduced over `axes` of the iteration space; the output's elements are the kept axes, row-major. */
  | {
      readonly kind: "reduce";
      readonly op: "sum" | "amax" | "amin";
      readonly value: number;
      readonly axes: readonly number[];
      readonly dtype: DType;
    };

export interface FusedLoop {
  readonly shape: Shape;
  /** One per input of the step: strides in elements over the iteration space, 0 if it is broadcast. */
  readonly inputs: readonly { readonly dtype: DType; readonly strides: readonly number[] }[];
  readonly body: readonly FusedInstruction[];
  /** One per output of the step. All reductions of one loop reduce over the same axes. */
  readonly outputs: readonly FusedOutput[];
}
