import { describe, test } from "node:test";
import { convGeometry, suitsWinograd } from "../../../src/engines/cpu/shapes/conv_geometry.ts";
import { forwardConvolution, gradientConvolution } from "../../../src/engines/cpu/shapes/winograd_tiles.ts";
import { PLANNERS } from "../../../src/engines/wasm/kernels/registry.ts";
import { assertClose, availableBinaries, compute, f32, randomValues } from "./driver.ts";

interface Case {
  readonly x: [number, number, number, number];
  readonly o: number;
  readonly k: [number, number];
  readonly stride?: [number, number];
  readonly padding?: [number, number];
  /** More zeros behind than before. */
  readonly extra?: [number, number];
  readonly dilation?: [number, number];
  readonly groups?: number;
}

const CASES: Case[] = [
  { x: [3, 1, 28, 28], o: 6, k: [5, 5], padding: [2, 2] },
  { x: [2, 6, 14, 14], o: 16, k: [5, 5] },
  { x: [2, 1, 28, 28], o: 6, k: [5, 5] },
  { x: [17, 6, 12, 12], o: 16, k: [5, 5] },
  { x: [1, 1, 1, 1], o: 1, k: [1, 1] },
  { x: [2, 3, 7, 5], o: 4, k: [1, 1] },
  { x: [2, 5, 6, 9], o: 13, k: [1, 1], stride: [2, 3] },
  { x: [11, 20, 7, 7], o: 12, k: [1, 1] },
  { x: [3, 6, 30, 28], o: 20, k: [1, 1], groups: 2 },
  { x: [1, 2, 4, 4], o: 3, k: [5, 5], padding: [2, 2] },
  { x: [1, 2, 3, 3], o: 3, k: [7, 5], padding: [3, 2] },
  { x: [2, 3, 11, 13], o: 9, k: [3, 2], stride: [2, 1], padding: [1, 0] },
  { x: [2, 3, 12, 17], o: 8, k: [3, 3], dilation: [2, 3], padding: [2, 1] },
  { x: [1, 4, 13, 12], o: 10, k: [3, 3], dilation: [1, 2], stride: [3, 2], padding: [0, 3] },
  { x: [1, 1, 39, 39], o: 12, k: [11, 11], stride: [4, 4], padding: [1, 1] },
  { x: [2, 6, 9, 9], o: 9, k: [3, 3], groups: 3, padding: [1, 1] },
  { x: [2, 8, 10, 10], o: 8, k: [3, 3], groups: 8, padding: [1, 1] },
  { x: [1, 4, 8, 8], o: 12, k: [3, 3], groups: 4, stride: [2, 2], padding: [1, 1] },
  { x: [20, 16, 3, 3], o: 24, k: [3, 3], padding: [1, 1] },
  { x: [1, 40, 30, 30], o: 24, k: [3, 3], padding: [1, 1] },
  { x: [2, 3, 5, 40], o: 7, k: [1, 9], padding: [0, 4] },
  { x: [2, 3, 40, 5], o: 7, k: [9, 1], padding: [4, 0], stride: [2, 2] },
  { x: [1, 2, 9, 9], o: 3, k: [2, 2], stride: [4, 5] },
  { x: [9, 1, 28, 28], o: 6, k: [5, 5], padding: [2, 2] },
  { x: [33, 1, 12, 12], o: 6, k: [5, 5] },
  { x: [8, 2, 9, 10], o: 5, k: [3, 3], padding: [1, 1] },
  { x: [8, 2, 9, 10], o: 5, k: [4, 3], padding: [0, 0], dilation: [2, 1] },
  { x: [9, 3, 7, 11], o: 1, k: [3, 4] },
  { x: [2, 8, 10, 16], o: 16, k: [3, 3], groups: 8, padding: [1, 1] },
  // 1x1: tails of rows and of pixels, more channels than are multiplied at a time, blocks of pixels, groups.
  { x: [3, 17, 9, 11], o: 13, k: [1, 1] },
  { x: [2, 401, 6, 6], o: 5, k: [1, 1] },
  { x: [1, 9, 40, 41], o: 33, k: [1, 1] },
  { x: [2, 12, 8, 8], o: 20, k: [1, 1], groups: 4 },
  { x: [1, 5, 33, 1], o: 3, k: [1, 1], groups: 1 },
  // Depthwise: whole planes, blocks of rows, one row, one column, planes read in place, multipliers, few channels.
  { x: [1, 3, 56, 56], o: 3, k: [3, 3], groups: 3, padding: [1, 1] },
  { x: [1, 2, 150, 230], o: 2, k: [3, 3], groups: 2, padding: [1, 1] },
  { x: [1, 2, 151, 229], o: 4, k: [5, 5], groups: 2, padding: [2, 2], stride: [2, 2] },
  { x: [2, 5, 7, 7], o: 5, k: [3, 3], groups: 5, padding: [1, 1] },
  { x: [2, 5, 7, 7], o: 5, k: [5, 5], groups: 5, padding: [2, 2] },
  { x: [2, 5, 15, 14], o: 5, k: [3, 3], groups: 5, padding: [1, 1], stride: [2, 2] },
  { x: [2, 5, 14, 15], o: 5, k: [5, 5], groups: 5, padding: [2, 2], stride: [2, 2] },
  { x: [2, 5, 3, 11], o: 5, k: [3, 3], groups: 5, padding: [0, 1] },
  { x: [2, 5, 3, 11], o: 5, k: [3, 3], groups: 5, padding: [0, 1], stride: [2, 2] },
  { x: [2, 5, 12, 3], o: 15, k: [3, 3], groups: 5, padding: [1, 0] },
  { x: [3, 4, 9, 10], o: 12, k: [3, 3], groups: 4 },
  { x: [3, 4, 9, 10], o: 12, k: [5, 5], groups: 4, padding: [4, 3], stride: [2, 2] },
  { x: [3, 4, 6, 8], o: 4, k: [3, 3], groups: 4, padding: [3, 1] },
  { x: [40, 2, 5, 6], o: 2, k: [3, 3], groups: 2, padding: [2, 2] },
  { x: [1, 67, 1, 1], o: 67, k: [3, 3], groups: 67, padding: [1, 1] },
  { x: [1, 3, 2, 2], o: 3, k: [5, 5], groups: 3, padding: [2, 2], stride: [2, 2] },
];

/**
 * For Winograd's algorithm: blocks of rows and several images in an item, rows and columns that do not fill the last tile,
 * tails of panels, no padding and much of it, 3x3 with tiles of six and of seven, 5x5 with tiles of six and of eight,
 * sums that threads share, of one slice of the batch and of two.
 */
const WINOGRAD_CASES: Case[] = [
  { x: [2, 16, 20, 20], o: 16, k: [3, 3], padding: [1, 1] },
  { x: [1, 32, 61, 50], o: 20, k: [3, 3], padding: [1, 1] },
  { x: [7, 20, 9, 13], o: 36, k: [3, 3], padding: [0, 2] },
  { x: [13, 28, 8, 7], o: 44, k: [3, 3], padding: [1, 1] },
  { x: [2, 32, 14, 14], o: 40, k: [3, 3], padding: [1, 1] },
  { x: [3, 20, 14, 9], o: 24, k: [3, 3], padding: [1, 1] },
  { x: [1, 16, 24, 22], o: 20, k: [3, 3], padding: [1, 1] },
  { x: [9, 36, 7, 7], o: 36, k: [3, 3], padding: [1, 1] },
  { x: [1, 16, 26, 21], o: 24, k: [5, 5], padding: [2, 2] },
  { x: [5, 24, 10, 9], o: 28, k: [5, 5], padding: [2, 1] },
  { x: [3, 16, 12, 12], o: 32, k: [5, 5], padding: [4, 4] },
  { x: [1, 128, 12, 11], o: 260, k: [3, 3], padding: [1, 1] },
  { x: [130, 16, 3, 3], o: 1848, k: [3, 3], padding: [1, 1] },
  { x: [2, 16, 13, 20], o: 16, k: [3, 3], padding: [0, 1], extra: [2, 1] },
  { x: [2, 16, 12, 9], o: 24, k: [5, 5], padding: [1, 2], extra: [3, -1] },
];

/** Zeros behind the image alone, or more of them there: as TensorFlow pads. */
const UNEVEN_CASES: Case[] = [
  { x: [2, 3, 7, 5], o: 4, k: [1, 1], extra: [1, 2] },
  { x: [2, 3, 17, 15], o: 8, k: [3, 3], stride: [2, 2], extra: [1, 1] },
  { x: [2, 3, 12, 17], o: 8, k: [3, 3], dilation: [2, 3], padding: [2, 1], extra: [-1, 2] },
  { x: [9, 1, 28, 28], o: 6, k: [5, 5], padding: [1, 2], extra: [2, 0] },
  { x: [2, 6, 9, 9], o: 9, k: [3, 3], groups: 3, extra: [2, 1] },
  { x: [1, 3, 56, 56], o: 3, k: [3, 3], groups: 3, stride: [2, 2], extra: [1, 1] },
  { x: [2, 5, 28, 27], o: 10, k: [5, 5], groups: 5, stride: [2, 2], padding: [1, 1], extra: [1, 1] },
  { x: [2, 5, 7, 7], o: 5, k: [3, 3], groups: 5, extra: [2, 2] },
];

/** A few hundred small geometries, the same at every run. */
function randomCases(count: number): Case[] {
  let state = 7;
  const pick = (least: number, most: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return least + Math.floor((state / 2 ** 32) * (most - least + 1));
  };
  const cases: Case[] = [];
  while (cases.length < count) {
    const groups = pick(0, 3) === 0 ? pick(2, 3) : 1;
    const c: Case = {
      x: [pick(1, 10), groups * pick(1, 5), pick(1, 12), pick(1, 14)],
      o: groups * pick(1, 9),
      k: [pick(1, 4), pick(1, 5)],
      stride: pick(0, 1) === 0 ? [1, 1] : [pick(1, 3), pick(1, 3)],
      padding: [pick(0, 2), pick(0, 3)],
      dilation: pick(0, 2) === 0 ? [pick(1, 2), pick(1, 3)] : [1, 1],
      groups,
      extra: pick(0, 3) === 0 ? [pick(0, 2), pick(0, 2)] : [0, 0],
    };
    const { oh, ow } = sizes(c);
    if (oh > 0 && ow > 0) cases.push(c);
  }
  return cases;
}

/** Random depthwise geometries, with a multiplier of one, two or three. */
function randomDepthwise(count: number): Case[] {
  const numbers = randomValues(count * 9, 11).map((x) => (x + 1) / 2);
  let at = 0;
  const pick = (least: number, most: number) => least + Math.floor(numbers[at++] * (most - least + 1));
  return Array.from({ length: count }, (): Case => {
    const groups = pick(2, 19);
    const size = pick(0, 2) === 0 ? 5 : 3;
    const stride = pick(1, 2);
    const padding: [number, number] = [pick(0, size - 1), pick(0, size - 1)];
    const height = Math.max(size - 2 * padding[0], pick(1, 23));
    const width = Math.max(size - 2 * padding[1], pick(1, 23));
    return {
      x: [pick(1, 3), groups, height, width],
      o: groups * pick(1, 3),
      k: [size, size],
      stride: [stride, stride],
      padding,
      groups,
    };
  });
}

CASES.push(...WINOGRAD_CASES, ...UNEVEN_CASES, ...randomCases(200), ...randomDepthwise(100));

/**
 * Of the mean absolute value. Winograd's algorithm rounds more, with a 5x5 kernel most, with tiles of seven more than with tiles
 * of six, by the size of what an activation then makes small.
 */
function toleranceOf(c: Case, activated = false): number {
  const { x, o, k, groups = 1 } = c;
  const { oh, ow, attributes } = sizes(c);
  const g = convGeometry(attributes, x, [o, x[1] / groups, ...k], [x[0], o, oh, ow]);
  if (g === null || !suitsWinograd(g)) return 1e-5;
  const hasSevens = [forwardConvolution(g, true), gradientConvolution(g, true)].some(
    ({ tile }) => tile === 7,
  );
  return (activated ? 10 : 1) * (k[0] === 5 ? 1e-4 : hasSevens ? 6e-5 : 4e-5);
}

interface Sizes {
  readonly oh: number;
  readonly ow: number;
  readonly attributes: {
    readonly stride: [number, number];
    readonly padding: [number, number];
    readonly extra: [number, number];
    readonly dilation: [number, number];
    readonly groups: number;
  };
}

function sizes(c: Case): Sizes {
  const { x, k, stride = [1, 1], padding = [0, 0], extra = [0, 0], dilation = [1, 1], groups = 1 } = c;
  const size = (i: 0 | 1) =>
    Math.floor((x[2 + i] + 2 * padding[i] + extra[i] - dilation[i] * (k[i] - 1) - 1) / stride[i]) + 1;
  return { oh: size(0), ow: size(1), attributes: { stride, padding, extra, dilation, groups } };
}

/** Where a kernel's row or column reads the image: the outputs from `first` to before `end`, the first one at `at`. */
function reach(offset: number, stride: number, size: number, outputs: number) {
  const first = Math.max(0, Math.ceil(-offset / stride));
  const end = Math.min(outputs, Math.floor((size - 1 - offset) / stride) + 1);
  return { first, end, at: first * stride + offset };
}

/** For every weight, and each row of the result that it is part of: the places of the row's products, one `step` of x apart. */
function walk(
  c: Case,
  visit: (weightAt: number, yAt: number, xAt: number, count: number, step: number) => void,
): void {
  const { oh, ow, attributes } = sizes(c);
  const { stride, padding, dilation, groups } = attributes;
  const [n, channels, h, w] = c.x;
  const [cg, og] = [channels / groups, c.o / groups];
  for (let o = 0; o < c.o; o++) {
    for (let p = 0; p < cg; p++) {
      const channel = Math.floor(o / og) * cg + p;
      for (let ky = 0; ky < c.k[0]; ky++) {
        const rows = reach(ky * dilation[0] - padding[0], stride[0], h, oh);
        for (let kx = 0; kx < c.k[1]; kx++) {
          const columns = reach(kx * dilation[1] - padding[1], stride[1], w, ow);
          const weightAt = ((o * cg + p) * c.k[0] + ky) * c.k[1] + kx;
          for (let i = 0; i < n; i++) {
            for (let r = rows.first; r < rows.end; r++) {
              const y = rows.at + (r - rows.first) * stride[0];
              const yAt = ((i * c.o + o) * oh + r) * ow + columns.first;
              const xAt = ((i * channels + channel) * h + y) * w + columns.at;
              visit(weightAt, yAt, xAt, columns.end - columns.first, stride[1]);
            }
          }
        }
      }
    }
  }
}

function madeOf(c: Case) {
  const { oh, ow, attributes } = sizes(c);
  const groups = attributes.groups;
  const weightShape = [c.o, c.x[1] / groups, ...c.k];
  const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const yShape = [c.x[0], c.o, oh, ow];
  return {
    attributes,
    weightShape,
    yShape,
    x: { spec: f32(...c.x), data: randomValues(count(c.x), 1) },
    weight: { spec: f32(...weightShape), data: randomValues(count(weightShape), 2) },
    dy: { spec: f32(...yShape), data: randomValues(count(yShape), 3) },
    bias: { spec: f32(c.o), data: randomValues(c.o, 4) },
  };
}

/** A case's inputs, made once for all binaries. */
function setUp(c: Case): ReturnType<typeof madeOf> {
  const made = inputs.get(c) ?? madeOf(c);
  inputs.set(c, made);
  return made;
}

const inputs = new Map<Case, ReturnType<typeof madeOf>>();

/** The result and both gradients of a case, summed in double precision. */
interface Expected {
  readonly y: Float64Array;
  readonly dx: Float64Array;
  readonly dw: Float64Array;
}

const known = new Map<Case, Expected>();

function expectedOf(c: Case): Expected {
  const before = known.get(c);
  if (before !== undefined) return before;
  const { x, weight, dy } = setUp(c);
  const y = new Float64Array(dy.data.length);
  const dx = new Float64Array(x.data.length);
  const dw = new Float64Array(weight.data.length);
  walk(c, (weightAt, yAt, xAt, count, step) => {
    const factor = weight.data[weightAt];
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const output = yAt + i;
      const input = xAt + i * step;
      y[output] += x.data[input] * factor;
      dx[input] += dy.data[output] * factor;
      sum += dy.data[output] * x.data[input];
    }
    dw[weightAt] += sum;
  });
  const expected = { y, dx, dw };
  known.set(c, expected);
  return expected;
}

const ACTIVATIONS: readonly (readonly [name: string, f: (v: number) => number])[] = [
  ["relu", (v) => Math.max(0, v)],
  ["relu6", (v) => Math.min(Math.max(0, v), 6)],
  ["tanh", Math.tanh],
  ["sigmoid", (v) => 1 / (1 + Math.exp(-v))],
];

const knownActivated = new Map<Case, (readonly [activation: string, expected: Float64Array])[]>();

/** The result with a bias and each activation. */
function activatedOf(c: Case): (readonly [activation: string, expected: Float64Array])[] {
  const before = knownActivated.get(c);
  if (before !== undefined) return before;
  const { bias, yShape } = setUp(c);
  const plane = yShape[2] * yShape[3];
  const withBias = expectedOf(c).y.map((v, i) => v + bias.data[Math.floor(i / plane) % c.o]);
  const activated = ACTIVATIONS.map(([name, f]) => [name, withBias.map(f)] as const);
  knownActivated.set(c, activated);
  return activated;
}

for (const binary of availableBinaries()) {
  describe(`convolution kernels of ${binary.name}`, () => {
    test("forward, plain and with bias and activation", () => {
      for (const c of CASES) {
        const { attributes, x, weight, bias, yShape } = setUp(c);
        const { y: plain } = expectedOf(c);
        const [y] = compute(binary, PLANNERS.conv2d, attributes, [x, weight], [f32(...yShape)]);
        assertClose(y, plain, `conv2d ${JSON.stringify(c)}`, toleranceOf(c));
        for (const [activation, activated] of activatedOf(c)) {
          const all = { ...attributes, activation };
          const [z] = compute(binary, PLANNERS.conv2d, all, [x, weight, bias], [f32(...yShape)]);
          assertClose(z, activated, `conv2d ${JSON.stringify(c)} ${activation}`, toleranceOf(c, true));
        }
      }
    });
    test("gradient by the input", () => {
      for (const c of CASES) {
        const { attributes, weight, dy } = setUp(c);
        const { dx: expected } = expectedOf(c);
        const all = { ...attributes, inputShape: c.x };
        const [dx] = compute(binary, PLANNERS.conv2dInputGradient, all, [dy, weight], [f32(...c.x)]);
        assertClose(dx, expected, `conv2dInputGradient ${JSON.stringify(c)}`, toleranceOf(c));
      }
    });
    test("gradient by the weight", () => {
      for (const c of CASES) {
        const { attributes, x, dy, weightShape } = setUp(c);
        const { dw: expected } = expectedOf(c);
        const all = { ...attributes, weightShape };
        const [dw] = compute(binary, PLANNERS.conv2dWeightGradient, all, [x, dy], [f32(...weightShape)]);
        assertClose(dw, expected, `conv2dWeightGradient ${JSON.stringify(c)}`, toleranceOf(c));
      }
    });
  });
}
