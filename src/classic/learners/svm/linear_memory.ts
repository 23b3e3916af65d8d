/** Examples and problems of linear support vector machines in WebAssembly's memory, and the kernels that work on them. */
import type { Matrix } from "../../matrix.ts";
import { svmKernels } from "./svm_kernels.ts";
import { instanceOf, memoryOf, PAGE, sharesMemory } from "./svm_memory.ts";

/** What is used of the kernels' binary. */
interface DescentKernels {
  squareWide(x: number, count: number): number;
  addScaledWide(w: number, x: number, scale: number, count: number): void;
  descentPass(
    rows: number,
    stride: number,
    weights: number,
    wide: number,
    order: number,
    active: number,
    alphas: number,
    curvatures: number,
    signs: number,
    numbers: number,
  ): number;
}

/** What a worker is sent: shared memory if there is such memory here, else a copy of the examples. */
export interface SentExamples {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory | null;
  readonly x: Matrix | null;
  readonly rows: number;
  readonly columns: number;
  /** How many problems there are: each has memory of its own. */
  readonly problems: number;
}

/** Rows take a multiple of this many values. */
const ROUNDED = 16;

/** Puts examples where workers find them. @throws OutOfMemoryError if they take more than 4 GB. */
export async function sendExamples(x: Matrix, problems: number): Promise<SentExamples> {
  const shared = sharesMemory();
  const module = await svmKernels(shared);
  const memory = shared ? filledMemory(x, problems, true) : null;
  return { module, memory, x: shared ? null : x, rows: x.rows, columns: x.columns, problems };
}

/** Where everything is: behind what the binary itself uses come the problems, then the rows. */
interface Layout {
  readonly stride: number;
  /** Of one problem. */
  readonly problemBytes: number;
  readonly rowsAt: number;
  readonly bytes: number;
}

const up = (count: number, multiple: number): number => Math.ceil(Math.max(1, count) / multiple) * multiple;

function layoutOf(rows: number, columns: number, problems: number): Layout {
  const stride = up(columns, ROUNDED);
  const problemBytes = up(8 * NUMBERS + 12 * stride + 28 * rows, 64);
  const rowsAt = PAGE + problems * problemBytes;
  return { stride, problemBytes, rowsAt, bytes: rowsAt + 4 * stride * rows };
}

function filledMemory(x: Matrix, problems: number, shared: boolean): WebAssembly.Memory {
  const { rows, columns, data } = x;
  const { stride, rowsAt, bytes } = layoutOf(rows, columns, problems);
  const memory = memoryOf(
    bytes,
    shared,
    `LinearSVC.fit: ${rows} rows of ${columns} features`,
    "take fewer of either (PCA)",
  );
  const floats = new Float32Array(memory.buffer, rowsAt, rows * stride);
  for (let row = 0; row < rows; row++)
    floats.set(data.subarray(row * columns, (row + 1) * columns), row * stride);
  return memory;
}

/** What a pass is given and gives, one behind the other. */
const NUMBERS = 8;

/** What a pass is given. */
export interface PassSettings {
  readonly bias: number;
  readonly diagonal: number;
  readonly upper: number;
  readonly mostBefore: number;
  readonly leastBefore: number;
}

/** Memory of one problem, in which its passes run. */
export class LinearMemory {
  /** The coefficients, zero in the beginning. */
  readonly alpha: Float64Array;
  /** Places of the examples, those that are active first. */
  readonly order: Int32Array;
  /** Of each example 1 or -1. */
  readonly signs: Float64Array;
  readonly #kernels: DescentKernels;
  readonly #numbers: Float64Array;
  readonly #wide: Float64Array;
  readonly #narrow: Float32Array;
  readonly #curvatures: Float64Array;
  readonly #layout: Layout;
  readonly #rows: Float32Array;
  /** Of the examples. */
  readonly columns: number;
  readonly #isWide: boolean;

  /** @param isWide - whether weights are kept in double precision. */
  constructor(
    { module, memory, x, rows, columns, problems }: SentExamples,
    problem: number,
    isWide: boolean,
  ) {
    const own = memory ?? filledMemory(x as Matrix, problems, false);
    const layout = layoutOf(rows, columns, problems);
    this.#kernels = instanceOf<DescentKernels>(module, own);
    this.#layout = layout;
    this.#rows = new Float32Array(own.buffer, layout.rowsAt, rows * layout.stride);
    this.columns = columns;
    this.#isWide = isWide;
    let at = PAGE + problem * layout.problemBytes;
    const doubles = (count: number) => {
      const array = new Float64Array(own.buffer, at, count).fill(0);
      at += array.byteLength;
      return array;
    };
    this.#numbers = doubles(NUMBERS);
    this.#wide = doubles(layout.stride);
    this.alpha = doubles(rows);
    this.#curvatures = doubles(rows);
    this.signs = doubles(rows);
    this.#narrow = new Float32Array(own.buffer, at, layout.stride).fill(0);
    this.order = new Int32Array(own.buffer, at + this.#narrow.byteLength, rows);
    for (let i = 0; i < rows; i++) this.order[i] = i;
  }

  /** The constant feature's weight. */
  get intercept(): number {
    return this.#numbers[5];
  }

  set intercept(value: number) {
    this.#numbers[5] = value;
  }

  /** The features of an example; the same memory. */
  row(i: number): Float32Array {
    const { stride } = this.#layout;
    return this.#rows.subarray(i * stride, i * stride + this.columns);
  }

  /** Sets the curvature of each example: the squared length of its row, and a constant. */
  addCurvature(constant: number): void {
    const { stride } = this.#layout;
    for (let i = 0; i < this.#curvatures.length; i++) {
      const sum = this.#kernels.squareWide(this.#rowAt(i), stride) + constant;
      // A row of zeros without a bias has no curvature, and no say.
      this.#curvatures[i] = sum > 0 ? sum : 1;
    }
  }

  /** A pass over the active examples. */
  pass(
    active: number,
    { bias, diagonal, upper, mostBefore, leastBefore }: PassSettings,
  ): { readonly active: number; readonly most: number; readonly least: number } {
    const numbers = this.#numbers;
    numbers.set([bias, diagonal, upper, mostBefore, leastBefore]);
    const { stride, rowsAt } = this.#layout;
    const weights = this.#isWide ? this.#wide : this.#narrow;
    const left = this.#kernels.descentPass(
      rowsAt,
      stride,
      weights.byteOffset,
      this.#isWide ? 1 : 0,
      this.order.byteOffset,
      active,
      this.alpha.byteOffset,
      this.#curvatures.byteOffset,
      this.signs.byteOffset,
      numbers.byteOffset,
    );
    return { active: left, most: numbers[6], least: numbers[7] };
  }

  /** Makes the weights those of the coefficients exactly: many small steps in single precision add up to an error. */
  refresh(isNeeded = !this.#isWide): void {
    if (!isNeeded) return;
    const { stride } = this.#layout;
    const { alpha, signs } = this;
    this.#wide.fill(0);
    for (let i = 0; i < alpha.length; i++)
      if (alpha[i] !== 0)
        this.#kernels.addScaledWide(this.#wide.byteOffset, this.#rowAt(i), alpha[i] * signs[i], stride);
    this.#narrow.set(this.#wide);
  }

  /** A copy of the weights. */
  weights(): Float64Array {
    this.refresh();
    return Float64Array.from(this.#wide.subarray(0, this.columns));
  }

  #rowAt(i: number): number {
    return this.#layout.rowsAt + 4 * this.#layout.stride * i;
  }
}
