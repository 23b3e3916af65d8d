/**
 * Accumulators of float32 reductions, four lanes each. Sums run in 32 bits over short stretches and are then
 * added up in 64 bits, so that the error does not grow with the length.
 */
import type { DType } from "../../../base/dtype.ts";
import type { Reducer, Reduction } from "./body_writer.ts";
import { identityOf } from "./body_writer.ts";
import type { FunctionBuilder, Local } from "./emitter.ts";
import type { SimdName } from "./opcodes.ts";

const COMBINE: Readonly<Record<Reduction, SimdName>> = {
  sum: "f32x4.add",
  amax: "f32x4.max",
  amin: "f32x4.min",
};
const HIGH_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

export class VectorReducer implements Reducer {
  readonly #f: FunctionBuilder;
  readonly #op: Reduction;
  /** One per copy. */
  readonly #narrow: Local[];
  /** Two per copy: the low lanes and the high lanes. */
  readonly #wide: Local[];
  /** Copies that the whole result adds up (`rows` nests). */
  readonly #copies: number;

  constructor(f: FunctionBuilder, op: Reduction, copies: number) {
    this.#f = f;
    this.#op = op;
    this.#copies = copies;
    this.#narrow = Array.from({ length: copies }, () => f.local("v128"));
    this.#wide = op === "sum" ? Array.from({ length: 2 * copies }, () => f.local("v128")) : [];
  }

  reset(copies: number): void {
    const identity = identityOf(this.#op);
    for (let copy = 0; copy < copies; copy++) this.#f.v128f32(identity).set(this.#narrow[copy]);
    if (this.#op !== "sum") return;
    for (let copy = 0; copy < 2 * copies; copy++) this.#f.v128f32(0).set(this.#wide[copy]);
  }

  add(copy: number, value: Local, _dtype: DType, lanes: 1 | 4): void {
    const f = this.#f.get(this.#narrow[copy]).get(value);
    if (lanes === 1) {
      if (this.#op !== "sum") f.v128f32(identityOf(this.#op));
      f.v128i32([-1, 0, 0, 0]).simd(this.#op === "sum" ? "v128.and" : "v128.bitselect");
    }
    f.simd(COMBINE[this.#op]).set(this.#narrow[copy]);
  }

  flush(copies: number): void {
    if (this.#op !== "sum") return;
    const f = this.#f;
    for (let copy = 0; copy < copies; copy++) {
      const narrow = this.#narrow[copy];
      const [low, high] = [this.#wide[2 * copy], this.#wide[2 * copy + 1]];
      f.get(low).get(narrow).simd("f64x2.promote_low_f32x4").simd("f64x2.add").set(low);
      f.get(high).get(narrow).get(narrow).shuffle(HIGH_HALF);
      f.simd("f64x2.promote_low_f32x4").simd("f64x2.add").set(high);
      f.v128f32(0).set(narrow);
    }
  }

  total(): void {
    const f = this.#f;
    if (this.#op === "sum") {
      this.flush(this.#copies);
      f.get(this.#wide[0]);
      for (const wide of this.#wide.slice(1)) f.get(wide).simd("f64x2.add");
      const sum = f.keep("v128");
      f.get(sum).lane("f64x2.extract_lane", 0).get(sum).lane("f64x2.extract_lane", 1).op("f64.add");
      return;
    }
    f.get(this.#narrow[0]);
    for (const narrow of this.#narrow.slice(1)) f.get(narrow).simd(COMBINE[this.#op]);
    const best = f.keep("v128");
    f.get(best).lane("f32x4.extract_lane", 0);
    for (let lane = 1; lane < 4; lane++) {
      f.get(best)
        .lane("f32x4.extract_lane", lane)
        .op(this.#op === "amax" ? "f32.max" : "f32.min");
    }
    f.op("f64.promote_f32");
  }

  write(copy: number, lanes: 1 | 4, address: () => void, partial: boolean): void {
    const f = this.#f;
    if (this.#op === "sum") this.#writeSum(copy, lanes, address, partial);
    else if (partial) {
      const narrow = this.#narrow[copy];
      address();
      f.get(narrow).simd("f64x2.promote_low_f32x4");
      if (lanes === 1) f.lane("f64x2.extract_lane", 0).memory("f64.store");
      else {
        f.simdMemory("v128.store");
        address();
        f.get(narrow)
          .get(narrow)
          .shuffle(HIGH_HALF)
          .simd("f64x2.promote_low_f32x4")
          .simdMemory("v128.store", 16);
      }
    } else {
      address();
      f.get(this.#narrow[copy]);
      if (lanes === 4) f.simdMemory("v128.store");
      else f.simdMemoryLane("v128.store32_lane", 0, 0);
    }
  }

  /** The caller has flushed: the sum stands in the wide accumulators. */
  #writeSum(copy: number, lanes: 1 | 4, address: () => void, partial: boolean): void {
    const f = this.#f;
    const [low, high] = [this.#wide[2 * copy], this.#wide[2 * copy + 1]];
    address();
    if (lanes === 1) {
      f.get(low).lane("f64x2.extract_lane", 0);
      if (partial) f.memory("f64.store");
      else f.op("f32.demote_f64").memory("f32.store");
    } else if (partial) {
      f.get(low).simdMemory("v128.store");
      address();
      f.get(high).simdMemory("v128.store", 16);
    } else {
      f.get(low).simd("f32x4.demote_f64x2_zero").get(high).simd("f32x4.demote_f64x2_zero");
      f.shuffle(LOW_HALVES).simdMemory("v128.store");
    }
  }
}
