/** Random tensors. See `random_state.ts` for seeds and generators. */

import { type DType, isFloating, numbersOf } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, type Shape } from "../base/shape.ts";
import { emit, type Value } from "../graph/node.ts";
import { add, cast, floorOp, lt, mul } from "../ops/elementwise/elementwise.ts";
import { multinomialOp, randomNormal, randomUniform } from "../ops/random.ts";
import { sort } from "../ops/reduction/ordering.ts";
import { checkedDType, checkedSize, type NewTensorOptions, newTensor } from "./filled.ts";
import type { InputParameter } from "./input_parameter.ts";
import { scalarValue } from "./operands.ts";
import { drawKey, type Generator } from "./random_state.ts";
import { defineCall, Tensor, valueOf } from "./tensor.ts";

/** What every function that draws takes by name. */
export interface RandomOptions extends NewTensorOptions {
  /** Where the numbers come from; by default the generator that `manualSeed` seeds. */
  generator?: Generator | null;
}

/** What every function that makes a tensor of random numbers takes by name. */
export interface RandomTensorOptions {
  /** Where the random numbers come from; null, the default, for the global generator. */
  generator?: Generator | null;
  /** Dtype of the result; null, the default, for that of the input. */
  dtype?: DType | null;
  /** Whether gradients are collected for it. @default false */
  requiresGrad?: boolean;
  /** Only `"cpu"`, the device there is, and the default. */
  device?: "cpu" | null;
}

export interface RandomFromSizesParameters extends RandomTensorOptions {
  /** The dimensions, as numbers or as one list; none, by default, is a single number. */
  size?: readonly number[];
}

type Draw = (key: Value, shape: Shape, dtype: DType) => Value;

const fromSizes = (name: string, draw: Draw) =>
  defineCall<RandomFromSizesParameters>(name)(
    [
      "*size:integers|null",
      "generator?",
      "dtype?:dtype|null",
      "requiresGrad?:boolean",
      "device?:device|null",
    ],
    (size = [], generator, dtype, requiresGrad) => {
      const type = checkedDType(name, dtype, "float32");
      return newTensor(draw(drawKey(generator), checkedSize(name, size), type), requiresGrad);
    },
  );

/**
 * Random numbers, uniform in [0, 1).
 *
 * @example
 * ```ts
 * manualSeed(1);
 * rand(2, 3).shape; // [2, 3]
 * ```
 */
export const rand = fromSizes("rand", randomUniform);
/**
 * Random numbers from the normal distribution with mean 0 and deviation 1.
 *
 * @example
 * ```ts
 * randn(2, 3).shape; // [2, 3]
 * ```
 */
export const randn = fromSizes("randn", randomNormal);

export interface RandomLikeParameters extends InputParameter, RandomTensorOptions {}

const like = (name: string, draw: Draw) =>
  defineCall<RandomLikeParameters>(name)(
    ["input", "generator?", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
    (input, generator, dtype, requiresGrad) => {
      const value = valueOf(input, "input", name);
      return newTensor(
        draw(drawKey(generator), value.shape, checkedDType(name, dtype, value.dtype)),
        requiresGrad,
      );
    },
  );

/**
 * `rand` in another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * randLike(zeros(2, 3)).shape; // [2, 3]
 * ```
 */
export const randLike = like("randLike", randomUniform);
/**
 * `randn` in another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * randnLike(zeros(2, 3)).shape; // [2, 3]
 * ```
 */
export const randnLike = like("randnLike", randomNormal);

/** floor(low + u (high - low)), with 53 random bits for u. */
function integers(
  of: string,
  low: number,
  high: number,
  shape: Shape,
  dtype: DType,
  generator?: Generator | null,
): Value {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low >= high) {
    throw new ArgumentError(`${of}: expected integers low < high, got ${low} and ${high}`);
  }
  const u = randomUniform(drawKey(generator), shape, "float64");
  const steps = emit(floorOp, [mul(u, scalarValue(high - low, "float64"))]);
  return cast(add(steps, scalarValue(low, "float64")), dtype);
}

export interface RandIntParameters extends RandomTensorOptions {
  /** Smallest integer; left out, 0: then `high` comes first. @default 0 */
  low?: number;
  /** Behind the largest integer; in the short form `randint(high, size)`, in which `low` is 0 by default, the dimensions. */
  high?: number | readonly number[];
  /** The dimensions; left out in the short form, in which `high` stands for them. */
  size?: readonly number[];
}

/**
 * Random integers from `low` (default 0) to `high` - 1, as int64.
 *
 * @example
 * ```ts
 * randint(10, [4]).dtype; // "int64"
 * randint(5, 10, [2, 2]).shape; // [2, 2]
 * ```
 */
export const randint = defineCall<RandIntParameters>("randint")(
  [
    "low?",
    "high?",
    "size?:integers|null",
    "generator?",
    "dtype?:dtype|null",
    "requiresGrad?:boolean",
    "device?:device|null",
  ],
  (low, high, size, generator, dtype, requiresGrad) => {
    const short = typeof high !== "number";
    const [from, to] = short ? [0, low as number] : [low ?? 0, high];
    const shape = Array.isArray(high) ? (high as readonly number[]) : size;
    if (shape === undefined) throw new ArgumentError("missing argument `size` of randint(low?, high, size)");
    const type = checkedDType("randint", dtype, "int64");
    return newTensor(
      integers("randint", from, to, checkedSize("randint", shape), type, generator),
      requiresGrad,
    );
  },
);

export interface RandIntLikeParameters extends InputParameter, RandomTensorOptions {
  /** Smallest integer; left out, 0: then `high` comes first. @default 0 */
  low?: number;
  /** Behind the largest integer; by default `low` stands for it and 0 for `low`. */
  high?: number;
}

/**
 * `randint` in another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * randintLike(zeros(2, 3), 10).shape; // [2, 3]
 * ```
 */
export const randintLike = defineCall<RandIntLikeParameters>("randintLike")(
  [
    "input",
    "low?",
    "high?",
    "generator?",
    "dtype?:dtype|null",
    "requiresGrad?:boolean",
    "device?:device|null",
  ],
  (input, low, high, generator, dtype, requiresGrad) => {
    const value = valueOf(input, "input", "randintLike");
    const [from, to] = high === undefined ? [0, low as number] : [low ?? 0, high];
    const type = checkedDType("randintLike", dtype, value.dtype);
    return newTensor(integers("randintLike", from, to, value.shape, type, generator), requiresGrad);
  },
);

export interface RandPermParameters extends RandomTensorOptions {
  /** Length of the permutation. */
  n: number;
}

/**
 * The integers from 0 to n - 1 in random order, as int64.
 *
 * @example
 * ```ts
 * randperm(5).sum().item(); // 10
 * ```
 */
export const randperm = defineCall<RandPermParameters>("randperm")(
  ["n", "generator?", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
  (n, generator, dtype, requiresGrad) => {
    const [, order] = sort(
      randomUniform(drawKey(generator), checkedSize("randperm", n), "float64"),
      0,
      false,
    );
    return newTensor(cast(order, checkedDType("randperm", dtype, "int64")), requiresGrad);
  },
);

/** 1 with the probability that stands there, else 0. */
export function bernoulliOf(
  probability: Value,
  shape: Shape,
  dtype: DType,
  generator?: Generator | null,
): Value {
  // As many bits as the probability has, so that one of 1 always gives 1 and one of 0 never does.
  const bits = probability.dtype === "float64" ? "float64" : "float32";
  return cast(lt(randomUniform(drawKey(generator), shape, bits), cast(probability, bits)), dtype);
}

export interface BernoulliParameters extends InputParameter {
  /** Probability of 1; null when the input holds the probabilities. @default null */
  p?: number | null;
  /** Where the random numbers come from; null, the default, for the global generator. */
  generator?: Generator | null;
}

/**
 * 1 with the probability that stands in each place, else 0.
 *
 * @throws ArgumentError for probabilities outside 0 to 1.
 * @example
 * ```ts
 * bernoulli(full([2], 1.0, { dtype: "float32" })).tolist(); // [1, 1]
 * ```
 */
export const bernoulli = defineCall<BernoulliParameters>("bernoulli")(
  ["input", "p?", "generator?"],
  (input, p = null, generator) => {
    const value = valueOf(input, "input", "bernoulli");
    if (p === null && !isFloating(value.dtype)) {
      throw new DTypeError(
        `bernoulli: expected floating-point probabilities, got ${value.dtype}; convert them with .float()`,
      );
    }
    const known = p === null && value.data !== null ? numbersOf(value.dtype, value.data) : [];
    if (!known.every((one) => one >= 0 && one <= 1)) {
      throw new ArgumentError("bernoulli: expected probabilities from 0 to 1");
    }
    const probability = p === null ? value : scalarValue(checkedProbability("bernoulli", p), "float32");
    return new Tensor(bernoulliOf(probability, value.shape, value.dtype, generator));
  },
);

export function checkedProbability(of: string, p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new ArgumentError(`${of}: expected a probability from 0 to 1, got ${p}`);
}

export interface MultinomialParameters extends InputParameter {
  /** How many draws. */
  numSamples: number;
  /** Whether a position may be drawn more than once (default false). @default false */
  replacement?: boolean;
  /** Where the random numbers come from; null, the default, for the global generator. */
  generator?: Generator | null;
}

/**
 * Positions drawn with the probabilities (of any sum) that a vector, or each row of a matrix, holds.
 *
 * @param replacement - whether a position may be drawn more than once (default false).
 * @throws ArgumentError if a weight is negative or not finite, or fewer are above 0 than are to be drawn.
 * @example
 * ```ts
 * multinomial(tensor([0, 0.5, 0]), 1).tolist(); // [1]
 * ```
 */
export const multinomial = defineCall<MultinomialParameters>("multinomial")(
  ["input", "numSamples", "replacement?:boolean", "generator?"],
  (input, numSamples, replacement = false, generator) => {
    const weights = valueOf(input, "input", "multinomial");
    const { shape, dtype } = weights;
    if (!isFloating(dtype))
      throw new DTypeError(`multinomial: expected floating-point weights, got ${dtype}`);
    if (shape.length < 1 || shape.length > 2)
      throw new ShapeError(`multinomial: expected weights of 1 or 2 dimensions, got ${formatShape(shape)}`);
    const categories = shape[shape.length - 1];
    if (!Number.isInteger(numSamples) || numSamples < 1 || (!replacement && numSamples > categories)) {
      throw new ArgumentError(
        `multinomial: expected \`numSamples\` above 0${replacement ? "" : ` and, without replacement, at most ${categories}`}, got ${numSamples}`,
      );
    }
    return new Tensor(emit(multinomialOp, [weights, drawKey(generator)], { numSamples, replacement }));
  },
);

export interface NormalParameters extends RandomTensorOptions {
  /** Mean: a number, or one for each element. @default 0 */
  mean?: Tensor | number;
  /** Standard deviation: a number, or one for each element. @default 1 */
  std?: Tensor | number;
  /** The dimensions, as numbers or as one list; none, by default, is a single number. */
  size?: readonly number[];
}

/**
 * Random numbers from the normal distribution with the mean and deviation given.
 *
 * @example
 * ```ts
 * normal(0, 0.01, [4, 4]).shape; // [4, 4]
 * ```
 */
export const normal = defineCall<NormalParameters>("normal")(
  [
    "mean?",
    "std?",
    "size?:integers|null",
    "generator?",
    "dtype?:dtype|null",
    "requiresGrad?:boolean",
    "device?:device|null",
  ],
  (mean = 0, std = 1, size, generator, dtype, requiresGrad) => {
    const given = mean instanceof Tensor ? mean : std instanceof Tensor ? std : null;
    if (given === null && size === undefined)
      throw new ArgumentError("normal: expected `size` if mean and std are numbers");
    if (given !== null && size !== undefined)
      throw new ArgumentError("normal: `size` follows from the tensors given; leave it out");
    if (typeof std === "number" && !(std >= 0))
      throw new ArgumentError(`normal: expected a standard deviation of 0 or more, got ${std}`);
    const type = checkedDType("normal", dtype, given === null ? "float32" : given.dtype);
    const operand = (one: Tensor | number) =>
      one instanceof Tensor ? cast(one.value, type) : scalarValue(one, type);
    const shape = given === null ? checkedSize("normal", size) : add(operand(mean), operand(std)).shape;
    const draw = randomNormal(drawKey(generator), shape, type);
    return newTensor(add(operand(mean), mul(operand(std), draw)), requiresGrad);
  },
);
