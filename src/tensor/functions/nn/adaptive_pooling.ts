/** Pooling to a given output size. */
import { ArgumentError } from "../../../base/errors.ts";
import { shownText } from "../../../base/shown_value.ts";
import type { Value } from "../../../graph/node.ts";
import { emit, emitAll } from "../../../graph/node.ts";
import { cast } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/nn/pooling.ts";
import { mean } from "../../../ops/reduction/reduction.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import {
  asFlatImage,
  floatingInput,
  fromFlatImage,
  type MaybeIndices,
  named,
  withBatch,
  withIndices,
} from "./arguments.ts";

/** Output size; null for a dimension that keeps the input's. */
export type OutputSize = number | readonly (number | null)[] | null;

export interface AdaptivePoolParameters {
  /** [N, C, H, W] or [C, H, W]; of sequences [N, C, L] or [C, L]. */
  input: Tensor;
  /** Size of the result: one number, or (height, width); null keeps the input's. */
  outputSize: OutputSize;
}

export interface AdaptiveMaxPoolParameters extends AdaptivePoolParameters {
  /** Also returns the positions (int64) of the largest elements in their planes. @default false */
  returnIndices?: boolean;
}

const averageOver = (spatial: 1 | 2) =>
  defineCall<AdaptivePoolParameters>(`adaptiveAvgPool${spatial}d`)(
    ["input", "outputSize"],
    (input: Tensor, outputSize: OutputSize): Tensor =>
      new Tensor(poolAdaptively(`adaptiveAvgPool${spatial}d`, spatial, input, outputSize, averageToGrid)[0]),
  );

const largestOver = (spatial: 1 | 2) =>
  withIndices(
    defineCall<AdaptiveMaxPoolParameters, MaybeIndices>(`adaptiveMaxPool${spatial}d`)(
      ["input", "outputSize", "returnIndices?:boolean"],
      (input: Tensor, outputSize: OutputSize, returnIndices = false): MaybeIndices => {
        const of = `adaptiveMaxPool${spatial}d`;
        const [y, indices] = poolAdaptively(of, spatial, input, outputSize, largestInGrid);
        return returnIndices ? [new Tensor(y), new Tensor(cast(indices, "int64"))] : new Tensor(y);
      },
    ),
  );

/**
 * The mean over each cell of a grid of `outputSize` laid over the image. Cell i goes from row
 * floor(i H / h) to ceil((i + 1) H / h), so that neighbours may overlap by one row.
 *
 * @param input - [N, C, H, W] or [C, H, W].
 * @param outputSize - one number, or (height, width); null keeps the input's.
 * @example
 * ```ts
 * nn.functional.adaptiveAvgPool2d(randn(8, 10, 5, 5), [1, 1]).shape; // [8, 10, 1, 1]
 * ```
 */
export const adaptiveAvgPool2d = averageOver(2);

/**
 * `adaptiveAvgPool2d` over sequences.
 *
 * @example
 * ```ts
 * nn.functional.adaptiveAvgPool1d(tensor([[0.5, 1.5, 2.5, 3.5]]), 2).tolist(); // [[1, 3]]
 * ```
 */
export const adaptiveAvgPool1d = averageOver(1);

/**
 * The largest element of each cell of a grid; see `adaptiveAvgPool2d`, and `maxPool2d` for the indices.
 *
 * @example
 * ```ts
 * nn.functional.adaptiveMaxPool2d(randn(8, 10, 5, 7), [2, null]).shape; // [8, 10, 2, 7]
 * ```
 */
export const adaptiveMaxPool2d = largestOver(2);

/**
 * `adaptiveMaxPool2d` over sequences.
 *
 * @example
 * ```ts
 * nn.functional.adaptiveMaxPool1d(tensor([[0.5, 1.5, 2.5, 3.5]]), 2).tolist(); // [[1.5, 3.5]]
 * ```
 */
export const adaptiveMaxPool1d = largestOver(1);

function poolAdaptively(
  of: string,
  spatial: 1 | 2,
  input: Tensor,
  outputSize: OutputSize,
  pool: (x: Value, size: number[]) => Value[],
): Value[] {
  return withBatch(of, floatingInput(of, input), spatial, (batched) => {
    const size = gridSize(of, outputSize, batched.shape.slice(2));
    return spatial === 1 ? pool(asFlatImage(batched), [1, ...size]).map(fromFlatImage) : pool(batched, size);
  });
}

function gridSize(of: string, given: OutputSize, plane: readonly number[]): number[] {
  const list = Array.isArray(given) ? given : plane.map(() => given);
  const size = list.map((n, d) => n ?? plane[d]);
  if (size.length === plane.length && size.every((n) => Number.isInteger(n) && n >= 0)) return size;
  throw new ArgumentError(
    `${named(of)}: expected \`outputSize\` to be an integer or null, or ${plane.length} of them, got ${shownText(given)}`,
  );
}

/** Cells of equal size are plain windows; one cell is a reduction: both have fast kernels everywhere. */
function averageToGrid(x: Value, size: number[]): Value[] {
  const [height, width] = x.shape.slice(2);
  if (size[0] === 1 && size[1] === 1 && height > 0 && width > 0) return [mean(x, [2, 3], true)];
  const kernelSize = evenCells(x, size);
  if (kernelSize === null) return [emit(ops.adaptiveAvgPool2dOp, [x], { outputSize: size })];
  const plain = { padding: [0, 0], ceilMode: false, countIncludePad: true, divisorOverride: null };
  return [ops.avgPool2d(x, { kernelSize, stride: kernelSize, ...plain })];
}

function largestInGrid(x: Value, size: number[]): Value[] {
  const kernelSize = evenCells(x, size);
  if (kernelSize === null) return emitAll(ops.adaptiveMaxPool2dOp, [x], { outputSize: size });
  return ops.maxPool2d(x, {
    kernelSize,
    stride: kernelSize,
    padding: [0, 0],
    dilation: [1, 1],
    ceilMode: false,
  });
}

/** Size of the cells when the grid divides the image evenly. */
function evenCells(x: Value, size: readonly number[]): number[] | null {
  const cells = size.map((n, d) => x.shape[d + 2] / n);
  return cells.every((cell) => Number.isInteger(cell) && cell > 0) ? cells : null;
}
