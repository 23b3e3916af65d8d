/** How far our key points agree with another library's, and how often they are found again in changed images. */
import type { LocalFeatures } from "../../../src/classic/index.ts";
import type { Image } from "../../../src/records/image.ts";
import { readBinary } from "./fixtures.ts";

/** Key points of a fixture: x, y, scale, angle of each, and bytes or floats of its descriptor. */
export interface ForeignPoints {
  readonly count: number;
  readonly points: Float32Array;
  readonly descriptors: Uint8Array | Float32Array;
}

export function readPoints(name: string): ForeignPoints {
  const { buffer } = readBinary(name);
  const count = new Uint32Array(buffer, 0, 1)[0];
  return {
    count,
    points: new Float32Array(buffer, 4, count * 4),
    descriptors: new Uint8Array(buffer, 4 + count * 16),
  };
}

/** How near a key point of ours must be. */
export interface Tolerance {
  readonly pixels: number;
  readonly degrees: number;
}

/**
 * The share of their points that have one of ours nearby, and the median cosine of the descriptors of those; theirs
 * that are zero do not count.
 */
export function agreement(theirs: ForeignPoints, ours: LocalFeatures, { pixels, degrees }: Tolerance) {
  const cosines: number[] = [];
  const length = theirs.descriptors.length / theirs.count;
  for (let i = 0; i < theirs.count; i++) {
    const [x, y, scale, angle] = theirs.points.subarray(i * 4, i * 4 + 4);
    let best = -1;
    for (const [j, point] of ours.keypoints.entries()) {
      const turned = Math.abs(((point.angle - angle + 540) % 360) - 180);
      if (Math.hypot(point.x - x, point.y - y) > pixels || turned > degrees) continue;
      if (Math.abs(point.scale / scale - 1) > 0.1) continue;
      const { data, columns } = ours.descriptors;
      const descriptor = data.subarray(j * columns, (j + 1) * columns);
      best = Math.max(best, cosine(descriptor, theirs.descriptors.subarray(i * length, (i + 1) * length)));
    }
    if (best >= 0) cosines.push(best);
  }
  const known = cosines.filter((one) => one > 0).sort((a, b) => a - b);
  return { found: cosines.length / theirs.count, cosine: known[known.length >> 1] };
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa * bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

type Matrix = readonly [readonly [number, number, number], readonly [number, number, number]];

/** The changes of make_sift.py, pixel for pixel. */
export function changesOf(image: Image): { name: string; image: Image; matrix: Matrix; factor: number }[] {
  const { width, height } = image;
  const half = Math.sqrt(3) / 2;
  const rotation: Matrix = [
    [half, -0.5, 80],
    [0.5, half, -60],
  ];
  const scaling: Matrix = [
    [0.7, 0, 0],
    [0, 0.7, 0],
  ];
  const same: Matrix = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  const small = warped(blurred(image), scaling, Math.round(width * 0.7), Math.round(height * 0.7));
  const dim = { ...image, data: image.data.map((level) => Math.floor((level * 6 + 5) / 10) + 40) };
  return [
    { name: "rotation", image: warped(image, rotation, width, height), matrix: rotation, factor: 1 },
    { name: "scaling", image: small, matrix: scaling, factor: 0.7 },
    { name: "blur", image: blurred(blurred(blurred(blurred(image)))), matrix: same, factor: 1 },
    { name: "brightness", image: dim, matrix: same, factor: 1 },
  ];
}

function warped(
  { width, height, data }: Image,
  [[a, b, c], [d, e, f]]: Matrix,
  toWidth: number,
  toHeight: number,
) {
  const out = new Uint8Array(toWidth * toHeight).fill(128);
  const det = a * e - b * d;
  for (let y = 0; y < toHeight; y++)
    for (let x = 0; x < toWidth; x++) {
      const sx = (e * (x - c) - b * (y - f)) / det;
      const sy = (-d * (x - c) + a * (y - f)) / det;
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      if (x0 < 0 || y0 < 0 || x0 >= width - 1 || y0 >= height - 1) continue;
      const [fx, fy, at] = [sx - x0, sy - y0, y0 * width + x0];
      const top = data[at] * (1 - fx) + data[at + 1] * fx;
      const bottom = data[at + width] * (1 - fx) + data[at + width + 1] * fx;
      out[y * toWidth + x] = Math.floor(top * (1 - fy) + bottom * fy + 0.5);
    }
  return { width: toWidth, height: toHeight, channels: 1, data: out } as const;
}

function blurred(image: Image): Image {
  const { width, height, data } = image;
  const level = (x: number, y: number) =>
    data[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)];
  const out = data.map((_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    let sum = 0;
    for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) sum += level(x + j, y + i);
    return Math.floor((2 * sum + 9) / 18);
  });
  return { ...image, data: out };
}

/** As `repeatability` of make_sift.py. */
export function repeatability(
  before: LocalFeatures,
  after: LocalFeatures,
  { image, matrix, factor }: { image: Image; matrix: Matrix; factor: number },
): number {
  const [[a, b, c], [d, e, f]] = matrix;
  let [count, found] = [0, 0];
  for (const { x, y, scale } of before.keypoints) {
    const [px, py] = [a * x + b * y + c, d * x + e * y + f];
    if (!(px >= 8 && px < image.width - 8 && py >= 8 && py < image.height - 8)) continue;
    count++;
    const again = after.keypoints.some(
      (point) =>
        Math.hypot(point.x - px, point.y - py) <= 1.5 &&
        Math.abs(Math.log(point.scale / (scale * factor))) <= Math.log(1.25),
    );
    if (again) found++;
  }
  return found / count;
}
