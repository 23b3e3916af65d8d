/**
 * Stretches of random words from Philox4x32-10, and of uniform numbers from them: by a WebAssembly kernel
 * (`engines/wasm/assembly/random_words.ts`), which takes a sixth of the time of the loop below; by that loop where code
 * may not be compiled (a page's security policy) or vectors are missing. Both give the same bits.
 */
import binary from "#kernels/random";

/** A seed and a stream of it, each as two 32-bit words. */
export interface RandomKey {
  readonly seedLow: number;
  readonly seedHigh: number;
  readonly streamLow: number;
  readonly streamHigh: number;
}

/** Draws stretches of a stream. What it gives holds until the next call. */
export interface WordSource {
  /** Blocks `first`, a multiple of 4096, to `first` + `count` - 1, of four words each. */
  words(key: RandomKey, first: number, count: number): Uint32Array;
  /** The same as float32 numbers: `low` + (the upper 24 bits) `scale` in double precision, rounded once. */
  uniform(key: RandomKey, first: number, count: number, low: number, scale: number): Float32Array;
}

/** The most blocks of a stretch. */
export const STRETCH_BLOCKS = 4096;

let source: WordSource | undefined;

/** The faster source that works here. */
export function wordSource(): WordSource {
  source ??= openKernel() ?? WORDS_BY_LOOP;
  return source;
}

interface Kernel {
  randomWords(
    ...at: [
      seedLow: number,
      seedHigh: number,
      streamLow: number,
      streamHigh: number,
      index: number,
      indexHigh: number,
      groups: number,
      to: number,
    ]
  ): void;
  uniformFromWords(at: number, groups: number, low: number, scale: number): void;
}

/** Blocks that the kernel makes at once. */
const GROUP = 4;
/** Where it leaves them: behind its own page. */
const PLACE = 65536;

/** Null if it cannot run here. */
export function openKernel(): WordSource | null {
  let kernel: Kernel;
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
  try {
    const bytes = Uint8Array.from(atob(binary), (character) => character.charCodeAt(0));
    // A kilobyte: what a page's main thread may compile without waiting.
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    kernel = exports as unknown as Kernel;
  } catch {
    return null;
  }
  const words = new Uint32Array(memory.buffer, PLACE, 4 * STRETCH_BLOCKS);
  const floats = new Float32Array(memory.buffer, PLACE, 4 * STRETCH_BLOCKS);
  const draw = ({ seedLow, seedHigh, streamLow, streamHigh }: RandomKey, first: number, count: number) => {
    const groups = Math.ceil(count / GROUP);
    const index = [first | 0, Math.floor(first / 0x100000000) | 0] as const;
    kernel.randomWords(seedLow, seedHigh, streamLow, streamHigh, ...index, groups, PLACE);
    return groups;
  };
  return {
    words(key, first, count) {
      draw(key, first, count);
      return words;
    },
    uniform(key, first, count, low, scale) {
      kernel.uniformFromWords(PLACE, draw(key, first, count), low, scale);
      return floats;
    },
  };
}

const WORDS = new Uint32Array(4 * STRETCH_BLOCKS);

/** In JavaScript. */
export const WORDS_BY_LOOP: WordSource = {
  words(key, first, count) {
    fillWords(key, first, count);
    return WORDS;
  },
  uniform(key, first, count, low, scale) {
    fillWords(key, first, count);
    return Float32Array.from(WORDS.subarray(0, 4 * count), (word) => low + (word >>> 8) * scale);
  },
};

/**
 * Blocks `first` to `first + count - 1` of a stream. The same rounds as `philox4x32Into`, with the products
 * taken apart into 16-bit halves that stay within 32-bit integers.
 */
function fillWords(key: RandomKey, first: number, count: number): void {
  const { streamLow, streamHigh } = key;
  for (let block = 0; block < count; block++) {
    const index = first + block;
    let x0 = index | 0;
    let x1 = Math.floor(index / 0x100000000) | 0;
    let x2 = streamLow | 0;
    let x3 = streamHigh | 0;
    let k0 = key.seedLow | 0;
    let k1 = key.seedHigh | 0;
    for (let round = 0; round < 10; round++) {
      // 0xd2511f53 * x0 and 0xcd9e8d57 * x2
      const aLow = x0 & 0xffff;
      const aHigh = x0 >>> 16;
      const aMiddle = (Math.imul(aHigh, 0x1f53) + (Math.imul(aLow, 0x1f53) >>> 16)) | 0;
      const aCross = (Math.imul(aLow, 0xd251) + (aMiddle & 0xffff)) | 0;
      const high0 = (Math.imul(aHigh, 0xd251) + (aMiddle >>> 16) + (aCross >>> 16)) | 0;
      const bLow = x2 & 0xffff;
      const bHigh = x2 >>> 16;
      const bMiddle = (Math.imul(bHigh, 0x8d57) + (Math.imul(bLow, 0x8d57) >>> 16)) | 0;
      const bCross = (Math.imul(bLow, 0xcd9e) + (bMiddle & 0xffff)) | 0;
      const high1 = (Math.imul(bHigh, 0xcd9e) + (bMiddle >>> 16) + (bCross >>> 16)) | 0;
      const low0 = Math.imul(0xd2511f53, x0);
      const low1 = Math.imul(0xcd9e8d57, x2);
      x0 = high1 ^ x1 ^ k0;
      x1 = low1;
      x2 = high0 ^ x3 ^ k1;
      x3 = low0;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    const at = block * 4;
    WORDS[at] = x0;
    WORDS[at + 1] = x1;
    WORDS[at + 2] = x2;
    WORDS[at + 3] = x3;
  }
}
