/** Products of large matrices on the engine, in blocks that fit a memory limit. */
import { isArrayBuffer } from "../../base/builtin_kinds.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { linear } from "../../tensor/functions/nn/linear.ts";
import { fromTypedArray, type Tensor } from "../../tensor/tensor.ts";
import type { Matrix } from "../matrix.ts";

/** Bytes of one block of results that is read at once, unless a caller says otherwise. */
export const BLOCK_BYTES = 32 * 2 ** 20;

/** Bytes of one block of rows that the engine holds. */
const HELD_BYTES = 128 * 2 ** 20;

/** Rows of a matrix that the engine holds. */
export interface HeldBlock {
  /** Place of the first row. */
  readonly start: number;
  readonly rows: number;
  /** [rows, columns]. */
  readonly x: Tensor;
}

/** A matrix in the engine's memory, cut into blocks of rows. */
export class HeldMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly blocks: readonly HeldBlock[];

  private constructor({ rows, columns }: Matrix, blocks: readonly HeldBlock[]) {
    this.rows = rows;
    this.columns = columns;
    this.blocks = blocks;
  }

  /** @param blockBytes - the most bytes of a block. */
  static async of(source: Matrix, blockBytes = HELD_BYTES): Promise<HeldMatrix> {
    const { rows, columns } = source;
    const count = Math.max(1, Math.floor(blockBytes / (4 * Math.max(1, columns))));
    const blocks: HeldBlock[] = [];
    for (let start = 0; start < rows; start += count) {
      const size = Math.min(count, rows - start);
      blocks.push({ start, rows: size, x: held(rowsTensor(source, start, size)) });
    }
    return new HeldMatrix(source, blocks);
  }
}

/** Has given data stay in the engine's memory, where it would else be copied for every run. */
export function held(given: Tensor): Tensor {
  defaultSession().requestDeviceBuffer(given.cell);
  return given;
}

/** Rows `start` to `start + count` of a matrix as a tensor. */
export function rowsTensor({ columns, data }: Matrix, start: number, count: number): Tensor {
  return fromTypedArray(
    data.subarray(start * columns, (start + count) * columns),
    [count, columns],
    "float32",
  );
}

/** How many rows with results of `width` columns fit a block. */
export function rowsOfBlock(width: number, blockBytes = BLOCK_BYTES): number {
  return Math.max(1, Math.floor(blockBytes / (4 * Math.max(1, width))));
}

/** The values of a computation without gradients, which no tensor needs afterwards: not a copy as `data` gives. */
export async function computed(body: () => Tensor): Promise<Float32Array> {
  return (await defaultSession().fetch(noGrad(body).value)) as Float32Array;
}

/**
 * Gives the memory of fetched values back at once. Blocks of megabytes that are left to the garbage collector make it run
 * after every few of them.
 */
export function releaseBuffer(values: Float32Array): void {
  const { buffer } = values;
  if (!isArrayBuffer(buffer) || buffer.byteLength !== values.byteLength) return;
  const modern: ArrayBuffer & { transfer?(bytes: number): ArrayBuffer } = buffer;
  if (modern.transfer !== undefined) modern.transfer(0);
  else {
    // What is sent to a closed port is lost.
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(null, [buffer]);
    port1.close();
    port2.close();
  }
}

/** a times the transpose of b: products of rows [M, K] and [N, K]. */
export function rowProducts(a: Tensor, b: Tensor): Tensor {
  return linear(a, b);
}

/**
 * x W^T + b for all rows, in blocks.
 *
 * @param weight - [outputs, columns of x].
 * @param bias - one value for each output, or null.
 */
export async function affine(x: Matrix, weight: Matrix, bias: ArrayLike<number> | null): Promise<Matrix> {
  const { rows } = x;
  const columns = weight.rows;
  const data = new Float32Array(rows * columns);
  const w = rowsTensor(weight, 0, columns);
  const b = bias === null ? null : fromTypedArray(Float32Array.from(bias), [columns], "float32");
  const step = rowsOfBlock(Math.max(columns, x.columns));
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    const part = rowsTensor(x, start, count);
    data.set(await computed(() => (b === null ? linear(part, w) : linear(part, w, b))), start * columns);
  }
  return { rows, columns, data };
}
