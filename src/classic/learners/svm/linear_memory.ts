/** Examples and weights of linear problems in WebAssembly's memory, and the kernels that work on them. */
import { OutOfMemoryError } from "../../../base/errors.ts";
import { loadKernels } from "../../../engines/wasm/kernel_binary.ts";
import type { Matrix } from "../../matrix.ts";

/** What is used of the kernels' binary. */
interface DescentKernels {
  dotWide(x: number, w: number, count: number): number;
  addScaledWide(w: number, x: number, scale: number, count: number): void;
}

/** What a worker is sent: shared memory if there is such memory here, else a copy of the examples. */
export interface SentExamples {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory | null;
  readonly x: Matrix | null;
  readonly rows: number;
  readonly columns: number;
  /** How many problems there are: each has weights of its own. */
  readonly problems: number;
}

const PAGE = 65536;
const MOST_PAGES = 65536;

/** Rows take a multiple of this many values. */
const ROUNDED = 8;

/** Threads share memory in Node.js, and in pages that are isolated from others. */
const shares = (): boolean => {
  const { process, crossOriginIsolated } = globalThis as { process?: object; crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && (process !== undefined || crossOriginIsolated === true);
};

/** Puts examples where workers find them. @throws OutOfMemoryError if they take more than 4 GB. */
export async function sendExamples(x: Matrix, problems: number): Promise<SentExamples> {
  const shared = shares();
  const module = await loadKernels(false, shared);
  const memory = shared ? filledMemory(x, problems, true) : null;
  return { module, memory, x: shared ? null : x, rows: x.rows, columns: x.columns, problems };
}

function bytesOf(rows: number, columns: number, problems: number): number {
  return PAGE + rounded(columns) * (4 * rows + 8 * problems);
}

function filledMemory(x: Matrix, problems: number, shared: boolean): WebAssembly.Memory {
  const { rows, columns, data } = x;
  const pages = Math.ceil(bytesOf(rows, columns, problems) / PAGE);
  if (pages > MOST_PAGES) {
    throw new OutOfMemoryError(
      `LinearSVC.fit: ${rows} rows of ${columns} features take more than 4 GB; take fewer of either (PCA)`,
    );
  }
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (error) {
    throw new OutOfMemoryError(`LinearSVC.fit: no memory for ${rows} rows of ${columns} features`, {
      cause: error,
    });
  }
  const stride = rounded(columns);
  const floats = new Float32Array(memory.buffer, firstByte(columns, problems), rows * stride);
  for (let row = 0; row < rows; row++)
    floats.set(data.subarray(row * columns, (row + 1) * columns), row * stride);
  return memory;
}

const rounded = (columns: number): number => Math.ceil(Math.max(1, columns) / ROUNDED) * ROUNDED;

/** Where the rows begin, behind what the binary itself uses and the weights. */
const firstByte = (columns: number, problems: number): number => PAGE + 8 * rounded(columns) * problems;

/** The weights of one problem, and products of the rows with them. */
export class LinearMemory {
  readonly #kernels: DescentKernels;
  readonly #weights: Float64Array;
  readonly #weightsAt: number;
  readonly #rowsAt: number;
  readonly #stride: number;
  readonly #columns: number;

  constructor({ module, memory, x, columns, problems }: SentExamples, problem: number) {
    const own = memory ?? filledMemory(x as Matrix, problems, false);
    this.#kernels = new WebAssembly.Instance(module, { env: { memory: own } })
      .exports as unknown as DescentKernels;
    this.#stride = rounded(columns);
    this.#columns = columns;
    this.#weightsAt = PAGE + 8 * this.#stride * problem;
    this.#rowsAt = firstByte(columns, problems);
    this.#weights = new Float64Array(own.buffer, this.#weightsAt, this.#stride).fill(0);
  }

  /** Row i times the weights. */
  dot(i: number): number {
    return this.#kernels.dotWide(this.#rowsAt + 4 * this.#stride * i, this.#weightsAt, this.#stride);
  }

  /** Adds a multiple of row i to the weights. */
  addScaled(i: number, scale: number): void {
    const { addScaledWide } = this.#kernels;
    addScaledWide(this.#weightsAt, this.#rowsAt + 4 * this.#stride * i, scale, this.#stride);
  }

  /** Squared length of row i. */
  square(i: number): number {
    this.#weights.fill(0);
    this.addScaled(i, 1);
    const sum = this.dot(i);
    this.#weights.fill(0);
    return sum;
  }

  /** A copy of the weights. */
  weights(): Float64Array {
    return Float64Array.from(this.#weights.subarray(0, this.#columns));
  }
}
