/**
 * Random numbers. Each draw has a key of four int32 words (seed low and high, stream low and high), which is
 * an input of the program: the next step draws other numbers with the same program. Element i of a draw
 * depends on nothing but the key and i.
 */
import { type DType, isFloating, isHalf } from "../base/dtype.ts";
import { DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, type Shape } from "../base/shape.ts";
import type { TensorSpec } from "../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import { constant } from "./creation.ts";
import { cast, div, floorOp, mul } from "./elementwise/elementwise.ts";

function requireKey(key: TensorSpec): void {
  if (key.dtype !== "int32" || key.shape.length !== 1 || key.shape[0] !== 4) {
    throw new ShapeError(`expected a key of four int32 words, got ${key.dtype} ${formatShape(key.shape)}`);
  }
}

function floatingDraw(name: string): OpDefinition {
  return {
    name,
    infer([key], attributes) {
      requireKey(key);
      const dtype = attributes.dtype as DType;
      if (!isFloating(dtype)) throw new DTypeError(`expected a floating-point dtype, got ${dtype}`);
      return [{ shape: attributes.shape as Shape, dtype }];
    },
  };
}

/** Uniform in [0, 1): 24 random bits for float32, 53 for float64, 8 for bfloat16, 11 for float16. Attributes `shape`, `dtype`. */
export const randomUniformOp = floatingDraw("randomUniform");

/**
 * Normal with mean 0 and standard deviation 1, by pairs: G. E. P. Box, M. E. Muller, "A note on the
 * generation of random normal deviates", 1958. Attributes `shape`, `dtype`.
 */
export const randomNormalOp = floatingDraw("randomNormal");

/**
 * Draws `attributes.numSamples` positions from each row of weights, with or without replacement. Inputs:
 * weights [categories] or [rows, categories], key.
 */
export const multinomialOp: OpDefinition = {
  name: "multinomial",
  checksData: true,
  infer([weights, key], attributes) {
    requireKey(key);
    const rows = weights.shape.slice(0, -1);
    return [{ shape: [...rows, attributes.numSamples as number], dtype: "int64" }];
  },
};

export function randomUniform(key: Value, shape: Shape, dtype: DType = "float32"): Value {
  if (isHalf(dtype)) {
    // As many bits as the dtype holds below 1, so that none is rounded up to 1.
    const steps = constant(dtype === "bfloat16" ? 2 ** 8 : 2 ** 11, "float32");
    return cast(div(emit(floorOp, [mul(randomUniform(key, shape), steps)]), steps), dtype);
  }
  return emit(randomUniformOp, [key], { shape: [...shape], dtype });
}

export function randomNormal(key: Value, shape: Shape, dtype: DType = "float32"): Value {
  return emit(randomNormalOp, [key], { shape: [...shape], dtype });
}
