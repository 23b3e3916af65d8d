/** Decodes VP8 key frames, lossy WebP. Source: RFC 6386. */
import type { ImageFailure } from "../image_failure.ts";
import type { BoolReader } from "./bool_reader.ts";
import { PLANE, readCoefficients } from "./vp8_coefficients.ts";
import { filterFrame, type MacroblockFilter, type Vp8Plane } from "./vp8_filter.ts";
import { readVp8Header, type Vp8Header } from "./vp8_header.ts";
import { MODE, predictFour, predictWhole } from "./vp8_prediction.ts";
import { MODE_PROBABILITIES } from "./vp8_tables.ts";
import { addDc, addTransform, inverseWalsh } from "./vp8_transforms.ts";

/** Luma, and chroma of half the size, in whole macroblocks. */
export interface Vp8Frame {
  readonly width: number;
  readonly height: number;
  /** Y, U, V. */
  readonly planes: readonly [Vp8Plane, Vp8Plane, Vp8Plane];
}

/** Where the planes begin in the workspace of a macroblock: 16 rows of Y; U and V beside each other. */
const STRIDE = 32;
const Y_AT = STRIDE + 8;
const U_AT = 18 * STRIDE + 8;
const V_AT = U_AT + 16;

export function decodeVp8(data: Uint8Array, fail: ImageFailure): Vp8Frame {
  return new Vp8Decoder(readVp8Header(data, fail)).decode(fail);
}

class Vp8Decoder {
  readonly #header: Vp8Header;
  readonly #wide: number;
  readonly #high: number;
  readonly #planes: readonly [Vp8Plane, Vp8Plane, Vp8Plane];
  readonly #filters: MacroblockFilter[] = [];
  /** Modes of the blocks above, four for each macroblock, and of those to the left. */
  readonly #modesAbove: Uint8Array;
  readonly #modesLeft = new Uint8Array(4);
  /** Whether blocks above have coefficients: 4 of Y, 2 of U, 2 of V, the DC of Y; likewise to the left. */
  readonly #filledAbove: Uint8Array;
  readonly #filledLeft = new Uint8Array(9);
  readonly #modes = new Uint8Array(16);
  /** 16 blocks of Y, 4 of U, 4 of V, the DC coefficients of Y. */
  readonly #coefficients = new Int16Array(25 * 16);
  /** For each block whether it has others than the DC coefficient. */
  readonly #hasAc = new Uint8Array(24);
  readonly #work = new Uint8ClampedArray(26 * STRIDE);
  #segment = 0;

  constructor(header: Vp8Header) {
    this.#header = header;
    this.#wide = (header.width + 15) >> 4;
    this.#high = (header.height + 15) >> 4;
    const plane = (size: number): Vp8Plane => ({
      data: new Uint8ClampedArray(this.#wide * this.#high * size * size),
      stride: this.#wide * size,
    });
    this.#planes = [plane(16), plane(8), plane(8)];
    this.#modesAbove = new Uint8Array(4 * this.#wide);
    this.#filledAbove = new Uint8Array(9 * this.#wide);
  }

  decode(fail: ImageFailure): Vp8Frame {
    const { width, height, modes, partitions, simpleFilter, isFiltered } = this.#header;
    for (let row = 0; row < this.#high; row++) {
      this.#modesLeft.fill(0);
      this.#filledLeft.fill(0);
      const partition = partitions[row & (partitions.length - 1)];
      for (let column = 0; column < this.#wide; column++) this.#macroblock(column, row, partition);
      if (modes.overrun || partition.overrun) throw fail("it is cut short or damaged");
    }
    if (isFiltered) filterFrame(this.#planes, this.#wide, this.#filters, simpleFilter);
    return { width, height, planes: this.#planes };
  }

  #macroblock(column: number, row: number, partition: BoolReader): void {
    const { modes, segmentProbabilities, skipProbability, filters } = this.#header;
    if (segmentProbabilities !== undefined) {
      const upper = modes.bit(segmentProbabilities[0]);
      this.#segment = 2 * upper + modes.bit(segmentProbabilities[1 + upper]);
    }
    const isSkipped = skipProbability !== undefined && modes.bit(skipProbability) === 1;
    const whole = this.#readModes(column);
    const chroma = readChromaMode(modes);
    this.#coefficients.fill(0);
    const hasAny = isSkipped
      ? this.#skip(column, whole >= 0)
      : this.#readResiduals(column, whole >= 0, partition);
    this.#edges(column, row);
    this.#predictLuma(whole, column, row);
    for (const [at, first] of [
      [U_AT, 16],
      [V_AT, 20],
    ]) {
      predictWhole(this.#work, at, STRIDE, 8, chroma, row > 0, column > 0);
      for (let i = 0; i < 4; i++) this.#add(first + i, at + (i >> 1) * 4 * STRIDE + (i & 1) * 4);
    }
    this.#store(column, row);
    const isSplit = whole < 0;
    const filter = filters[this.#segment][isSplit ? 1 : 0];
    this.#filters.push({ filter, inside: isSplit || hasAny });
  }

  /** Reads the modes of luma: that of the whole macroblock, or -1 if its blocks have their own. */
  #readModes(column: number): number {
    const { modes } = this.#header;
    const above = this.#modesAbove.subarray(4 * column, 4 * column + 4);
    if (modes.bit(145) === 1) {
      const isHorizontal = modes.bit(156) === 1;
      const mode = isHorizontal
        ? modes.bit(128) === 0
          ? MODE.he
          : MODE.tm
        : modes.bit(163) === 0
          ? MODE.dc
          : MODE.ve;
      above.fill(mode);
      this.#modesLeft.fill(mode);
      return mode;
    }
    for (let y = 0; y < 4; y++) {
      let left = this.#modesLeft[y];
      for (let x = 0; x < 4; x++) {
        left = readBlockMode(modes, 9 * (10 * above[x] + left));
        above[x] = left;
        this.#modes[4 * y + x] = left;
      }
      this.#modesLeft[y] = left;
    }
    return -1;
  }

  /** Notes that a macroblock has no coefficients; one of split modes has no DC block of its own. */
  #skip(column: number, isWhole: boolean): boolean {
    const count = isWhole ? 9 : 8;
    this.#filledLeft.fill(0, 0, count);
    this.#filledAbove.fill(0, 9 * column, 9 * column + count);
    this.#hasAc.fill(0);
    return false;
  }

  #readResiduals(column: number, isWhole: boolean, partition: BoolReader): boolean {
    const { probabilities, quantizers } = this.#header;
    const { luma, lumaDc, chroma } = quantizers[this.#segment];
    const left = this.#filledLeft;
    const above = this.#filledAbove.subarray(9 * column, 9 * column + 9);
    const coefficients = this.#coefficients;
    let hasAny = 0;
    const read = (plane: number, block: number, x: number, y: number, factors: readonly [number, number]) => {
      const context = left[y] + above[x];
      const filled = readCoefficients(
        partition,
        probabilities,
        plane,
        context,
        factors,
        coefficients,
        16 * block,
      );
      left[y] = filled;
      above[x] = filled;
      return filled;
    };
    if (isWhole) {
      read(PLANE.lumaDc, 24, 8, 8, lumaDc);
      inverseWalsh(coefficients, 24 * 16);
    }
    for (let i = 0; i < 24; i++) {
      const isLuma = i < 16;
      const corner = i < 20 ? 4 : 6;
      const [x, y] = isLuma ? [i & 3, i >> 2] : [corner + (i & 1), corner + ((i >> 1) & 1)];
      const plane = isLuma ? (isWhole ? PLANE.lumaWithoutDc : PLANE.luma) : PLANE.chroma;
      const filled = read(plane, i, x, y, isLuma ? luma : chroma);
      this.#hasAc[i] = filled;
      hasAny |= filled | coefficients[16 * i];
    }
    return hasAny !== 0;
  }

  #predictLuma(whole: number, column: number, row: number): void {
    if (whole >= 0) predictWhole(this.#work, Y_AT, STRIDE, 16, whole, row > 0, column > 0);
    for (let i = 0; i < 16; i++) {
      const at = Y_AT + (i >> 2) * 4 * STRIDE + (i & 3) * 4;
      if (whole < 0) predictFour(this.#work, at, STRIDE, this.#modes[i]);
      this.#add(i, at);
    }
  }

  /** Adds the residual of a block. */
  #add(block: number, at: number): void {
    const coefficients = this.#coefficients;
    if (this.#hasAc[block] === 1) addTransform(coefficients, 16 * block, this.#work, at, STRIDE);
    else if (coefficients[16 * block] !== 0) addDc(coefficients[16 * block], this.#work, at, STRIDE);
  }

  /** Puts what lies above and to the left around the workspace: 127 above the image, 129 beside it. */
  #edges(column: number, row: number): void {
    const work = this.#work;
    for (const [p, at, size] of [
      [0, Y_AT, 16],
      [1, U_AT, 8],
      [2, V_AT, 8],
    ] as const) {
      for (let y = -1; y < size; y++) {
        const beside = at + y * STRIDE - 1;
        work[beside] = column === 0 ? 129 : work[beside + size];
      }
      const top = at - STRIDE;
      if (row === 0) {
        work.fill(127, top - 1, top + size + (p === 0 ? 4 : 0));
        continue;
      }
      const { data, stride } = this.#planes[p];
      const from = (row * size - 1) * stride + column * size;
      work.set(data.subarray(from, from + size), top);
      if (p > 0) continue;
      // Four more, above the neighbour to the right.
      if (column === this.#wide - 1) work.fill(data[from + 15], top + 16, top + 20);
      else work.set(data.subarray(from + 16, from + 20), top + 16);
    }
    // Blocks further down look at the same ones.
    for (let y = 4; y < 16; y += 4)
      work.copyWithin(Y_AT + (y - 1) * STRIDE + 16, Y_AT - STRIDE + 16, Y_AT - STRIDE + 20);
  }

  #store(column: number, row: number): void {
    for (const [p, at, size] of [
      [0, Y_AT, 16],
      [1, U_AT, 8],
      [2, V_AT, 8],
    ] as const) {
      const { data, stride } = this.#planes[p];
      for (let y = 0; y < size; y++) {
        const from = at + y * STRIDE;
        data.set(this.#work.subarray(from, from + size), (row * size + y) * stride + column * size);
      }
    }
  }
}

function readChromaMode(reader: BoolReader): number {
  if (reader.bit(142) === 0) return MODE.dc;
  if (reader.bit(114) === 0) return MODE.ve;
  return reader.bit(183) === 0 ? MODE.he : MODE.tm;
}

/** @param p - where the nine probabilities of the neighbours' modes begin. */
function readBlockMode(reader: BoolReader, p: number): number {
  const bit = (i: number) => reader.bit(MODE_PROBABILITIES[p + i]);
  if (bit(0) === 0) return MODE.dc;
  if (bit(1) === 0) return MODE.tm;
  if (bit(2) === 0) return MODE.ve;
  if (bit(3) === 0) {
    if (bit(4) === 0) return MODE.he;
    return bit(5) === 0 ? MODE.rd : MODE.vr;
  }
  if (bit(6) === 0) return MODE.ld;
  if (bit(7) === 0) return MODE.vl;
  return bit(8) === 0 ? MODE.hd : MODE.hu;
}
