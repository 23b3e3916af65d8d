/** Initial values of weights: made here, not by a program, so that building a model compiles nothing. */
import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { TensorSpec } from "../../engines/contract/engine.ts";
import { deferredValue } from "../../graph/deferred_value.ts";
import { setGradientMode, type Value } from "../../graph/node.ts";
import { runningSession } from "../../runtime/runtime.ts";
import { drawKey, type Generator } from "../../tensor/random_state.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillNormal, fillTruncatedNormal, fillUniform } from "./random_fill.ts";
import type { RandomKey } from "./random_words.ts";

export function uniformValue(
  spec: TensorSpec,
  low: number,
  high: number,
  generator?: Generator | null,
): Value {
  const key = keyFrom(generator);
  return deferredValue(spec.shape, spec.dtype, (out) => fillUniform(out, key, low, high));
}

export function normalValue(
  spec: TensorSpec,
  mean: number,
  std: number,
  generator?: Generator | null,
): Value {
  const key = keyFrom(generator);
  return deferredValue(spec.shape, spec.dtype, (out) => fillNormal(out, key, mean, std));
}

export function truncatedNormalValue(
  spec: TensorSpec,
  mean: number,
  std: number,
  range: { low: number; high: number },
  generator?: Generator | null,
): Value {
  const key = keyFrom(generator);
  return deferredValue(spec.shape, spec.dtype, (out) => fillTruncatedNormal(out, key, mean, std, range));
}

export function filledValue(shape: Shape, dtype: DType, number: number): Value {
  return deferredValue(shape, dtype, (out) => {
    if (number !== 0) out.fill(number);
  });
}

/** The next stream of a generator: which one is decided here, whenever its numbers are looked at. */
export function keyFrom(generator?: Generator | null): RandomKey {
  const [seedLow, seedHigh, streamLow, streamHigh] = drawKey(generator).data as Int32Array;
  return { seedLow, seedHigh, streamLow, streamHigh };
}

/**
 * Puts new contents of the same shape and dtype into a tensor, without an operation: what was computed from
 * the old contents stays as it is.
 */
export function overwrite(tensor: Tensor, contents: Value): void {
  const { cell } = tensor;
  if (cell !== cell.storage || runningSession()?.isCommitPending(cell)) {
    const before = setGradientMode(false);
    try {
      tensor.assign(contents);
    } finally {
      setGradientMode(before);
    }
    return;
  }
  const owner = cell.value.gradientOwner;
  contents.requiresGrad = owner !== null;
  contents.gradientOwner = owner;
  cell.deviceBuffer = null;
  cell.value = contents;
}
