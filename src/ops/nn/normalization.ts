/** Normalisation to mean 0 and variance 1: over all but the channels (batch norm), or over given dimensions. */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import type { TensorSpec } from "../../engines/contract/engine.ts";
import { emit, emitAll, isGradientModeOn, type OpDefinition, type Value } from "../../graph/node.ts";
import { reducedShape, requireDtypesOfLayer, requireFloating } from "../core.ts";
import { constant } from "../creation.ts";
import { add, cast, div, mul, neg, rsqrtOp, sub } from "../elementwise/elementwise.ts";
import { mean, sum } from "../reduction/reduction.ts";
import { reshape } from "../shape/shape_ops.ts";
import { channelHint } from "../shape_hints.ts";

/** Mean and biased variance over `dims`, kept as 1: two passes, because E[x^2] - E[x]^2 cancels. */
interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/*
 * x - mean is written in a different way wherever it is needed (x - m, x + (-m), m - x): to recompute it costs
 * nothing inside a loop over x, while equal expressions would be computed once, written to memory by the first
 * loop and read back by the next ones.
 */

function momentsOf(x: Value, dims: readonly number[]): Moments {
  const average = mean(x, dims, true);
  const centred = sub(x, average);
  return { mean: average, variance: mean(mul(centred, centred), dims, true) };
}

export function inverseDeviation(variance: Value, eps: number): Value {
  return emit(rsqrtOp, [add(variance, constant(eps, variance.dtype))]);
}

/** All dimensions but the channels, which are dimension 1. */
export function allButChannels(shape: Shape): number[] {
  return shape.map((_, d) => d).filter((d) => d !== 1);
}

/** [C] as [1, C, 1, ...], to broadcast against x. */
export function alongChannels(perChannel: Value, x: Value): Value {
  return reshape(
    perChannel,
    x.shape.map((_, d) => (d === 1 ? x.shape[1] : 1)),
  );
}

function requirePerChannel(x: TensorSpec, rest: readonly TensorSpec[], names: readonly string[]): void {
  if (x.shape.length < 2)
    throw new ShapeError(`expected an input [N, C, ...], got ${formatShape(x.shape)}`, { nameless: true });
  rest.forEach((value, i) => {
    if (value.shape.length !== 1 || value.shape[0] !== x.shape[1]) {
      throw new ShapeError(
        `expected ${names[i]} of shape [${x.shape[1]}], one number per channel of ${formatShape(x.shape)}, got ${formatShape(value.shape)}${value.shape.length === 1 ? channelHint(x.shape, value.shape[0], x.shape.length - 2) : ""}`,
        { nameless: true },
      );
    }
  });
}

/**
 * y = (x - mean) / sqrt(variance + eps) * weight + bias, mean and variance over all but the channels.
 *
 * Inputs x [N, C, ...], weight [C], bias [C]; outputs y, mean [C] and the biased variance [C]. Gradients flow
 * from y only: mean and variance are for the running statistics.
 *
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, algorithm 1.
 */
export const batchNormTrainingOp: OpDefinition = {
  name: "batchNormTraining",
  mixesExamples: () => true,
  infer([x, weight, bias]) {
    requireFloating(x);
    requireDtypesOfLayer([x, weight, bias]);
    requirePerChannel(x, [weight, bias], ["weight", "bias"]);
    const perChannel = { shape: [x.shape[1]], dtype: weight.dtype };
    return [{ shape: x.shape, dtype: x.dtype }, perChannel, perChannel];
  },
  gradient({ grads, inputs: [x, weight], outputs: [, average, variance], attributes }) {
    const dy = grads[0];
    if (dy === null || grads[1] !== null || grads[2] !== null) {
      throw new ArgumentError("batchNormTraining: gradients flow from its first output only");
    }
    // Gradients of the gradient must see how mean and variance depend on x.
    if (isGradientModeOn()) {
      const [wide, dwide] = [cast(x, weight.dtype), cast(dy, weight.dtype)];
      const { mean: m, variance: v } = momentsOf(wide, allButChannels(x.shape));
      const eps = attributes.eps as number;
      const [dx, ...rest] = batchNormGradientOf(dwide, wide, m, v, alongChannels(weight, x), eps);
      return [cast(dx, x.dtype), ...rest];
    }
    return emitAll(batchNormGradientOp, [dy, x, average, variance, weight], attributes);
  },
  decompose([x, weight, bias], attributes) {
    const { mean: m, variance: v } = momentsOf(x, allButChannels(x.shape));
    const scale = mul(inverseDeviation(v, attributes.eps as number), alongChannels(weight, x));
    const y = add(mul(x, scale), sub(alongChannels(bias, x), mul(m, scale)));
    const perChannel = [x.shape[1]];
    return [y, reshape(m, perChannel), reshape(v, perChannel)];
  },
};

/**
 * Gradients of `batchNormTraining`: two sums in one pass, then one element-wise pass. With h the normalised x,
 * n the elements per channel:
 *
 * dweight = sum(dy h), dbias = sum(dy), dx = weight / sqrt(variance + eps) (dy - (dbias + h dweight) / n)
 *
 * Inputs dy, x, mean, variance, weight; attribute `eps`; outputs dx, dweight, dbias.
 */
export const batchNormGradientOp: OpDefinition = {
  name: "batchNormGradient",
  infer([dy, , , , weight]) {
    return [
      { shape: dy.shape, dtype: dy.dtype },
      { shape: weight.shape, dtype: weight.dtype },
      { shape: weight.shape, dtype: weight.dtype },
    ];
  },
  decompose([dy, x, average, variance, weight], attributes) {
    const [m, v, w] = [average, variance, weight].map((value) => alongChannels(value, x));
    return batchNormGradientOf(dy, x, m, v, w, attributes.eps as number);
  },
};

function batchNormGradientOf(dy: Value, x: Value, m: Value, v: Value, weight: Value, eps: number): Value[] {
  const dims = allButChannels(x.shape);
  const count = dims.reduce((product, d) => product * x.shape[d], 1);
  const deviation = inverseDeviation(v, eps);
  const dbias = sum(dy, dims, true);
  const dweight = mul(sum(mul(dy, add(x, neg(m))), dims, true), deviation);
  const n = constant(count, x.dtype);
  const slope = div(mul(dweight, deviation), n);
  const dx = mul(add(sub(dy, div(dbias, n)), mul(sub(m, x), slope)), mul(deviation, weight));
  return [dx, reshape(dweight, [x.shape[1]]), reshape(dbias, [x.shape[1]])];
}

/**
 * (x - mean) / sqrt(variance + eps), mean and biased variance over `attributes.dims`: the core of layer, group
 * and instance normalisation. Outputs y and 1 / sqrt(variance + eps), from which no gradient flows.
 *
 * dx = invstd (dy - mean(dy) - y mean(dy y))
 */
export const standardizeOp: OpDefinition = {
  name: "standardize",
  mixesExamples: (_input, { dims }) => (dims as readonly number[]).includes(0),
  infer([x], attributes) {
    requireFloating(x);
    const shape = reducedShape(x.shape, attributes.dims as readonly number[], true);
    return [
      { shape: x.shape, dtype: x.dtype },
      { shape, dtype: x.dtype },
    ];
  },
  gradient({ grads, inputs: [x], outputs: [y, deviation], attributes }) {
    const dims = attributes.dims as readonly number[];
    const dy = grads[0] as Value;
    let scale = deviation;
    if (isGradientModeOn()) scale = inverseDeviation(momentsOf(x, dims).variance, attributes.eps as number);
    return [mul(scale, sub(sub(dy, mean(dy, dims, true)), mul(y, mean(mul(dy, y), dims, true))))];
  },
  decompose([x], attributes) {
    const { mean: m, variance: v } = momentsOf(x, attributes.dims as readonly number[]);
    const deviation = inverseDeviation(v, attributes.eps as number);
    return [mul(add(x, neg(m)), deviation), deviation];
  },
};

/** y, mean and biased variance. */
export function batchNormTraining(x: Value, weight: Value, bias: Value, eps: number): Value[] {
  return emitAll(batchNormTrainingOp, [x, weight, bias], { eps });
}

export function standardize(x: Value, dims: readonly number[], eps: number): Value {
  return emit(standardizeOp, [x], { dims: [...dims], eps });
}

/** (x - mean) / sqrt(variance + eps) * weight + bias with given statistics per channel. */
export function batchNormInference(
  x: Value,
  average: Value,
  variance: Value,
  weight: Value | null,
  bias: Value | null,
  eps: number,
): Value {
  requirePerChannel(x, [average, variance], ["running mean", "running variance"]);
  const deviation = inverseDeviation(variance, eps);
  const scale = weight === null ? deviation : mul(deviation, weight);
  const shift = mul(average, scale);
  const offset = bias === null ? neg(shift) : sub(bias, shift);
  const wide = cast(x, scale.dtype);
  return cast(add(mul(wide, alongChannels(scale, x)), alongChannels(offset, x)), x.dtype);
}
