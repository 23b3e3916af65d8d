/** The headers of a VP8 key frame. Source: RFC 6386, sections 9 and 19. */
import type { ImageFailure } from "../image_failure.ts";
import { BoolReader } from "./bool_reader.ts";
import { AC_FACTORS, COEFFICIENT_PROBABILITIES, DC_FACTORS, UPDATE_PROBABILITIES } from "./vp8_tables.ts";

/** Factors of DC and AC coefficients. */
type Factors = readonly [dc: number, ac: number];

/** Factors of a segment, by plane. */
export interface Vp8Quantizer {
  readonly luma: Factors;
  readonly lumaDc: Factors;
  readonly chroma: Factors;
}

/** How the loop filter works on a macroblock; none if `level` is 0. */
export interface Vp8Filter {
  readonly level: number;
  readonly inner: number;
  readonly variance: number;
}

export interface Vp8Header {
  readonly width: number;
  readonly height: number;
  /** Modes, then the partitions of coefficients. */
  readonly modes: BoolReader;
  readonly partitions: readonly BoolReader[];
  /** Probabilities of the segment map; undefined if there is none. */
  readonly segmentProbabilities: readonly number[] | undefined;
  readonly quantizers: readonly Vp8Quantizer[];
  /** By segment: for whole macroblocks, and for such of 4 by 4 modes. */
  readonly filters: readonly (readonly [whole: Vp8Filter, split: Vp8Filter])[];
  readonly simpleFilter: boolean;
  readonly isFiltered: boolean;
  readonly probabilities: Uint8Array;
  /** The probability that a macroblock has coefficients; undefined if none is left out. */
  readonly skipProbability: number | undefined;
}

interface Segments {
  readonly used: boolean;
  readonly relative: boolean;
  readonly quantizers: readonly number[];
  readonly strengths: readonly number[];
  readonly probabilities: readonly number[] | undefined;
}

/** Width and height of a frame, from its first ten bytes. */
export function readVp8Size(data: Uint8Array, fail: ImageFailure): [width: number, height: number] {
  if (data.length < 10) throw fail("it is cut short");
  if ((data[0] & 1) !== 0 || data[3] !== 0x9d || data[4] !== 1 || data[5] !== 0x2a)
    throw fail("its VP8 data do not begin with a key frame");
  return [data[6] | ((data[7] & 0x3f) << 8), data[8] | ((data[9] & 0x3f) << 8)];
}

export function readVp8Header(data: Uint8Array, fail: ImageFailure): Vp8Header {
  const [width, height] = readVp8Size(data, fail);
  const firstBytes = (data[0] >> 5) | (data[1] << 3) | (data[2] << 11);
  if (10 + firstBytes > data.length) throw fail("it is cut short");
  const modes = new BoolReader(data.subarray(10, 10 + firstBytes));
  // Colour space and clamping, which change nothing in WebP.
  modes.integer(2);
  const segments = readSegments(modes);
  const filter = readFilters(modes, segments);
  const partitions = readPartitions(data.subarray(10 + firstBytes), 1 << modes.integer(2), fail);
  const quantizers = readQuantizers(modes, segments);
  modes.bit(128);
  const probabilities = COEFFICIENT_PROBABILITIES.slice();
  for (let i = 0; i < probabilities.length; i++)
    if (modes.bit(UPDATE_PROBABILITIES[i]) === 1) probabilities[i] = modes.integer(8);
  const skipProbability = modes.bit(128) === 1 ? modes.integer(8) : undefined;
  if (modes.overrun) throw fail("it is cut short");
  return {
    ...{ width, height, modes, partitions, quantizers, probabilities, skipProbability },
    ...filter,
    segmentProbabilities: segments.probabilities,
  };
}

const four = (value: () => number) => [value(), value(), value(), value()];

function readSegments(reader: BoolReader): Segments {
  const used = reader.bit(128) === 1;
  if (!used) return { used, relative: false, quantizers: [], strengths: [], probabilities: undefined };
  const hasMap = reader.bit(128) === 1;
  const hasData = reader.bit(128) === 1;
  const relative = hasData && reader.bit(128) === 0;
  const quantizers = four(() => (hasData ? reader.optional(7) : 0));
  const strengths = four(() => (hasData ? reader.optional(6) : 0));
  const probability = () => (reader.bit(128) === 1 ? reader.integer(8) : 255);
  const probabilities = hasMap ? [probability(), probability(), probability()] : undefined;
  return { used, relative, quantizers, strengths, probabilities };
}

function readFilters(
  reader: BoolReader,
  segments: Segments,
): Pick<Vp8Header, "filters" | "simpleFilter" | "isFiltered"> {
  const simpleFilter = reader.bit(128) === 1;
  const level = reader.integer(6);
  const sharpness = reader.integer(3);
  const useDeltas = reader.bit(128) === 1;
  let [byReference, byMode] = [0, 0];
  if (useDeltas && reader.bit(128) === 1) {
    byReference = four(() => reader.optional(6))[0];
    byMode = four(() => reader.optional(6))[0];
  }
  const filters = [0, 1, 2, 3].map((segment) => {
    const base = segments.used ? segments.strengths[segment] + (segments.relative ? level : 0) : level;
    const whole = base + (useDeltas ? byReference : 0);
    return [filterOf(whole, sharpness), filterOf(whole + (useDeltas ? byMode : 0), sharpness)] as const;
  });
  return { filters, simpleFilter, isFiltered: level !== 0 };
}

function filterOf(strength: number, sharpness: number): Vp8Filter {
  const level = Math.min(63, Math.max(0, strength));
  if (level === 0) return { level: 0, inner: 0, variance: 0 };
  const sharper = sharpness > 4 ? level >> 2 : sharpness > 0 ? level >> 1 : level;
  const inner = Math.max(1, sharpness > 0 ? Math.min(sharper, 9 - sharpness) : sharper);
  return { level: 2 * level + inner, inner, variance: level >= 40 ? 2 : level >= 15 ? 1 : 0 };
}

/** The bytes behind the first partition: lengths of all further ones but the last, then these. */
function readPartitions(data: Uint8Array, count: number, fail: ImageFailure): BoolReader[] {
  let at = 3 * (count - 1);
  if (at > data.length) throw fail("it is cut short");
  return Array.from({ length: count }, (_, i) => {
    const length = data[3 * i] | (data[3 * i + 1] << 8) | (data[3 * i + 2] << 16);
    const end = i === count - 1 ? data.length : at + length;
    if (end > data.length) throw fail("it is cut short");
    const reader = new BoolReader(data.subarray(at, end));
    at = end;
    return reader;
  });
}

function readQuantizers(reader: BoolReader, segments: Segments): Vp8Quantizer[] {
  const base = reader.integer(7);
  const [lumaDc, y2Dc, y2Ac, chromaDc, chromaAc] = [4, 4, 4, 4, 4].map((size) => reader.optional(size));
  const clip = (value: number, most = 127) => Math.min(most, Math.max(0, value));
  return [0, 1, 2, 3].map((segment) => {
    const q = segments.used ? segments.quantizers[segment] + (segments.relative ? base : 0) : base;
    return {
      luma: [DC_FACTORS[clip(q + lumaDc)], AC_FACTORS[clip(q)]],
      lumaDc: [
        2 * DC_FACTORS[clip(q + y2Dc)],
        Math.max(8, Math.floor((AC_FACTORS[clip(q + y2Ac)] * 155) / 100)),
      ],
      chroma: [DC_FACTORS[clip(q + chromaDc, 117)], AC_FACTORS[clip(q + chromaAc)]],
    };
  });
}
