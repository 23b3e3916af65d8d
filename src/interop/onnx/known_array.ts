/**
 * Arrays whose numbers are known while a graph is walked through: shapes, indices, scales. What can be computed from them
 * alone is computed at once, so that sizes never wait for an engine.
 */
import { arrayFrom, type DType, numbersOf, type TypedArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { full } from "../../tensor/filled.ts";
import { fromTypedArray, type Tensor } from "../../tensor/tensor.ts";

/** What flows along the edges of a graph. */
export type OnnxValue = Tensor | KnownArray;

/** Numbers of one dtype; 16-bit floats are held as the numbers that they stand for. */
export class KnownArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly #numbers: () => ArrayLike<number>;
  #data: ArrayLike<number> | undefined;
  /** The elements as they lie in memory, if they came so. */
  #stored: TypedArray | undefined;
  #tensor: Tensor | undefined;
  /** The one number that all elements are, if the array was made so. */
  readonly fill: number | undefined;

  private constructor(
    dtype: DType,
    shape: readonly number[],
    numbers: () => ArrayLike<number>,
    fill?: number,
  ) {
    this.dtype = dtype;
    this.shape = shape;
    this.#numbers = numbers;
    this.fill = fill;
  }

  /** Numbers, brought to what the dtype can hold. */
  static of(dtype: DType, shape: readonly number[], numbers: ArrayLike<number>): KnownArray {
    return KnownArray.stored(dtype, shape, arrayFrom(dtype, numbers));
  }

  /** Elements as they lie in memory. */
  static stored(dtype: DType, shape: readonly number[], data: TypedArray): KnownArray {
    const array = new KnownArray(dtype, shape, () => numbersOf(dtype, data));
    array.#stored = data;
    return array;
  }

  /** One number everywhere; memory is taken only when it is read. */
  static filled(dtype: DType, shape: readonly number[], number: number): KnownArray {
    const [held] = numbersOf(dtype, arrayFrom(dtype, [number]));
    return new KnownArray(dtype, shape, () => new Float64Array(numel(shape)).fill(held), held);
  }

  get size(): number {
    return numel(this.shape);
  }

  get data(): ArrayLike<number> {
    this.#data ??= this.#numbers();
    return this.#data;
  }

  /** The same elements under another shape. */
  reshaped(shape: readonly number[]): KnownArray {
    return new KnownArray(this.dtype, shape, () => this.data, this.fill);
  }

  /** A tensor of these numbers; the same one each time. */
  tensor(): Tensor {
    this.#tensor ??= this.newTensor();
    return this.#tensor;
  }

  /** Another tensor. Elements that were stored are not copied: the array and its tensors share them. */
  newTensor(): Tensor {
    const { dtype, shape, fill } = this;
    if (fill !== undefined) return full([...shape], fill, { dtype });
    return fromTypedArray(this.#stored ?? arrayFrom(dtype, this.data), [...shape], dtype);
  }
}

export const isKnown = (value: OnnxValue | undefined): value is KnownArray => value instanceof KnownArray;

/** The tensor of a value. */
export function asTensor(value: OnnxValue): Tensor {
  return value instanceof KnownArray ? value.tensor() : value;
}

/** int64 numbers in one dimension: a shape. */
export function knownIntegers(numbers: ArrayLike<number>): KnownArray {
  return KnownArray.of("int64", [numbers.length], numbers);
}
