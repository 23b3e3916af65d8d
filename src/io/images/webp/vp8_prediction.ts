/** VP8's prediction of blocks from the samples above and to the left. Source: RFC 6386, section 12. */

/** In the order of the tables of probabilities. */
export const MODE = { dc: 0, tm: 1, ve: 2, he: 3, rd: 4, vr: 5, ld: 6, vl: 7, hd: 8, hu: 9 } as const;

/** Predicts `size` by `size` samples of luma or chroma as a whole; the edges exist unless they are the image's. */
export function predictWhole(
  out: Uint8ClampedArray,
  to: number,
  stride: number,
  size: number,
  mode: number,
  hasTop: boolean,
  hasLeft: boolean,
): void {
  const above = to - stride;
  if (mode === MODE.tm) {
    predictTrueMotion(out, to, stride, size);
    return;
  }
  const mean = mode === MODE.dc ? meanOfEdges(out, to, stride, size, hasTop, hasLeft) : 0;
  for (let y = 0, row = to; y < size; y++, row += stride) {
    if (mode === MODE.ve) out.copyWithin(row, above, above + size);
    else out.fill(mode === MODE.he ? out[row - 1] : mean, row, row + size);
  }
}

function predictTrueMotion(out: Uint8ClampedArray, to: number, stride: number, size: number): void {
  const above = to - stride;
  const corner = out[above - 1];
  for (let y = 0, row = to; y < size; y++, row += stride) {
    const left = out[row - 1] - corner;
    for (let x = 0; x < size; x++) out[row + x] = left + out[above + x];
  }
}

function meanOfEdges(
  out: Uint8ClampedArray,
  to: number,
  stride: number,
  size: number,
  hasTop: boolean,
  hasLeft: boolean,
): number {
  if (!hasTop && !hasLeft) return 128;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    if (hasTop) sum += out[to - stride + i];
    if (hasLeft) sum += out[to + i * stride - 1];
  }
  const count = hasTop && hasLeft ? 2 * size : size;
  return Math.floor((sum + count / 2) / count);
}

/** Four samples to the left from the lowest, the corner, eight above, and the last of these again. */
const edge = new Uint8Array(14);
/** The mean of two neighbours from place i, and the weighted mean of three around it. */
const two = (i: number) => (edge[i] + edge[i + 1] + 1) >> 1;
const three = (i: number) => (edge[i - 1] + 2 * edge[i] + edge[i + 1] + 2) >> 2;
/** Below the lowest sample on the left it is repeated. */
const lowest = () => (edge[1] + 3 * edge[0] + 2) >> 2;

/** What a directional mode puts at column x and row y. */
const DIRECTIONS: Readonly<Record<number, (x: number, y: number) => number>> = {
  [MODE.ve]: (x) => three(5 + x),
  [MODE.he]: (_, y) => (y < 3 ? three(3 - y) : lowest()),
  [MODE.rd]: (x, y) => three(4 + x - y),
  [MODE.ld]: (x, y) => three(6 + x + y),
  [MODE.vr]: (x, y) => {
    const place = 2 * x - y;
    if (place < 0) return place === -1 ? three(4) : three(5 - y);
    return y & 1 ? three(4 + ((place + 1) >> 1)) : two(4 + (place >> 1));
  },
  [MODE.vl]: (x, y) => {
    if (x === 3 && y > 1) return three(8 + y);
    return y & 1 ? three(6 + x + (y >> 1)) : two(5 + x + (y >> 1));
  },
  [MODE.hd]: (x, y) => {
    const place = 2 * y - x;
    if (place < 0) return three(4 - place - 1);
    return place & 1 ? three(4 - ((place + 1) >> 1)) : two(3 - (place >> 1));
  },
  [MODE.hu]: (x, y) => {
    const place = x + 2 * y;
    if (place > 5) return edge[0];
    if (place === 5) return lowest();
    return place & 1 ? three(2 - (place >> 1)) : two(2 - (place >> 1));
  },
};

/** Predicts 4 by 4 samples of luma. */
export function predictFour(out: Uint8ClampedArray, to: number, stride: number, mode: number): void {
  if (mode === MODE.tm || mode === MODE.dc) {
    predictWhole(out, to, stride, 4, mode, true, true);
    return;
  }
  for (let i = 0; i < 4; i++) edge[i] = out[to + (3 - i) * stride - 1];
  for (let i = 0; i < 9; i++) edge[4 + i] = out[to - stride - 1 + i];
  edge[13] = edge[12];
  const sample = DIRECTIONS[mode];
  for (let y = 0, row = to; y < 4; y++, row += stride)
    for (let x = 0; x < 4; x++) out[row + x] = sample(x, y);
}
