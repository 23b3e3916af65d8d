/** Integrated gradients: how much each pixel adds to the score of a class. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Module } from "../../nn/index.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { fromTypedArray, type Tensor } from "../../tensor/tensor.ts";
import { scoresOf } from "../class_score.ts";
import { inEvaluation } from "../layer_calls.ts";
import {
  type Attribution,
  attribution,
  type Explained,
  explained,
  weightedGradients,
} from "./input_gradient.ts";
import { type ClassOptions, requireCount } from "./saliency.ts";

/** What `integratedGradients` takes beside the network and the image. */
export interface IntegratedGradientsOptions extends ClassOptions {
  /** The number that every channel of the image without anything has, as the network takes it. Default 0. */
  readonly baseline?: number;
  /** Images between the two at which gradients are taken. Default 50. */
  readonly steps?: number;
}

/** Integrated gradients: a part of the score for each number of the input. */
export interface IntegratedGradients extends Attribution {
  /** The sum of all parts, less the difference of the scores, which it should be: the error of the integral. */
  readonly delta: number;
}

/**
 * (x - b) times the integral of the gradient of a class's score from the baseline b to the image x: parts that add up to
 * the difference of the two scores. The integral is a Gauss-Legendre sum.
 *
 * Source: Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017.
 *
 * @param net - a network that gives a score for each class, [N, classes].
 * @param input - one image as the network takes it, [1, C, H, W] or [C, H, W].
 * @throws ShapeError for an input that the network does not take; ArgumentError for settings out of their range.
 * @example
 * ```ts
 * import { integratedGradients } from "convoyant/look";
 * const map = await integratedGradients(models.lenet(), rand(1, 1, 28, 28), { steps: 8 });
 * Math.abs(map.delta) < 0.01; // true
 * ```
 */
export async function integratedGradients(
  net: Module,
  input: Tensor,
  { classIndex, baseline = 0, steps = 50 }: IntegratedGradientsOptions = {},
): Promise<IntegratedGradients> {
  requireCount("integratedGradients", "steps", steps);
  if (!Number.isFinite(baseline))
    throw new ArgumentError(
      `integratedGradients: expected \`baseline\` to be a number, got ${shownValue(baseline)}`,
    );
  const what = await explained("integratedGradients", net, input, classIndex);
  const { nodes, weights } = gaussLegendre(steps);
  const between = (index: number) => what.input.map((value) => baseline + nodes[index] * (value - baseline));
  const mean = await weightedGradients("integratedGradients", what, weights, between);
  const parts = mean.map((gradient, i) => gradient * (what.input[i] - baseline));
  const sum = parts.reduce((total, part) => total + part, 0);
  return { ...attribution(what, parts), delta: sum - (await difference(what, baseline)) };
}

/** The score of the image, less that of the baseline. */
async function difference({ net, input, shape, classIndex }: Explained, baseline: number): Promise<number> {
  const both = new Float32Array(2 * input.length).fill(baseline);
  both.set(input);
  const x = fromTypedArray(both, [2, ...shape], "float32");
  const scores = noGrad(() => inEvaluation(net, () => scoresOf("integratedGradients", net, x)));
  const data = await scores.data();
  return Number(data[classIndex]) - Number(data[scores.size(1) + classIndex]);
}

/** Nodes and weights of the Gauss-Legendre sum of n terms on the interval from 0 to 1. */
export function gaussLegendre(n: number): { nodes: number[]; weights: number[] } {
  const [nodes, weights]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    // Newton's method on the Legendre polynomial, from Tricomi's first guess.
    let x = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 8; round++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= n; k++)
        [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}
