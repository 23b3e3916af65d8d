/** Planes of floats in WebAssembly's memory, and the kernels that work on them. */
import { OutOfMemoryError } from "../../base/errors.ts";
import { gaussianKernel } from "../images/gaussian_blur.ts";

/** What is used of the kernels' binary. */
interface PlaneKernels {
  blurPlane(
    source: number,
    target: number,
    difference: number,
    width: number,
    height: number,
    stride: number,
    taps: number,
    radius: number,
    repeat: number,
    scratch: number,
  ): void;
  extremaOfRow(
    before: number,
    plane: number,
    after: number,
    stride: number,
    from: number,
    to: number,
    threshold: number,
    strict: number,
    found: number,
  ): number;
}

/** Sizes of planes. Rows are `stride` floats apart. */
export interface PlaneSize {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

/** How planes go on beyond their edges: mirrored at the last pixel, or behind it, so that it is repeated. */
export type PlaneEdge = "mirrored" | "repeated";

const PAGE = 65536;

/** The most that 32-bit addresses reach. */
const MOST_BYTES = 65536 * PAGE;

/** Memory that is not given up when smaller images follow. */
const KEPT_BYTES = 2 ** 27;

/** Neighbours of the last pixel are read four at a time. */
const SLACK = 64;

/** The size of a plane with its rows at multiples of four floats. */
export function planeSize(width: number, height: number): PlaneSize {
  return { width, height, stride: Math.ceil(width / 4) * 4 };
}

/** Hands out planes; all are given back at once, by the next `clear`. Addresses are in bytes. */
export class PlaneMemory {
  readonly #module: WebAssembly.Module;
  #memory: WebAssembly.Memory;
  #kernels: PlaneKernels;
  #used = PAGE;
  /** All of the memory; another array after `take`, since memory grows. */
  floats: Float32Array;
  integers: Int32Array;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#memory = new WebAssembly.Memory({ initial: 2, maximum: MOST_BYTES / PAGE });
    this.#kernels = this.#start();
    this.floats = new Float32Array(this.#memory.buffer);
    this.integers = new Int32Array(this.#memory.buffer);
  }

  #start(): PlaneKernels {
    const instance = new WebAssembly.Instance(this.#module, { env: { memory: this.#memory } });
    return instance.exports as unknown as PlaneKernels;
  }

  /** Gives all planes back. What an unusually large image needed is given up. */
  clear(): void {
    this.#used = PAGE;
    if (this.#memory.buffer.byteLength <= KEPT_BYTES) return;
    this.#memory = new WebAssembly.Memory({ initial: 2, maximum: MOST_BYTES / PAGE });
    this.#kernels = this.#start();
    this.#look();
  }

  #look(): void {
    this.floats = new Float32Array(this.#memory.buffer);
    this.integers = new Int32Array(this.#memory.buffer);
  }

  /** The place of `floats` floats. @throws OutOfMemoryError if there is no room. */
  take(floats: number): number {
    const at = this.#used;
    const end = at + Math.ceil((floats * 4 + SLACK) / 64) * 64;
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE);
    if (missing > 0) this.#grow(missing, end);
    this.#used = end;
    return at;
  }

  #grow(pages: number, end: number): void {
    try {
      if (end > MOST_BYTES) throw new RangeError("beyond 32-bit addresses");
      this.#memory.grow(pages);
    } catch {
      throw new OutOfMemoryError(
        `features: no room for planes of ${Math.ceil(end / 2 ** 20)} MB; shrink the image`,
      );
    }
    this.#look();
  }

  /** Makes room for what {@link blur} needs on planes of this size. */
  scratch({ stride }: PlaneSize, radius: number): number {
    return this.take(stride + 4 * radius + 16);
  }

  /** Writes half of a Gaussian kernel; gives its place. */
  taps(sigma: number, radius: number): number {
    const at = this.take(radius + 1);
    this.floats.set(gaussianKernel(sigma, radius), at / 4);
    return at;
  }

  /** Blurs a plane into another; `difference` gets what changed, unless it is 0. */
  blur(
    { width, height, stride }: PlaneSize,
    [source, target, difference]: readonly [number, number, number],
    [taps, radius]: readonly [number, number],
    edge: PlaneEdge,
    scratch: number,
  ): void {
    const repeat = edge === "repeated" ? 1 : 0;
    this.#kernels.blurPlane(source, target, difference, width, height, stride, taps, radius, repeat, scratch);
  }

  /** Columns of extrema in a row, written to `found`; gives how many. See `extremaOfRow` of the kernels. */
  extrema(
    planes: readonly [before: number, plane: number, after: number],
    row: number,
    { stride }: PlaneSize,
    [from, to]: readonly [number, number],
    [threshold, strict]: readonly [number, boolean],
    found: number,
  ): number {
    const offset = row * stride * 4;
    const [before, plane, after] = planes;
    return this.#kernels.extremaOfRow(
      before + offset,
      plane + offset,
      after + offset,
      stride,
      from,
      to,
      threshold,
      strict ? 1 : 0,
      found,
    );
  }
}
