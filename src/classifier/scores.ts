/** From inputs to the probabilities of classes. */
import { allocateArray, numbersOf } from "../base/dtype.ts";
import { FileError, OutOfMemoryError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { ArrayBatch } from "../data/array_batch.ts";
import { insideCall } from "../graph/node.ts";
import type { Module } from "../nn/index.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import { noGrad } from "../tensor/autograd.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { nextSlice } from "../train/loop/micro_batches.ts";
import { outputOf } from "../train/loop/network_output.ts";
import type { Precision } from "../train/loop/precision.ts";
import { FrozenNetwork } from "./freeze.ts";

/** The side of an image that is shown to a network which takes any. */
const USUAL_SIDE = 224;

/**
 * Looks whether a network takes what the preprocessing gives, and has an output for each class. Nothing is computed.
 *
 * @throws FileError if not.
 */
export function requireOutputs(net: Module, { resize, crop, mean }: Preprocessing, classes: number): void {
  const size = crop ?? resize?.size ?? USUAL_SIDE;
  const [height, width] = typeof size === "number" ? [size, size] : size;
  const shape = [1, mean.length, height, width];
  const nothing = fromTypedArray(allocateArray("float32", mean.length * height * width), shape, "float32");
  let output: unknown;
  try {
    output = insideCall(() => noGrad(() => outputOf(net, nothing)));
  } catch (error) {
    throw new FileError(
      `the network does not take what the preprocessing gives, ${formatShape(shape)}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  if (!(output instanceof Tensor) || output.ndim !== 2)
    throw new FileError(
      `expected the network to give scores [N, classes], got ${output instanceof Tensor ? formatShape(output.shape) : typeof output}`,
    );
  if (output.size(1) === classes) return;
  throw new FileError(
    `the network has ${output.size(1)} outputs, and there are ${classes} class names; give as many \`classes\``,
  );
}

/**
 * Sends a batch of inputs to the engine, and gives the probabilities, row by row.
 *
 * @throws OutOfMemoryError if it does not fit.
 */
export type SendBatch = (
  pixels: Float32Array<ArrayBuffer>,
  shape: readonly number[],
) => Promise<ArrayLike<number>>;

/** Sends batches through a network that is frozen. */
export function throughNetwork(net: Module, precision: Precision = "f32"): SendBatch {
  const frozen = new FrozenNetwork(net, (output) => output.softmax(1), precision);
  return async (pixels, shape) => {
    const { data, dtype } = await frozen.call(pixels, shape);
    return numbersOf(dtype, data);
  };
}

/**
 * The probabilities for each input. Those of one shape go through the network together, or in slices if they do not fit the
 * engine's memory.
 *
 * @param batch - how many the network takes at once; null for any number.
 */
export async function probabilitiesOf(
  send: SendBatch,
  inputs: readonly ArrayBatch[],
  batch: number | null,
): Promise<number[][]> {
  const rows: number[][] = new Array(inputs.length);
  let fitting = batch ?? Number.POSITIVE_INFINITY;
  for (const indices of indicesByShape(inputs)) {
    for (let done = 0; done < indices.length; ) {
      const size = nextSlice(indices.length - done, Math.min(fitting, indices.length));
      const slice = indices.slice(done, done + size);
      const found = await sendStacked(
        send,
        slice.map((i) => inputs[i]),
      );
      if (found === null) {
        fitting = Math.ceil(size / 2);
        continue;
      }
      for (const [i, row] of found.entries()) rows[slice[i]] = row;
      done += size;
    }
  }
  return rows;
}

function indicesByShape(inputs: readonly ArrayBatch[]): number[][] {
  const byShape = new Map<string, number[]>();
  for (const [i, { shape }] of inputs.entries()) {
    const same = byShape.get(shape.join(" "));
    if (same === undefined) byShape.set(shape.join(" "), [i]);
    else same.push(i);
  }
  return [...byShape.values()];
}

/** Sends inputs of one shape as one batch; null if they do not fit, but fewer might. */
async function sendStacked(send: SendBatch, inputs: readonly ArrayBatch[]): Promise<number[][] | null> {
  const [{ shape }] = inputs;
  try {
    return rowsOf(await send(stacked(inputs), [inputs.length, ...shape.slice(1)]), inputs.length);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || inputs.length === 1) throw error;
    return null;
  }
}

/** One is taken as it is: copying it into memory that is touched for the first time takes as long as some layers. */
function stacked(inputs: readonly ArrayBatch[]): Float32Array<ArrayBuffer> {
  const [{ data, dtype }] = inputs;
  if (inputs.length === 1 && dtype === "float32") return data as Float32Array<ArrayBuffer>;
  const pixels = new Float32Array(inputs.length * data.length);
  for (const [i, input] of inputs.entries()) pixels.set(input.data, i * data.length);
  return pixels;
}

function rowsOf(numbers: ArrayLike<number>, count: number): number[][] {
  const width = numbers.length / count;
  const all = Array.from(numbers);
  return Array.from({ length: count }, (_, i) => all.slice(i * width, (i + 1) * width));
}

/** The mean of the probabilities over the views of an image, and the likeliest class. */
export function meanOfViews(views: readonly (readonly number[])[]): {
  readonly index: number;
  readonly probabilities: readonly number[];
} {
  const [first] = views;
  const probabilities =
    views.length === 1
      ? first
      : first.map((_, c) => views.reduce((sum, row) => sum + row[c], 0) / views.length);
  return {
    index: probabilities.reduce((best, p, i) => (p > probabilities[best] ? i : best), 0),
    probabilities,
  };
}
