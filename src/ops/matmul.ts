/** The matrix product. */
import { DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, type Shape } from "../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import { requireSameDtype } from "./infer.ts";
import { sum } from "./reduction.ts";

/**
 * Inputs A, B and optionally a bias; attributes `transposeA`, `transposeB` and, from the fusion pass,
 * `activation`. A is [M, K] or [batch, M, K] (transposed: [.., K, M]), B is [K, N] or [batch, K, N]
 * (transposed: [.., N, K]); the bias [N] is added to each row.
 */
export const matmulOp: OpDefinition = {
  name: "matmul",
  infer(inputs, attributes) {
    const [a, b, bias] = inputs;
    requireSameDtype(inputs);
    if (a.dtype === "bool") throw new DTypeError("expected numbers, got bool");
    if (a.shape.length !== b.shape.length || a.shape.length < 2 || a.shape.length > 3) {
      throw new ShapeError(
        `expected two matrices or two batches of matrices, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    const [m, ka] = matrixOf(a.shape, attributes.transposeA as boolean);
    const [kb, n] = matrixOf(b.shape, attributes.transposeB as boolean);
    if (ka !== kb) {
      throw new ShapeError(
        `inner sizes ${ka} and ${kb} differ: shapes are ${shown(a.shape, attributes.transposeA)} and ${shown(b.shape, attributes.transposeB)}`,
      );
    }
    if (a.shape.length === 3 && a.shape[0] !== b.shape[0]) {
      throw new ShapeError(`expected equal batches, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`);
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== n)) {
      throw new ShapeError(`expected a bias of shape [${n}], got ${formatShape(bias.shape)}`);
    }
    return [{ shape: a.shape.length === 3 ? [a.shape[0], m, n] : [m, n], dtype: a.dtype }];
  },
  gradient({ grads, inputs: [a, b, bias], attributes, needs }) {
    const g = grads[0] as Value;
    const ta = attributes.transposeA as boolean;
    const tb = attributes.transposeB as boolean;
    const ga = !needs[0] ? null : ta ? matmul(b, g, tb, true) : matmul(g, b, false, !tb);
    const gb = !needs[1] ? null : tb ? matmul(g, a, true, ta) : matmul(a, g, !ta, false);
    if (bias === undefined) return [ga, gb];
    const rows = g.shape.map((_, i) => i).slice(0, -1);
    return [ga, gb, needs[2] ? sum(g, rows) : null];
  },
};

export function matmul(a: Value, b: Value, transposeA = false, transposeB = false, bias?: Value): Value {
  return emit(matmulOp, bias ? [a, b, bias] : [a, b], { transposeA, transposeB });
}

function matrixOf(shape: Shape, transposed: boolean): [number, number] {
  const rows = shape[shape.length - 2];
  const columns = shape[shape.length - 1];
  return transposed ? [columns, rows] : [rows, columns];
}

function shown(shape: Shape, transposed: unknown): string {
  return transposed ? `${formatShape(shape)} transposed` : formatShape(shape);
}
