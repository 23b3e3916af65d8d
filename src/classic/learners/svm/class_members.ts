/** Which examples each class has, and with that each pair of classes. */
import type { Matrix } from "../../matrix.ts";
import { type Kernel, kernelDiagonal } from "./kernels.ts";
import { roundedPlaces } from "./smo_memory.ts";

/** The examples of a pair of classes. */
export interface PairExamples {
  /** Places among all examples, those of the first class before those of the second; -1 for a place without an example. */
  readonly examples: Int32Array;
  /** 1 for the first class, -1 for the second, 0 for a place without one. */
  readonly signs: Int8Array;
  readonly diagonal: Float64Array;
}

/** The classes of a training set. */
export class ClassMembers {
  readonly kernel: Kernel;
  /** Places of the examples of each class. */
  readonly members: readonly Int32Array[];
  /** How many places each class takes. */
  readonly sizes: readonly number[];
  /** Of each class the kernel of its examples with themselves. */
  readonly #diagonals: readonly Float64Array[];

  /** @param rounded - classes are filled up to a multiple of it. */
  constructor(kernel: Kernel, x: Matrix, members: readonly Int32Array[], rounded: number) {
    this.kernel = kernel;
    this.members = members;
    this.sizes = members.map(({ length }) => Math.ceil(length / rounded) * rounded);
    const diagonal = kernelDiagonal(kernel, x);
    this.#diagonals = members.map((places) => Float64Array.from(places, (place) => diagonal[place]));
  }

  get pairCount(): number {
    return (this.sizes.length * (this.sizes.length - 1)) / 2;
  }

  /** Of the largest pair. */
  get mostPlaces(): number {
    return roundedPlaces(Math.max(...this.pairPlaces()));
  }

  /** How many places each pair has. */
  pairPlaces(): number[] {
    return this.sizes.flatMap((size, a) => this.sizes.slice(a + 1).map((other) => size + other));
  }

  pair(a: number, b: number): PairExamples {
    const [first, second] = [this.sizes[a], this.sizes[b]];
    const examples = new Int32Array(first + second).fill(-1);
    const signs = new Int8Array(first + second);
    const diagonal = new Float64Array(first + second).fill(1);
    for (const [c, start, sign] of [
      [a, 0, 1],
      [b, first, -1],
    ]) {
      examples.set(this.members[c], start);
      diagonal.set(this.#diagonals[c], start);
      signs.fill(sign, start, start + this.members[c].length);
    }
    return { examples, signs, diagonal };
  }
}
