import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import { add, cast, div, gt, mul, sub, where } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/nn/embedding.ts";
import { noGrad } from "../../autograd.ts";
import { inWideNumbers } from "../../operands.ts";
import { type Positions, positionsOf } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { named } from "./arguments.ts";
import { vectorNorm } from "./norm.ts";

export interface EmbeddingParameters {
  /** Indices, integers of any dtype and shape. */
  input: Positions;
  /** [rows, width]. */
  weight: Tensor;
  /** A row that collects no gradient; negative ones count from the end, null for none. @default null */
  paddingIdx?: number | null;
  /** Rows that are asked for and longer than this are first shortened to it, in place; null for none. @default null */
  maxNorm?: number | null;
  /** The p of the norm that measures them. @default 2 */
  normType?: number;
  /** Divides a row's gradient by how often the row is asked for. @default false */
  scaleGradByFreq?: boolean;
  /** Only false: gradients are dense here. @default false */
  sparse?: boolean;
}

/**
 * The rows of `weight` at the indices `input`.
 *
 * @param input - indices, integers of any dtype and shape.
 * @param weight - [rows, width].
 * @param paddingIdx - a row that collects no gradient; negative ones count from the end.
 * @param maxNorm - rows that are asked for and longer than this are first shortened to it, in place.
 * @param normType - the p of the norm that measures them.
 * @param scaleGradByFreq - divides a row's gradient by how often the row is asked for.
 * @throws IndexError for an index out of range.
 * @example
 * ```ts
 * nn.functional.embedding(tensor([2, 0]), tensor([[0.5], [1.5], [2.5]])).tolist(); // [[2.5], [0.5]]
 * ```
 */
export const embedding = defineCall<EmbeddingParameters>("embedding")(
  [
    "input",
    "weight",
    "paddingIdx?:integer|null",
    "maxNorm?:number|null",
    "normType?:number",
    "scaleGradByFreq?:boolean",
    "sparse?:boolean",
  ],
  (
    input,
    weight,
    paddingIdx = null,
    maxNorm = null,
    normType = 2,
    scaleGradByFreq = false,
    sparse = false,
  ) => {
    const of = named("embedding");
    const indices = positionsOf(of, "input", input);
    const { shape } = valueOf(weight, "weight", of);
    if (shape.length !== 2)
      throw new ShapeError(`${of}: expected a weight [rows, width], got ${formatShape(shape)}`);
    if (sparse) throw new ArgumentError(`${of}: expected \`sparse\` false; gradients are dense here`);
    const padding = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + shape[0] : paddingIdx;
    if (padding !== null && !(padding >= 0 && padding < shape[0]))
      throw new ShapeError(`${of}: paddingIdx ${paddingIdx} is out of range for ${shape[0]} rows`);
    if (maxNorm !== null) noGrad(() => shorten(weight, indices, maxNorm, normType));
    const rows = ops.embedding(indices, weight.value, padding);
    return new Tensor(scaleGradByFreq ? withSharedGradient(rows, indices, shape[0]) : rows);
  },
);

/** How often each of `rows` rows is asked for, as [rows, 1]: what a lookup of ones would send back. */
function frequencies(indices: Value, rows: number): Value {
  const ones = full([...indices.shape, 1], 1, "float32");
  return emit(ops.embeddingGradientOp, [indices, ones], { weightShape: [rows, 1] });
}

function shorten(weight: Tensor, indices: Value, maxNorm: number, normType: number): void {
  const table = weight.value;
  const used = gt(frequencies(indices, table.shape[0]), constant(0, "float32"));
  const shortened = (wide: Value): Value => {
    const like = (value: number): Value => constant(value, wide.dtype);
    const norm = vectorNorm(wide, normType, [1], true);
    const factor = where(gt(norm, like(maxNorm)), div(like(maxNorm), add(norm, like(1e-7))), like(1));
    return mul(wide, where(used, factor, like(1)));
  };
  weight.assign(inWideNumbers(table, shortened));
}

/** The same rows, and behind them gradients divided by how often each row occurs. */
function withSharedGradient(rows: Value, indices: Value, count: number): Value {
  const often = ops.embedding(indices, frequencies(indices, count), null);
  const one = constant(1, "float32");
  const less = cast(sub(div(one, often), one), rows.dtype);
  const still = noGrad(() => mul(rows, constant(1, rows.dtype)));
  return add(rows, mul(sub(rows, still), less));
}
