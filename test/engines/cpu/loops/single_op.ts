/** Fused loops of one op over one dimension. */
import type { DType } from "../../../../src/base/dtype.ts";
import type { FusedBinary, FusedLoop, FusedUnary } from "../../../../src/engines/contract/fused_loop.ts";

export function unaryLoop(
  op: FusedUnary,
  length: number,
  dtype: DType = "float32",
  result: DType = dtype,
): FusedLoop {
  return {
    shape: [length],
    inputs: [{ dtype, strides: [1] }],
    body: [
      { kind: "load", input: 0, dtype },
      { kind: "unary", op, a: 0, dtype: result },
    ],
    outputs: [{ kind: "store", value: 1, dtype: result }],
  };
}

export function binaryLoop(
  op: FusedBinary,
  length: number,
  dtype: DType = "float32",
  result: DType = dtype,
): FusedLoop {
  return {
    shape: [length],
    inputs: [
      { dtype, strides: [1] },
      { dtype, strides: [1] },
    ],
    body: [
      { kind: "load", input: 0, dtype },
      { kind: "load", input: 1, dtype },
      { kind: "binary", op, a: 0, b: 1, dtype: result },
    ],
    outputs: [{ kind: "store", value: 2, dtype: result }],
  };
}
