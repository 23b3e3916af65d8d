/** The scans of a JPEG file: coefficients from bits. Source: ITU-T T.81, annexes F and G. */
import type { ImageFailure } from "../image_failure.ts";
import type { JpegComponent, JpegFrame } from "./jpeg_frame.ts";
import type { EntropyReader, HuffmanTable } from "./jpeg_huffman.ts";
import { flatBlock, inverseTransform } from "./jpeg_idct.ts";
import { ZIGZAG } from "./jpeg_tables.ts";

/** What a scan header (SOS) says. */
export interface JpegScan {
  readonly components: readonly JpegComponent[];
  /** The first and last coefficient, in zigzag order. */
  readonly first: number;
  readonly last: number;
  /** Bits that scans before have read, 0 if this is the first; bits left for later ones. */
  readonly high: number;
  readonly low: number;
}

/** Reads one block: the component, and where it lies in blocks. */
type BlockReader = (component: JpegComponent, column: number, row: number) => void;

/** Reads all blocks of a scan; afterwards `reader.at` is not behind the marker that follows. */
export function readScan(
  frame: JpegFrame,
  scan: JpegScan,
  reader: EntropyReader,
  restartInterval: number,
  fail: ImageFailure,
): void {
  const coder = new BlockCoder(scan, reader, fail);
  const readBlock: BlockReader = !frame.progressive
    ? coder.sequential
    : scan.first === 0
      ? scan.high === 0
        ? coder.dcFirst
        : coder.dcRefine
      : scan.high === 0
        ? coder.acFirst
        : coder.acRefine;
  const { components } = scan;
  const alone = components.length === 1 ? components[0] : undefined;
  const unitsWide = alone?.blocksWide ?? frame.unitsWide;
  const unitsHigh = alone?.blocksHigh ?? frame.unitsHigh;
  for (const component of components) component.predicted = 0;
  for (let row = 0, unit = 0; row < unitsHigh; row++) {
    for (let column = 0; column < unitsWide; column++, unit++) {
      if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
        reader.restart(unit / restartInterval - 1);
        for (const component of components) component.predicted = 0;
        coder.endRun = 0;
      }
      if (alone !== undefined) readBlock(alone, column, row);
      else readUnit(components, column, row, readBlock);
    }
    if (reader.overrun) throw fail("its compressed data is damaged or cut short");
  }
}

function readUnit(
  components: readonly JpegComponent[],
  column: number,
  row: number,
  readBlock: BlockReader,
): void {
  for (const component of components) {
    const { h, v } = component;
    for (let y = 0; y < v; y++) for (let x = 0; x < h; x++) readBlock(component, column * h + x, row * v + y);
  }
}

/** The kinds of blocks; what a kind keeps from one block to the next. */
class BlockCoder {
  /** Blocks that follow without further coefficients. */
  endRun = 0;
  readonly #scan: JpegScan;
  readonly #reader: EntropyReader;
  readonly #fail: ImageFailure;
  readonly #block = new Int16Array(64);

  constructor(scan: JpegScan, reader: EntropyReader, fail: ImageFailure) {
    this.#scan = scan;
    this.#reader = reader;
    this.#fail = fail;
  }

  /** A whole block, transformed at once. */
  readonly sequential: BlockReader = (component, column, row) => {
    const reader = this.#reader;
    const block = this.#block;
    const table = component.acTable as HuffmanTable;
    this.#readDc(component);
    let isFlat = true;
    for (let k = 1; k < 64; k++) {
      const symbol = reader.symbol(table);
      const size = symbol & 15;
      if (size === 0) {
        if (symbol !== 0xf0) break;
        k += 15;
        continue;
      }
      k += symbol >> 4;
      if (k > 63) throw this.#fail("its compressed data is damaged");
      block[ZIGZAG[k]] = reader.signed(size);
      isFlat = false;
    }
    const { plane, storedWide } = component;
    const quant = component.quant as Uint16Array;
    const stride = 8 * storedWide;
    const to = 8 * (row * stride + column);
    if (isFlat) {
      flatBlock(((component.predicted << 16) >> 16) * quant[0], plane, to, stride);
      return;
    }
    block[0] = component.predicted;
    inverseTransform(block, 0, quant, plane, to, stride);
    block.fill(0);
  };

  readonly dcFirst: BlockReader = (component, column, row) => {
    this.#readDc(component);
    component.coefficients[blockAt(component, column, row)] = component.predicted << this.#scan.low;
  };

  readonly dcRefine: BlockReader = (component, column, row) => {
    if (this.#reader.bits(1) === 1)
      component.coefficients[blockAt(component, column, row)] |= 1 << this.#scan.low;
  };

  readonly acFirst: BlockReader = (component, column, row) => {
    if (this.endRun > 0) {
      this.endRun--;
      return;
    }
    const reader = this.#reader;
    const { first, last, low } = this.#scan;
    const table = component.acTable as HuffmanTable;
    const { coefficients } = component;
    const at = blockAt(component, column, row);
    for (let k = first; k <= last; k++) {
      const symbol = reader.symbol(table);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size !== 0) {
        k += run;
        if (k > last) throw this.#fail("its compressed data is damaged");
        coefficients[at + ZIGZAG[k]] = reader.signed(size) << low;
      } else if (run === 15) k += 15;
      else {
        this.endRun = (1 << run) - 1 + (run > 0 ? reader.bits(run) : 0);
        break;
      }
    }
  };

  readonly acRefine: BlockReader = (component, column, row) => {
    const reader = this.#reader;
    const { first, last, low } = this.#scan;
    const table = component.acTable as HuffmanTable;
    const { coefficients } = component;
    const at = blockAt(component, column, row);
    const bit = 1 << low;
    let k = first;
    if (this.endRun === 0) {
      for (; k <= last; k++) {
        const symbol = reader.symbol(table);
        let run = symbol >> 4;
        const size = symbol & 15;
        let value = 0;
        if (size !== 0) {
          if (size !== 1) throw this.#fail("its compressed data is damaged");
          value = reader.bits(1) === 1 ? bit : -bit;
        } else if (run !== 15) {
          this.endRun = (1 << run) + (run > 0 ? reader.bits(run) : 0);
          break;
        }
        // Zeros are counted; what is not zero gets one more bit.
        for (; k <= last; k++) {
          const place = at + ZIGZAG[k];
          if (coefficients[place] !== 0) this.#refine(coefficients, place, bit);
          else if (--run < 0) {
            coefficients[place] = value;
            break;
          }
        }
        if (k > last && value !== 0) throw this.#fail("its compressed data is damaged");
      }
    }
    if (this.endRun === 0) return;
    for (; k <= last; k++) {
      const place = at + ZIGZAG[k];
      if (coefficients[place] !== 0) this.#refine(coefficients, place, bit);
    }
    this.endRun--;
  };

  #refine(coefficients: Int16Array, place: number, bit: number): void {
    if (this.#reader.bits(1) === 0 || (coefficients[place] & bit) !== 0) return;
    coefficients[place] += coefficients[place] >= 0 ? bit : -bit;
  }

  #readDc(component: JpegComponent): void {
    const size = this.#reader.symbol(component.dcTable as HuffmanTable);
    if (size === 0) return;
    if (size > 15) throw this.#fail("its compressed data is damaged");
    component.predicted += this.#reader.signed(size);
  }
}

function blockAt({ storedWide }: JpegComponent, column: number, row: number): number {
  return 64 * (row * storedWide + column);
}

/** The samples of a progressive file, once every scan has been read. */
export function transformAll(frame: JpegFrame): void {
  for (const component of frame.components) {
    const { plane, coefficients, storedWide, blocksWide, blocksHigh } = component;
    const stride = 8 * storedWide;
    for (let row = 0; row < blocksHigh; row++) {
      for (let column = 0; column < blocksWide; column++) {
        const at = blockAt(component, column, row);
        const to = 8 * (row * stride + column);
        inverseTransform(coefficients, at, component.quant as Uint16Array, plane, to, stride);
      }
    }
    component.coefficients = new Int16Array(0);
  }
}
