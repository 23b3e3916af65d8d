/** From inputs to the probabilities of classes. */
import { allocateArray, numbersOf } from "../base/dtype.ts";
import { FileError, OutOfMemoryError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { ArrayBatch } from "../data/array_batch.ts";
import { insideCall } from "../graph/node.ts";
import type { Module } from "../nn/index.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { noGrad } from "../tensor/autograd.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { FittingSlices } from "../train/loop/micro_batches.ts";
import { outputOf } from "../train/loop/network_output.ts";

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
 * The probabilities for each input. Those of one shape go through the network together, or in slices if they do not fit the
 * engine's memory.
 *
 * @param batch - how many the network takes at once; null for any number.
 */
export async function probabilitiesOf(
  net: Module,
  inputs: readonly ArrayBatch[],
  batch: number | null,
): Promise<number[][]> {
  const rows: number[][] = new Array(inputs.length);
  const byShape = new Map<string, number[]>();
  for (const [i, { shape }] of inputs.entries()) {
    const key = shape.join(" ");
    const same = byShape.get(key);
    if (same === undefined) byShape.set(key, [i]);
    else same.push(i);
  }
  for (const indices of byShape.values()) {
    const slices = new FittingSlices();
    const most = batch ?? indices.length;
    for (let first = 0; first < indices.length; first += most) {
      const group = indices.slice(first, first + most);
      const attempt = (from: number, to: number) =>
        scoresOf(
          net,
          group.slice(from, to).map((i) => inputs[i]),
          group.length > 1,
        );
      let at = 0;
      for (const scores of slices.run(group.length, attempt))
        for (const row of await scores()) rows[group[at++]] = softmax(row);
    }
  }
  return rows;
}

/** Sends inputs of one shape to the engine; null if they do not fit, but fewer might. */
function scoresOf(
  net: Module,
  inputs: readonly ArrayBatch[],
  canBeLess: boolean,
): (() => Promise<Float64Array[]>) | null {
  const [{ data, shape }] = inputs;
  const pixels = new Float32Array(inputs.length * data.length);
  for (const [i, input] of inputs.entries()) pixels.set(input.data, i * data.length);
  const x = fromTypedArray(pixels, [inputs.length, ...shape.slice(1)], "float32");
  try {
    const output = insideCall(() => noGrad(() => outputOf(net, x)));
    defaultSession().submit([output.value]);
    return async () =>
      rowsOf(numbersOf(output.dtype, await defaultSession().fetch(output.value)), inputs.length);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || !canBeLess || inputs.length === 1) throw error;
    return null;
  }
}

function rowsOf(scores: ArrayLike<number>, count: number): Float64Array[] {
  const all = Float64Array.from(scores);
  const width = all.length / count;
  return Array.from({ length: count }, (_, i) => all.subarray(i * width, (i + 1) * width));
}

/** Probabilities of scores. */
function softmax(scores: Float64Array): number[] {
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Array.from(scores, (score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
