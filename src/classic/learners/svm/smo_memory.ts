/** The numbers of each example that sequential minimal optimisation steps on, in WebAssembly's memory. */
import { instanceOf } from "./svm_memory.ts";

/** What is used of the kernels' binary. */
export interface SmoKernels {
  moveAndSelect(
    f: number,
    grow: number,
    shrink: number,
    lowI: number,
    highI: number,
    lowJ: number,
    highJ: number,
    amount: number,
    active: number,
    firstActive: number,
    count: number,
    found: number,
  ): void;
  secondOfPair(
    f: number,
    shrink: number,
    diagonal: number,
    low: number,
    high: number,
    from: number,
    own: number,
    active: number,
    firstActive: number,
    count: number,
  ): number;
  addScaledWide(sums: number, row: number, scale: number, count: number): void;
  allFinite(values: number, count: number): number;
}

/** Places of examples take a multiple of this. */
const ROUNDED = 8;

export const roundedPlaces = (count: number): number => Math.ceil(count / ROUNDED) * ROUNDED;

/** Doubles of each place. */
const DOUBLES = 7;

/** Where the vectors of one problem are, and the kernels that work on them. */
export class SmoMemory {
  readonly kernels: SmoKernels;
  readonly buffer: ArrayBufferLike;
  readonly #at: number;

  /** @param at - address of the vectors, a multiple of eight. */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, at: number) {
    this.kernels = instanceOf<SmoKernels>(module, memory);
    this.buffer = memory.buffer;
    this.#at = at;
  }

  /** Bytes of the vectors of a problem with a number of places. */
  static bytes(places: number): number {
    return (8 * DOUBLES + 4 + 4) * roundedPlaces(places) + 64;
  }

  /** The vectors for a problem with `size` places, a multiple of eight; what is not given is zero. */
  vectors(size: number, signs: Int8Array): SmoVectors {
    let at = this.#at;
    const doubles = (count: number) => {
      const array = new Float64Array(this.buffer, at, count).fill(0);
      at += array.byteLength;
      return array;
    };
    const vectors = {
      found: doubles(8),
      alpha: doubles(size),
      f: doubles(size),
      fAtBound: doubles(size),
      mayGrow: doubles(size),
      mayShrink: doubles(size),
      diagonal: doubles(size),
      scratch: doubles(size),
      zeros: new Float32Array(this.buffer, at, size).fill(0),
      active: new Int32Array(this.buffer, at + 4 * size, size),
    };
    for (let i = 0; i < size; i++) {
      const sign = i < signs.length ? signs[i] : 0;
      vectors.f[i] = -sign;
      vectors.mayGrow[i] = ifSet(sign > 0);
      vectors.mayShrink[i] = ifSet(sign < 0);
    }
    return vectors;
  }
}

/** What takes an example out without a branch when it is added: 0 if it may, else -Infinity. */
export const ifSet = (may: boolean): number => (may ? 0 : Number.NEGATIVE_INFINITY);

/** One number for each place. */
export interface SmoVectors {
  /** What a kernel has found: the largest value, the smallest, the place of the largest. */
  readonly found: Float64Array;
  readonly alpha: Float64Array;
  /** y_i times the gradient of example i: the decision function but for rho, minus y_i. */
  readonly f: Float64Array;
  /** The part of f that comes from coefficients at their upper bounds. */
  readonly fAtBound: Float64Array;
  /** 0 where y_i a_i may grow, else -Infinity: added to a value, it takes the example out without a branch. */
  readonly mayGrow: Float64Array;
  /** 0 where y_i a_i may shrink, else -Infinity. */
  readonly mayShrink: Float64Array;
  readonly diagonal: Float64Array;
  readonly scratch: Float64Array;
  /** A row of zeros. */
  readonly zeros: Float32Array;
  /** Places of the examples that are not set aside. */
  readonly active: Int32Array;
}
