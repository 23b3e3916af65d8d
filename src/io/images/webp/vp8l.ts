/** Decodes lossless WebP. Source: RFC 9649, section 3. */
import { checkClaim, type ImageFailure } from "../image_failure.ts";
import { BitReader, type PrefixCode, readPrefixCode } from "./vp8l_codes.ts";
import { applyInverse, tiles, type Vp8lTransform } from "./vp8l_transforms.ts";

/** RGBA, four bytes a pixel. */
export interface Vp8lImage {
  readonly width: number;
  readonly height: number;
  /** What the header says. */
  readonly usesAlpha: boolean;
  readonly pixels: Uint8Array;
}

/** Distances in the neighbourhood: rows above times 16, and 8 less the columns to the left. */
const NEAR_DISTANCES = Uint8Array.of(
  ...[24, 7, 23, 25, 40, 6, 39, 41, 22, 26, 38, 42, 56, 5, 55, 57, 21, 27, 54, 58, 37, 43, 72, 4, 71],
  ...[73, 20, 28, 53, 59, 70, 74, 36, 44, 88, 69, 75, 52, 60, 3, 87, 89, 19, 29, 86, 90, 35, 45, 68],
  ...[76, 85, 91, 51, 61, 104, 2, 103, 105, 18, 30, 102, 106, 34, 46, 84, 92, 67, 77, 101, 107, 50, 62],
  ...[120, 1, 119, 121, 83, 93, 17, 31, 100, 108, 66, 78, 118, 122, 33, 47, 117, 123, 49, 63, 99, 109],
  ...[82, 94, 0, 116, 124, 65, 79, 16, 32, 98, 110, 48, 115, 125, 81, 95, 64, 114, 126, 97, 111, 80],
  ...[113, 127, 96, 112],
);

/** Symbols for the green channel: literals, then lengths, then places of the cache of colours. */
const [LITERALS, LENGTHS, DISTANCES] = [256, 24, 40];

/** More groups of codes than any encoder makes would take much memory. */
const MAX_GROUPS = 2600;

/** Codes of green (with lengths and the cache), red, blue, alpha, distances. */
type CodeGroup = readonly [PrefixCode, PrefixCode, PrefixCode, PrefixCode, PrefixCode];

/** Width and height, from the header of five bytes. */
export function readVp8lSize(
  data: Uint8Array,
  fail: ImageFailure,
): { width: number; height: number; usesAlpha: boolean } {
  if (data.length < 5) throw fail("it is cut short");
  const bits = data[1] | (data[2] << 8) | (data[3] << 16) | (data[4] << 24);
  if (data[0] !== 0x2f || bits >>> 29 !== 0) throw fail("its lossless data do not begin as they should");
  return {
    width: (bits & 0x3fff) + 1,
    height: ((bits >> 14) & 0x3fff) + 1,
    usesAlpha: ((bits >> 28) & 1) === 1,
  };
}

export function decodeVp8l(data: Uint8Array, limit: number, fail: ImageFailure): Vp8lImage {
  const { width, height, usesAlpha } = readVp8lSize(data, fail);
  checkClaim(width, height, limit, fail);
  return { width, height, usesAlpha, pixels: decodePixels(data.subarray(5), width, height, fail) };
}

/** Decodes data without the header; the caller has checked the size. */
export function decodePixels(
  data: Uint8Array,
  width: number,
  height: number,
  fail: ImageFailure,
): Uint8Array {
  const decoder = new Vp8lDecoder(new BitReader(data, fail), fail);
  const transforms: Vp8lTransform[] = [];
  let packedWidth = width;
  const reader = decoder.reader;
  while (reader.read(1) === 1) {
    const transform = decoder.transform(packedWidth, height);
    if (transforms.some(({ kind }) => kind === transform.kind)) throw fail("a transform comes twice");
    transforms.push(transform);
    if (transform.kind === "palette") packedWidth = tiles(packedWidth, transform.bits);
  }
  let pixels = decoder.entropyImage(packedWidth, height, true);
  for (const transform of transforms.reverse()) pixels = applyInverse(transform, pixels, height);
  return pixels;
}

class Vp8lDecoder {
  readonly reader: BitReader;
  readonly #fail: ImageFailure;

  constructor(reader: BitReader, fail: ImageFailure) {
    this.reader = reader;
    this.#fail = fail;
  }

  transform(width: number, height: number): Vp8lTransform {
    const { reader } = this;
    const kind = (["predictor", "colour", "green", "palette"] as const)[reader.read(2)];
    if (kind === "green") return { kind, width, bits: 0, pixels: new Uint8Array(0) };
    if (kind !== "palette") {
      const bits = 2 + reader.read(3);
      return { kind, width, bits, pixels: this.entropyImage(tiles(width, bits), tiles(height, bits), false) };
    }
    const colours = reader.read(8) + 1;
    const bits = colours <= 2 ? 3 : colours <= 4 ? 2 : colours <= 16 ? 1 : 0;
    const differences = this.entropyImage(colours, 1, false);
    for (let i = 4; i < differences.length; i++) differences[i] += differences[i - 4];
    // An index behind the last colour is transparent black.
    const pixels = new Uint8Array(4 * 256);
    pixels.set(differences);
    return { kind, width, bits, pixels };
  }

  /** An image of prefix codes; the outermost may have several groups of them. */
  entropyImage(width: number, height: number, isOutermost: boolean): Uint8Array {
    const { reader } = this;
    let cacheBits = 0;
    if (reader.read(1) === 1) {
      cacheBits = reader.read(4);
      if (cacheBits < 1 || cacheBits > 11) throw this.#fail("its cache of colours is damaged");
    }
    let tileBits = 0;
    let groupOfTile: Uint16Array | undefined;
    let count = 1;
    if (isOutermost && reader.read(1) === 1) {
      tileBits = 2 + reader.read(3);
      const pixels = this.entropyImage(tiles(width, tileBits), tiles(height, tileBits), false);
      groupOfTile = Uint16Array.from(
        { length: pixels.length / 4 },
        (_, i) => pixels[4 * i] * 256 + pixels[4 * i + 1],
      );
      count = groupOfTile.reduce((most, group) => Math.max(most, group), 0) + 1;
      if (count > MAX_GROUPS) throw this.#fail(`it has ${count} groups of codes`);
    }
    const greens = LITERALS + LENGTHS + (cacheBits > 0 ? 1 << cacheBits : 0);
    const code = (alphabet: number) => readPrefixCode(reader, alphabet, this.#fail);
    const groups = Array.from(
      { length: count },
      (): CodeGroup => [code(greens), code(LITERALS), code(LITERALS), code(LITERALS), code(DISTANCES)],
    );
    const codes = { groups, groupOfTile, tileBits, cacheBits };
    return this.#readPixels(width, height, codes);
  }

  #readPixels(
    width: number,
    height: number,
    {
      groups,
      groupOfTile,
      tileBits,
      cacheBits,
    }: {
      groups: readonly CodeGroup[];
      groupOfTile: Uint16Array | undefined;
      tileBits: number;
      cacheBits: number;
    },
  ): Uint8Array {
    const { reader } = this;
    const pixels = new Uint8Array(4 * width * height);
    const constant = groupOfTile === undefined ? constantPixel(groups[0]) : undefined;
    if (constant !== undefined) return filled(pixels, constant);
    const cache = new ColourCache(cacheBits, pixels);
    const tilesWide = tiles(width, tileBits);
    const groupAt = (x: number, y: number) =>
      groups[groupOfTile === undefined ? 0 : groupOfTile[(y >> tileBits) * tilesWide + (x >> tileBits)]];
    let group = groupAt(0, 0);
    for (let at = 0, x = 0, y = 0; at < pixels.length; ) {
      if (groupOfTile !== undefined && (x & ((1 << tileBits) - 1)) === 0) group = groupAt(x, y);
      const symbol = reader.symbol(group[0]);
      let count = 1;
      if (symbol < LITERALS) {
        pixels[at] = reader.symbol(group[1]);
        pixels[at + 1] = symbol;
        pixels[at + 2] = reader.symbol(group[2]);
        pixels[at + 3] = reader.symbol(group[3]);
        at += 4;
      } else if (symbol < LITERALS + LENGTHS) {
        count = this.#extended(symbol - LITERALS);
        const distance = 4 * distanceOf(this.#extended(reader.symbol(group[4])), width);
        const end = at + 4 * count;
        if (distance > at || end > pixels.length) throw this.#fail("its packed data is damaged");
        for (; at < end; at++) pixels[at] = pixels[at - distance];
      } else {
        cache.get(symbol - LITERALS - LENGTHS, at);
        at += 4;
      }
      for (x += count; x >= width; x -= width) {
        y++;
        reader.check();
      }
      if (count > 1 && at < pixels.length) group = groupAt(x, y);
    }
    reader.check();
    return pixels;
  }

  /** A length or a distance: a prefix, and further bits. */
  #extended(symbol: number): number {
    if (symbol < 4) return symbol + 1;
    const bits = (symbol - 2) >> 1;
    return ((2 + (symbol & 1)) << bits) + this.reader.read(bits) + 1;
  }
}

/** The one pixel of codes without bits, of which no data say how many follow. */
function constantPixel(group: CodeGroup): number[] | undefined {
  const [green, red, blue, alpha] = group.slice(0, 4).map(({ symbols }) => symbols);
  if ([green, red, blue, alpha].some(({ length }) => length > 1) || green[0] >= LITERALS) return undefined;
  return [red[0], green[0], blue[0], alpha[0]];
}

function filled(pixels: Uint8Array, pixel: readonly number[]): Uint8Array {
  pixels.set(pixel);
  for (let done = 4; done < pixels.length; done *= 2) pixels.copyWithin(done, 0, done);
  return pixels;
}

function distanceOf(code: number, width: number): number {
  if (code > NEAR_DISTANCES.length) return code - NEAR_DISTANCES.length;
  const near = NEAR_DISTANCES[code - 1];
  return Math.max(1, (near >> 4) * width + 8 - (near & 15));
}

/** The colours of the pixels so far, by a hash. */
class ColourCache {
  readonly #bits: number;
  readonly #pixels: Uint8Array;
  readonly #colours: Int32Array;
  /** Pixels before are in the cache; later ones come in when it is used. */
  #noted = 0;

  constructor(bits: number, pixels: Uint8Array) {
    this.#bits = bits;
    this.#pixels = pixels;
    this.#colours = new Int32Array(bits > 0 ? 1 << bits : 0);
  }

  /** Puts a colour of the cache at a place. */
  get(index: number, at: number): void {
    const pixels = this.#pixels;
    for (; this.#noted < at; this.#noted += 4) {
      const from = this.#noted;
      const colour =
        (pixels[from + 3] << 24) | (pixels[from] << 16) | (pixels[from + 1] << 8) | pixels[from + 2];
      this.#colours[Math.imul(colour, 0x1e35a7bd) >>> (32 - this.#bits)] = colour;
    }
    const colour = this.#colours[index];
    pixels[at] = colour >> 16;
    pixels[at + 1] = colour >> 8;
    pixels[at + 2] = colour;
    pixels[at + 3] = colour >>> 24;
  }
}
