/** Matrix multiplication. */
import { type DType, isHalf } from "../base/dtype.ts";
import { DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, numel, type Shape } from "../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import { requireDtypesOfLayer, requireSameDtype } from "./core.ts";
import { cast } from "./elementwise/elementwise.ts";
import { sum } from "./reduction/reduction.ts";

/**
 * Inputs A, B and optionally a bias; attributes `transposeA`, `transposeB` and, from the fusion pass,
 * `activation`. A is [M, K] or [batch, M, K] (transposed: [.., K, M]), B is [K, N] or [batch, K, N]
 * (transposed: [.., N, K]); the bias [N] is added to each row. Beside a 16-bit operand others may be float32; the
 * attribute `dtype` then says what the product is.
 */
export const matmulOp: OpDefinition = {
  name: "matmul",
  takesActivation: true,
  multiplyAdds: ([a], [out], { transposeA }) =>
    numel(out.shape) * matrixOf(a.shape, transposeA as boolean)[1],
  infer(inputs, attributes) {
    const [a, b, bias] = inputs;
    const dtype = attributes.dtype as DType | undefined;
    const narrow = inputs.find((input) => isHalf(input.dtype));
    if (dtype !== undefined && narrow !== undefined) {
      requireDtypesOfLayer([narrow, ...inputs]);
    } else requireSameDtype(inputs);
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
    return [{ shape: a.shape.length === 3 ? [a.shape[0], m, n] : [m, n], dtype: dtype ?? a.dtype }];
  },
  gradient({ grads, inputs: [a, b, bias], attributes, needs }) {
    const g = grads[0] as Value;
    const ta = attributes.transposeA as boolean;
    const tb = attributes.transposeB as boolean;
    const ga = !needs[0]
      ? null
      : ta
        ? matmul(b, g, { transposeA: tb, transposeB: true, dtype: a.dtype })
        : matmul(g, b, { transposeB: !tb, dtype: a.dtype });
    const gb = !needs[1]
      ? null
      : tb
        ? matmul(g, a, { transposeA: true, transposeB: ta, dtype: b.dtype })
        : matmul(a, g, { transposeA: !ta, dtype: b.dtype });
    if (bias === undefined) return [ga, gb];
    const rows = g.shape.map((_, i) => i).slice(0, -1);
    return [ga, gb, needs[2] ? sum(cast(g, bias.dtype), rows) : null];
  },
};

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly bias?: Value;
  /** Of the product; by default that of the operands. */
  readonly dtype?: DType;
}

export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false, bias, dtype = a.dtype } = options;
  const inputs = bias ? [a, b, bias] : [a, b];
  const told = inputs.every((input) => input.dtype === dtype) ? {} : { dtype };
  return emit(matmulOp, inputs, { transposeA, transposeB, ...told });
}

function matrixOf(shape: Shape, transposed: boolean): [number, number] {
  const rows = shape[shape.length - 2];
  const columns = shape[shape.length - 1];
  return transposed ? [columns, rows] : [rows, columns];
}

function shown(shape: Shape, transposed: unknown): string {
  return transposed ? `${formatShape(shape)} transposed` : formatShape(shape);
}
