/** Coefficients of VP8's macroblocks. Source: RFC 6386, section 13. */
import type { BoolReader } from "./bool_reader.ts";

/** What a plane's coefficients are. */
export const PLANE = { lumaWithoutDc: 0, lumaDc: 1, chroma: 2, luma: 3 } as const;

/** Probabilities of a plane, of a band, of a context. */
const [PLANE_STEP, BAND_STEP, CONTEXT_STEP] = [264, 33, 11];

/** Band by place, with one behind the last. */
const BANDS = Uint8Array.of(0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0);
const ZIGZAG = Uint8Array.of(0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15);

/** Probabilities of the extra bits of large values. */
const LARGE: readonly (readonly number[])[] = [
  [173, 148, 140],
  [176, 155, 140, 135],
  [180, 157, 141, 134, 130],
  [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129],
];

/**
 * Reads the coefficients of a block, multiplied by their factors, to `out` from `to`.
 *
 * @param context - how many of the blocks above and to the left have coefficients.
 * @returns 1 if there are any, else 0.
 */
export function readCoefficients(
  reader: BoolReader,
  probabilities: Uint8Array,
  plane: number,
  context: number,
  factors: readonly [dc: number, ac: number],
  out: Int16Array,
  to: number,
): 0 | 1 {
  const base = plane * PLANE_STEP;
  let n = plane === PLANE.lumaWithoutDc ? 1 : 0;
  let p = base + BANDS[n] * BAND_STEP + context * CONTEXT_STEP;
  if (reader.bit(probabilities[p]) === 0) return 0;
  while (n < 16) {
    n++;
    if (reader.bit(probabilities[p + 1]) === 0) {
      p = base + BANDS[n] * BAND_STEP;
      continue;
    }
    let value = 1;
    if (reader.bit(probabilities[p + 2]) === 1) value = readLarge(reader, probabilities, p);
    p = base + BANDS[n] * BAND_STEP + (value === 1 ? 1 : 2) * CONTEXT_STEP;
    const place = ZIGZAG[n - 1];
    const scaled = value * factors[place > 0 ? 1 : 0];
    out[to + place] = reader.bit(128) === 1 ? -scaled : scaled;
    if (n === 16 || reader.bit(probabilities[p]) === 0) return 1;
  }
  return 1;
}

/** A value of 2 or more. */
function readLarge(reader: BoolReader, probabilities: Uint8Array, p: number): number {
  if (reader.bit(probabilities[p + 3]) === 0) {
    if (reader.bit(probabilities[p + 4]) === 0) return 2;
    return 3 + reader.bit(probabilities[p + 5]);
  }
  if (reader.bit(probabilities[p + 6]) === 0) {
    if (reader.bit(probabilities[p + 7]) === 0) return 5 + reader.bit(159);
    const high = reader.bit(165);
    return 7 + 2 * high + reader.bit(145);
  }
  const upper = reader.bit(probabilities[p + 8]);
  const category = 2 * upper + reader.bit(probabilities[p + 9 + upper]);
  let value = 0;
  for (const probability of LARGE[category]) value = 2 * value + reader.bit(probability);
  return value + 3 + (8 << category);
}
