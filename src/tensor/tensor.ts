/**
 * The tensor: a handle on a value that may not have been computed yet. Behind it, how a public function of tensors is made
 * from its parameter table, and how it becomes a method.
 */
import { isThenable, typedArrayKind } from "../base/builtin_kinds.ts";
import {
  allocateArray,
  arrayFrom,
  type DType,
  isFloating,
  isHalf,
  numbersOf,
  type TypedArray,
} from "../base/dtype.ts";
import {
  ArgumentError,
  AutogradError,
  ConvoyantError,
  nameError,
  noteOp,
  ShapeError,
} from "../base/errors.ts";
import { countCopy, markCopy, otherCopy } from "../base/package_copies.ts";
import { bindPositional, signature } from "../base/params/arguments.ts";
import type { Call, CheckedNames, MethodOf, Positional } from "../base/params/call_types.ts";
import { leaveToThemselves, OptionallyCallable, proxyError } from "../base/params/callable.ts";
import { printAs } from "../base/printed_form.ts";
import { formatShape, normalizeDim, numel, type Shape, sameShape } from "../base/shape.ts";
import { shownText } from "../base/shown_value.ts";
import { constantValue, currentLabel, insideCall, isGradientModeOn, Value } from "../graph/node.ts";
import { defaultSession } from "../runtime/runtime.ts";
import { reading } from "./reading.ts";
import { printedTensor, tensorTag, tensorText } from "./tensor_text.ts";
import { Cell, sameMemory, type TensorCell } from "./views/cell.ts";
import { DetachedCell } from "./views/detached_cell.ts";

/** Called with the gradient of a tensor during `backward`; may return another to use in its place. */
export type GradientHook = (grad: Tensor) => Tensor | undefined | void;

/** Nested lists of numbers: what `tolist()` gives. */
export type NestedArray = number | boolean | NestedArray[];

/**
 * A multi-dimensional array of numbers, with PyTorch's names and meaning.
 *
 * Operations on tensors only record what is to be done; it is done when a value is needed (`item()`,
 * `tolist()`, `data()`) or `optimizer.step()` is called. Tensors need not be freed by hand.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * const y = x.mul(2).sum(0);
 * await y.tolist(); // [8, 12]
 * y.shape; // [2]
 * ```
 */
export class Tensor extends OptionallyCallable {
  #cell: TensorCell;
  #gradientHooks: GradientHook[] | null = null;
  #grad: Tensor | null = null;
  #keepsGrad = false;

  /** Tensors are made by functions: `tensor`, `zeros`, `rand`, ... */
  constructor(source: Value | TensorCell, call: (() => unknown) | null = null) {
    super(call);
    this.#cell = source instanceof Value ? new Cell(source) : source;
  }

  /** @internal */
  get cell(): TensorCell {
    if (!(#cell in this)) throw proxyError(this);
    return this.#cell;
  }

  /** @internal Throws for a proxy of a tensor. */
  requireOriginal(): void {
    if (!(#cell in this)) throw proxyError(this);
  }

  /** @internal */
  get value(): Value {
    return this.cell.value;
  }

  /** @internal Whether it prints as a parameter. */
  get isParameter(): boolean {
    return false;
  }

  /** @internal Functions to call with this tensor's gradient. */
  get gradientHooks(): GradientHook[] {
    this.#gradientHooks ??= [];
    return this.#gradientHooks;
  }

  /** @internal Keeps a non-leaf's gradient in `grad`. */
  get keepsGrad(): boolean {
    return this.#keepsGrad;
  }

  /** @internal */
  set keepsGrad(keeps: boolean) {
    this.#keepsGrad = keeps;
  }

  /** Sizes of the dimensions, outermost first. */
  get shape(): number[] {
    return [...this.value.shape];
  }

  /** Type of the elements. */
  get dtype(): DType {
    return this.value.dtype;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.value.shape.length;
  }

  /** Whether `backward()` computes a gradient for this tensor. */
  get requiresGrad(): boolean {
    return this.value.requiresGrad;
  }

  set requiresGrad(on: boolean) {
    this.requiresGrad_(on);
  }

  /** Whether the tensor was made by the user, not by an operation that joined the tape. */
  get isLeaf(): boolean {
    return !this.value.requiresGrad || this.value.gradientOwner !== null;
  }

  /** Name of the op that made a tensor of the tape; null for leaves. */
  get gradFn(): { readonly name: string } | null {
    return this.isLeaf || this.value.node === null ? null : { name: this.value.node.op.name };
  }

  /** The gradient collected by `backward()`, or null. */
  get grad(): Tensor | null {
    if (!(#cell in this)) throw proxyError(this);
    return this.#grad;
  }

  set grad(grad: Tensor | null) {
    if (grad !== null && formatShape(grad.shape) !== formatShape(this.shape)) {
      throw new ShapeError(
        `grad: expected the tensor's shape ${formatShape(this.shape)}, got ${formatShape(grad.shape)}`,
      );
    }
    this.#grad = grad;
  }

  /** All sizes, or that of one dimension (counted from either end). */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    return dim === undefined ? this.shape : this.value.shape[normalizeDim(dim, this.ndim, "size")];
  }

  /** Number of dimensions, as `ndim`. */
  dim(): number {
    return this.ndim;
  }

  /** Number of elements. */
  numel(): number {
    return numel(this.value.shape);
  }

  /** Sets whether a gradient is wanted, and returns the tensor. */
  requiresGrad_(requiresGrad = true): this {
    const value = this.value;
    if (!requiresGrad) {
      if (!this.isLeaf)
        throw new AutogradError("requiresGrad_(false): only leaves can be changed; use detach()");
      if (value.requiresGrad) this.cell.setLeaf(null);
      return this;
    }
    if (value.requiresGrad) return this;
    if (!isFloating(value.dtype)) {
      throw new AutogradError(
        `requiresGrad_: only floating-point tensors can have gradients, this one is ${value.dtype}`,
      );
    }
    this.cell.setLeaf(this);
    return this;
  }

  /** The same memory without the tape. In-place changes to one are seen by the other. */
  detach(): Tensor {
    return new Tensor(new DetachedCell(this.cell));
  }

  /** @internal Makes `value` (`uniform`: all its elements are equal) its contents: every in-place op ends here. */
  assign(value: Value, uniform = false): this {
    const { shape } = this.value;
    if (!sameShape(shape, value.shape)) {
      throw new ShapeError(
        `in-place change: expected the tensor's shape ${formatShape(shape)}, got ${formatShape(value.shape)}`,
      );
    }
    const change = { tape: isGradientModeOn(), uniform };
    const refusal = this.cell.refusal(value, change);
    if (refusal !== null) throw new AutogradError(refusal);
    this.cell.write(value, change);
    return this;
  }

  /**
   * The same memory without the tape, as `detach()`; called, `x.data()`, a promise of the elements in row-major order,
   * as a typed array that is the caller's (16-bit floats as 32-bit ones).
   *
   * Setting it, `x.data = y`, puts `y`'s memory in the place of the tensor's, which keeps its place on the tape: a
   * parameter stays a parameter. The two then share contents.
   *
   * @throws AutogradError if a result on the tape would get another shape.
   * @example
   * ```ts
   * const weight = tensor([1, 2], { requiresGrad: true });
   * weight.data.mul_(3);
   * await weight.data(); // [3, 6]
   * ```
   */
  get data(): Tensor & (() => Promise<TypedArray>) {
    const read = () =>
      reading(
        this.#fetch().then((data) => (isHalf(this.dtype) ? numbersOf(this.dtype, data) : data.slice())),
      );
    return new Tensor(new DetachedCell(this.cell), read) as Tensor & (() => Promise<TypedArray>);
  }

  set data(from: Tensor) {
    if (!(from instanceof Tensor))
      throw new ArgumentError(`data: expected a Tensor to take the contents of, got ${describe(from)}`);
    const { value } = this;
    const { shape, dtype } = from.value;
    if (sameMemory(this.cell, from.cell)) return;
    if (value.requiresGrad && (dtype !== value.dtype || !(this.isLeaf || sameShape(value.shape, shape)))) {
      throw new AutogradError(
        `data: a ${dtype} tensor of shape ${formatShape(shape)} cannot take the place of a ${value.dtype} one of shape ${formatShape(value.shape)} on the tape`,
      );
    }
    if (!this.isLeaf) {
      this.cell.write(from.value, { tape: false, uniform: false });
      return;
    }
    this.#cell = from.lendMemory();
    if (value.requiresGrad) this.cell.setLeaf(this);
  }

  /** @internal A cell for another tensor with the same memory. That one becomes the owner, if this one is off the tape. */
  lendMemory(): TensorCell {
    const { cell } = this;
    if (cell.storage !== cell || this.requiresGrad) return new DetachedCell(cell);
    this.#cell = new DetachedCell(cell);
    return cell;
  }

  async #fetch(): Promise<TypedArray> {
    const data = await defaultSession().fetch(this.value);
    this.cell.release();
    return data;
  }

  /** The only element as a number (a boolean for bool tensors). */
  item<T extends number | boolean = number>(): Promise<T> {
    return reading(this.#item<T>());
  }

  async #item<T>(): Promise<T> {
    if (this.numel() !== 1) {
      throw new ShapeError(
        `item: expected a tensor of one element, got shape ${formatShape(this.shape)}; use tolist()`,
      );
    }
    const [element] = numbersOf(this.dtype, await this.#fetch());
    return (this.dtype === "bool" ? element !== 0 : element) as T;
  }

  /** The elements as nested lists; a plain number for a 0-dimensional tensor. */
  tolist(): Promise<any> {
    const { value } = this;
    return reading(
      this.#fetch().then((data) => nest(numbersOf(value.dtype, data), value.shape, value.dtype)),
    );
  }

  /** Computes the tensor now, without reading it. */
  realize(): Promise<this> {
    return reading(this.#fetch().then(() => this));
  }

  /** Prints the tensor as PyTorch does, with its values, once they are computed; gives the text that it printed. */
  print(): Promise<string> {
    return reading(this.#print());
  }

  async #print(): Promise<string> {
    await this.#fetch();
    const text = printedTensor(this);
    console.log(text);
    return text;
  }

  /** PyTorch's printed form when the elements are here, else shape and dtype. */
  override toString(): string {
    return this.value.data === null ? tensorText(this, false) : printedTensor(this);
  }

  /** @internal By this, assertions tell tensors apart that have no fields to compare. */
  get [Symbol.toStringTag](): string {
    return #cell in this ? tensorTag(this) : "Tensor";
  }
}

printAs(Tensor, tensorText, "JSON.stringify(await x.tolist()) gives the values");
leaveToThemselves(Tensor.prototype);

// Text in template strings; elsewhere an error, since JavaScript's operators cannot be given a meaning. Not declared in
// the class, where editors would list it.
Object.defineProperty(Tensor.prototype, Symbol.toPrimitive, {
  value(this: Tensor, hint: string): string {
    if (hint === "string") return this.toString();
    throw new ArgumentError(
      "a tensor is not a number: write a.add(b) for a + b, a.gt(b) for a > b and a.eq(b) for a == b; " +
        "await a.item() is the number of a tensor of one element",
    );
  },
});

markCopy(Tensor.prototype);
countCopy();

/**
 * A tensor over given data, which it takes over: nothing is copied.
 *
 * @example
 * ```ts
 * fromTypedArray(new Float32Array([1, 2, 3, 4]), [2, 2], "float32").tolist(); // [[1, 2], [3, 4]]
 * ```
 */
export function fromTypedArray(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  if (data.length !== numel(shape)) {
    throw new ShapeError(
      `expected ${numel(shape)} elements for shape ${formatShape(shape)}, got ${data.length}`,
      { nameless: true },
    );
  }
  const right =
    typedArrayKind(allocateArray(dtype, 0)) === typedArrayKind(data) ? data : arrayFrom(dtype, data);
  return new Tensor(constantValue(right, [...shape], dtype));
}

/** The value behind a tensor; says what was given if it is none. */
export function valueOf(tensor: unknown, argument: string, of: string): Value {
  if (tensor instanceof Tensor) return tensor.value;
  throw new ArgumentError(`${of}: expected \`${argument}\` to be a Tensor, got ${describe(tensor)}`);
}

/** What was given in a tensor's place, for messages. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const foreign = otherCopy(value);
  if (foreign !== null) return foreign;
  if (Array.isArray(value)) return "an array (convert it with tensor([...]))";
  return typeof value === "object"
    ? `an object (${value.constructor?.name ?? "without a class"})`
    : `${typeof value} ${shownText(value)}`;
}

function nest(data: TypedArray, shape: Shape, dtype: DType): NestedArray {
  let at = 0;
  const build = (level: number): NestedArray => {
    if (level === shape.length) {
      const element = data[at++];
      return dtype === "bool" ? element !== 0 : element;
    }
    return Array.from({ length: shape[level] }, () => build(level + 1));
  };
  return build(0);
}

/**
 * A public function by its parameter table (see `parameterTable`): what it takes is documented in an interface,
 * listed in order, and implemented by a function that gets every argument by position. It runs as the inside of a
 * call, and the tensors that it hands to the user are noted.
 */
export function defineCall<Doc, R = Tensor>(name: string) {
  return <const N extends readonly string[], P extends Positional<Doc, N>>(
    names: N & CheckedNames<Doc, N>,
    body: (...args: P) => R,
  ): Call<Doc, N, P, R> => {
    const of = signature(name, names as N);
    const direct = (...args: P) => noteResult(insideCall(() => inNameOf(name, () => body(...args))));
    const call = (...args: unknown[]) => direct(...(bindPositional(of, args) as P));
    Object.defineProperty(call, "name", { value: name });
    return Object.assign(call, { direct }) as Call<Doc, N, P, R>;
  };
}

/** Notes the function that complains, and puts its name in front of a text that has none. */
function inNameOf<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ConvoyantError) {
      if (error.nameless) nameError(error, name);
      else noteOp(error, name, currentLabel());
    }
    throw error;
  }
}

function noteTensor({ cell }: Tensor): void {
  for (const value of cell.kept) defaultSession().note(value);
}

/** Notes each tensor of a result that the user's own code receives. */
export function noteResult<T>(result: T): T {
  if (result instanceof Tensor) noteTensor(result);
  else if (Array.isArray(result)) for (const one of result) if (one instanceof Tensor) noteTensor(one);
  return isThenable(result) ? (reading(result) as T) : result;
}

// How a function becomes a method.

/** A function as a method: the tensor itself is its first argument. */
export type Method<F> = MethodOf<F>;

/** Installs a method on every tensor. */
export function defineMethod(name: string, value: (this: Tensor, ...args: any[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** Installs a function as a method. */
export function defineAsMethod(name: string, call: (...args: any[]) => unknown): void {
  defineMethod(name, function (...args) {
    return call(this, ...args);
  });
}

/** Installs a property that is computed when it is read. */
export function defineGetter(name: string, get: (this: Tensor) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { get, configurable: true, enumerable: false });
}
