/** Random tensors. See `random_state.ts` for seeds and generators. */
import { type DType, isFloating, numbersOf } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, type Shape } from "../base/shape.ts";
import { emit, type Value } from "../graph/node.ts";
import { add, cast, floorOp, lt, mul } from "../ops/elementwise/elementwise.ts";
import { multinomialOp, randomNormal, randomUniform } from "../ops/random.ts";
import { sort } from "../ops/reduction/ordering.ts";
import { defineFunction } from "./define.ts";
import { checkedDType, checkedSize, type NewTensorOptions, newTensor } from "./filled.ts";
import { scalarValue } from "./operands.ts";
import { drawKey, type Generator } from "./random_state.ts";
import { Tensor, valueOf } from "./tensor.ts";

/** What every function that draws takes by name. */
export interface RandomOptions extends NewTensorOptions {
  /** Where the numbers come from; by default the generator that `manualSeed` seeds. */
  generator?: Generator | null;
}

export interface RandomFromSizes {
  (...size: number[] | [readonly number[]]): Tensor;
  (size: number | readonly number[], options: RandomOptions): Tensor;
  (size0: number, size1: number, options: RandomOptions): Tensor;
  (size0: number, size1: number, size2: number, options: RandomOptions): Tensor;
  (size0: number, size1: number, size2: number, size3: number, options: RandomOptions): Tensor;
  (options: RandomOptions & { size: readonly number[] }): Tensor;
}

type Draw = (key: Value, shape: Shape, dtype: DType) => Value;

const fromSizes = (name: string, draw: Draw): RandomFromSizes =>
  defineFunction(
    name,
    ["*size", "generator?", "dtype?", "requiresGrad?", "device?"],
    ({ size = [], generator, dtype, requiresGrad }) => {
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

export interface RandomLike {
  (input: Tensor, options?: RandomOptions): Tensor;
  (options: RandomOptions & { input: Tensor }): Tensor;
}

const like = (name: string, draw: Draw): RandomLike =>
  defineFunction(
    name,
    ["input", "generator?", "dtype?", "requiresGrad?", "device?"],
    ({ input, generator, dtype, requiresGrad }) => {
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
    throw new ArgumentError(`${of}: expected whole numbers low < high, got ${low} and ${high}`);
  }
  const u = randomUniform(drawKey(generator), shape, "float64");
  const steps = emit(floorOp, [mul(u, scalarValue(high - low, "float64"))]);
  return cast(add(steps, scalarValue(low, "float64")), dtype);
}

export interface RandInt {
  (high: number, size: readonly number[], options?: RandomOptions): Tensor;
  (low: number, high: number, size: readonly number[], options?: RandomOptions): Tensor;
  (options: RandomOptions & { low?: number; high: number; size: readonly number[] }): Tensor;
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
export const randint: RandInt = defineFunction(
  "randint",
  ["low?", "high?", "size?", "generator?", "dtype?", "requiresGrad?", "device?"],
  ({ low, high, size, generator, dtype, requiresGrad }) => {
    const short = Array.isArray(high) || high === undefined;
    const [from, to] = short ? [0, low] : [low ?? 0, high];
    const shape = Array.isArray(high) ? high : size;
    if (shape === undefined) throw new ArgumentError("missing argument `size` of randint(low?, high, size)");
    const type = checkedDType("randint", dtype, "int64");
    return newTensor(
      integers("randint", from, to, checkedSize("randint", shape), type, generator),
      requiresGrad,
    );
  },
);

export interface RandIntLike {
  (input: Tensor, low: number, high?: number, options?: RandomOptions): Tensor;
  (input: Tensor, options: RandomOptions & { low?: number; high: number }): Tensor;
}

/**
 * `randint` in another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * randintLike(zeros(2, 3), 10).shape; // [2, 3]
 * ```
 */
export const randintLike: RandIntLike = defineFunction(
  "randintLike",
  ["input", "low?", "high?", "generator?", "dtype?", "requiresGrad?", "device?"],
  ({ input, low, high, generator, dtype, requiresGrad }) => {
    const value = valueOf(input, "input", "randintLike");
    const [from, to] = high === undefined ? [0, low] : [low ?? 0, high];
    const type = checkedDType("randintLike", dtype, value.dtype);
    return newTensor(integers("randintLike", from, to, value.shape, type, generator), requiresGrad);
  },
);

export interface RandPerm {
  (n: number, options?: RandomOptions): Tensor;
  (options: RandomOptions & { n: number }): Tensor;
}

/**
 * The integers from 0 to n - 1 in random order, as int64.
 *
 * @example
 * ```ts
 * randperm(5).sum().item(); // 10
 * ```
 */
export const randperm: RandPerm = defineFunction(
  "randperm",
  ["n", "generator?", "dtype?", "requiresGrad?", "device?"],
  ({ n, generator, dtype, requiresGrad }) => {
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

export interface Bernoulli {
  (input: Tensor, p?: number | null, options?: { generator?: Generator | null }): Tensor;
  (input: Tensor, options: { p?: number | null; generator?: Generator | null }): Tensor;
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
export const bernoulli: Bernoulli = defineFunction(
  "bernoulli",
  ["input", "p?", "generator?"],
  ({ input, p = null, generator }) => {
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

export interface Multinomial {
  (
    input: Tensor,
    numSamples: number,
    replacement?: boolean,
    options?: { generator?: Generator | null },
  ): Tensor;
  (
    input: Tensor,
    numSamples: number,
    options: { replacement?: boolean; generator?: Generator | null },
  ): Tensor;
}

/**
 * Positions drawn with the probabilities (of any sum) that a vector, or each row of a matrix, holds.
 *
 * @param replacement - whether a position may be drawn more than once (default false).
 * @throws ArgumentError where a weight is negative or not finite, or fewer are above 0 than are to be drawn.
 * @example
 * ```ts
 * multinomial(tensor([0, 0.5, 0]), 1).tolist(); // [1]
 * ```
 */
export const multinomial: Multinomial = defineFunction(
  "multinomial",
  ["input", "numSamples", "replacement?", "generator?"],
  ({ input, numSamples, replacement = false, generator }) => {
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

export interface Normal {
  (mean: Tensor | number, std?: Tensor | number, size?: readonly number[], options?: RandomOptions): Tensor;
  (
    mean: Tensor | number,
    std: Tensor | number,
    options: RandomOptions & { size?: readonly number[] },
  ): Tensor;
  (
    options: RandomOptions & { mean?: Tensor | number; std?: Tensor | number; size?: readonly number[] },
  ): Tensor;
}

/**
 * Random numbers from the normal distribution with the mean and deviation given.
 *
 * @example
 * ```ts
 * normal(0, 0.01, [4, 4]).shape; // [4, 4]
 * ```
 */
export const normal: Normal = defineFunction(
  "normal",
  ["mean?", "std?", "size?", "generator?", "dtype?", "requiresGrad?", "device?"],
  ({ mean = 0, std = 1, size, generator, dtype, requiresGrad }) => {
    const given = mean instanceof Tensor ? mean : std instanceof Tensor ? std : null;
    if (given === null && size === undefined)
      throw new ArgumentError("normal: expected `size` where mean and std are numbers");
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
