/**
 * Batches in slices: the gradients of a batch are the sum of those of its slices, so that a batch whose step does
 * not fit the memory can be trained on all the same.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { collectNodes, constantValue, type Value } from "../../graph/node.ts";
import { batchNormTrainingOp } from "../../ops/nn/normalization.ts";
import { sliceDim } from "../../ops/shape/slicing.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** A slice of a batch: inputs, targets, and its share of the batch's examples, from 0 to 1. */
export type MicroBatch = readonly [x: Tensor, y: Tensor, share: number];

/**
 * A batch in slices of equal size (they differ by one example at most), for a loop of your own. When the loop asks
 * for the next slice, the gradients so far are computed and kept, and the engine is given time to catch up; those of
 * the last slice are computed by the optimiser's step.
 *
 * The gradients are the whole batch's, to rounding, if the loss is a mean over examples, weighed by `share`, and
 * the network treats every example by itself: batch normalisation takes its statistics slice by slice, and dropout
 * draws again for each.
 *
 * @param x - inputs [N, ...].
 * @param y - targets [N, ...].
 * @param most - examples in a slice at most.
 * @throws ArgumentError if `most` is not an integer from 1; ShapeError if x and y differ in length;
 * OutOfMemoryError if a slice does not fit.
 * @example
 * ```ts
 * for await (const [x, y] of trainLoader) {
 *   optimizer.zeroGrad();
 *   for await (const [xs, ys, share] of train.microBatches(x, y, 16)) {
 *     nn.functional.crossEntropy(net(xs), ys).mul(share).backward();
 *   }
 *   optimizer.step();
 * }
 * ```
 */
export async function* microBatches(x: Tensor, y: Tensor, most: number): AsyncGenerator<MicroBatch> {
  if (!(x instanceof Tensor && y instanceof Tensor))
    throw new ArgumentError("microBatches: expected a batch of two tensors, x and y");
  checkMicroBatch("microBatches", "most", most);
  if (x.ndim === 0 || y.ndim === 0 || x.size(0) !== y.size(0))
    throw new ShapeError(
      `microBatches: expected x and y of one length, got ${lengthOf(x)} and ${lengthOf(y)}`,
    );
  const count = x.size(0);
  for (let done = 0; done < count; ) {
    const to = done + nextSlice(count - done, most);
    yield [partOf(x, done, to), partOf(y, done, to), (to - done) / count];
    done = to;
    if (done === count) return;
    defaultSession().keepGradients();
    await defaultSession().backpressure(2);
  }
}

/** @throws ArgumentError if `given` is not a number of examples. */
export function checkMicroBatch(of: string, name: string, given: unknown, or = ""): void {
  if (Number.isInteger(given) && (given as number) >= 1) return;
  throw new ArgumentError(
    `${of}: expected \`${name}\` to be ${or}an integer of at least 1 (a number of examples), got ${shownValue(given)}`,
  );
}

/** Examples in the next slice, from the number that is left: all slices of a batch are of one size, or nearly. */
export function nextSlice(left: number, most: number): number {
  return left === 0 ? 0 : Math.ceil(left / Math.ceil(left / most));
}

/** Runs batches whole, or in slices if one does not fit the memory; the slices stay as small as they had to become. */
export class FittingSlices {
  private most = Number.POSITIVE_INFINITY;

  /** @param attempt - runs examples `from` to `to`; null if they do not fit: the next ones are to be fewer. */
  *run<T>(count: number, attempt: (from: number, to: number) => T | null): Generator<T> {
    let done = 0;
    do {
      const size = nextSlice(count - done, Math.min(this.most, count));
      const result = attempt(done, done + size);
      if (result === null) {
        this.most = Math.ceil(size / 2);
        continue;
      }
      yield result;
      done += size;
    } while (done < count);
  }
}

/** Examples `from` to `to` of a batch; its elements are not copied if they are known. */
export function partOf(batch: Tensor, from: number, to: number): Tensor {
  const { value } = batch;
  const [count, ...rest] = value.shape;
  if (from === 0 && to === count) return batch;
  if (value.data === null || value.requiresGrad) return new Tensor(sliceDim(value, 0, from, to - from));
  const each = value.data.length / count;
  const shape = [to - from, ...rest];
  return new Tensor(constantValue(value.data.subarray(from * each, to * each), shape, value.dtype));
}

/**
 * What in a network mixes the examples of a batch, in words: batch normalisation, or sums over the batch's
 * dimension; null if nothing of that kind is between input and output.
 */
export function mixesExamples(output: Value, input: Value): string | null {
  const count = input.shape[0];
  const fromInput = new Set<Value>([input]);
  // What is gone mixes nothing any more; the step itself says that it is gone.
  for (const node of collectNodes([output], () => {})) {
    const operand = node.inputs.find((value) => fromInput.has(value));
    if (operand === undefined) continue;
    for (const result of node.outputs) fromInput.add(result);
    if (operand.shape[0] !== count || !node.op.mixesExamples?.(operand, node.attributes)) continue;
    const what = node.op === batchNormTrainingOp ? "batch normalisation" : `a ${node.op.name} over the batch`;
    return node.label === "" ? what : `${what} (${node.label})`;
  }
  return null;
}

function lengthOf(tensor: Tensor): string {
  return tensor.ndim === 0 ? "none" : String(tensor.size(0));
}
