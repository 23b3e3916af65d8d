/** The score of one class, which maps of what mattered explain. */
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Module } from "../nn/index.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { takenBy } from "./layer_calls.ts";

/**
 * A network's scores for a batch, [N, classes].
 *
 * @throws ShapeError for an input that the network does not take, or a network that gives anything else.
 */
export function scoresOf(of: string, net: Module, x: Tensor): Tensor {
  const given: unknown = takenBy(of, x, () => net(x));
  const output = given instanceof Tensor ? given : (given as { logits?: unknown } | null)?.logits;
  if (!(output instanceof Tensor) || output.ndim < 2 || output.numel() !== output.size(0) * output.size(1)) {
    const got = output instanceof Tensor ? `shape ${formatShape(output.shape)}` : shownValue(given);
    throw new ShapeError(
      `${of}: expected a network that gives a score for each class, [N, classes], got ${got}`,
    );
  }
  return output.flatten(1).to("float32");
}

/**
 * The sum over a batch of the scores of one class. Which class is an input of the program: another one compiles nothing
 * new.
 */
export function scoreOfClass(scores: Tensor, classIndex: number): Tensor {
  const classes = scores.size(1);
  const mask = new Float32Array(classes);
  mask[classIndex] = 1;
  return scores.mul(fromTypedArray(mask, [1, classes], "float32")).sum();
}

/**
 * The class that is to be explained: the one that is asked for, else the likeliest for the only example.
 *
 * @throws ArgumentError for a class that does not exist.
 */
export async function classOf(of: string, scores: Tensor, classIndex: unknown): Promise<number> {
  const classes = scores.size(1);
  if (classIndex === undefined || classIndex === null) {
    const values = Array.from(await scores.detach().data(), Number);
    return values.indexOf(Math.max(...values.filter((value) => !Number.isNaN(value))));
  }
  if (Number.isInteger(classIndex) && Number(classIndex) >= 0 && Number(classIndex) < classes)
    return Number(classIndex);
  throw new ArgumentError(
    `${of}: expected \`classIndex\` to be an integer from 0 to ${classes - 1}, got ${shownValue(classIndex)}`,
  );
}
