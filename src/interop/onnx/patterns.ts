/** Operators of ONNX that the library records as several ops, recognised by what was recorded. */
import { float, int, ints, type OnnxSettings, type OnnxSize } from "../../ops/onnx/conversion.ts";
import type { RecordedNode, RecordedValue } from "./recorded_graph.ts";

/** One operator in the place of several nodes. */
export interface Pattern {
  readonly operator: string;
  readonly inputs: readonly (RecordedValue | PatternConstant)[];
  readonly settings: OnnxSettings;
}

/** A constant under another shape, or numbers: one stands for all elements of the shape. */
export interface PatternConstant {
  readonly of: RecordedValue | number | readonly number[];
  readonly shape: readonly number[];
}

type Matcher = (node: RecordedNode, opset: number) => Pattern | null;

/** The operator that a node ends, if it ends one. */
export function patternOf(node: RecordedNode, opset: number): Pattern | null {
  for (const matcher of MATCHERS[node.op] ?? []) {
    const found = matcher(node, opset);
    if (found !== null) return found;
  }
  return null;
}

/** The inputs of the node that computes a value, if that is the op. */
function inputsOf(value: RecordedValue | undefined, op: string): readonly RecordedValue[] | null {
  return value?.node?.op === op ? value.node.inputs : null;
}

/** The number that a value is; undefined for anything else. */
function numberOf(given: RecordedValue | undefined): number | undefined {
  if (given === undefined || given.shape.some((size) => size !== 1)) return undefined;
  const { node, value } = given;
  const number = node?.op === "full" ? node.attributes.value : value.data?.[0];
  return typeof number === "number" ? number : undefined;
}

interface NormParts {
  readonly x: RecordedValue;
  readonly mean: RecordedValue;
  readonly variance: RecordedValue;
  readonly weight: RecordedValue | null;
  readonly bias: RecordedValue | null;
  readonly eps: number;
}

const batchNorm: Matcher = (node) => {
  const parts = foldedNorm(node) ?? plainNorm(node);
  const channels = parts?.x.shape[1];
  if (parts === null || typeof channels !== "number") return null;
  const { x, mean, variance, weight, bias, eps } = parts;
  const given = [weight, bias, mean, variance];
  const fits = given.every((one) => one === null || (one.isConstant && isPerChannel(one, x, channels)));
  if (!fits || x.isConstant) return null;
  const perChannel = [weight ?? 1, bias ?? 0, mean, variance].map((of) => ({ of, shape: [channels] }));
  return { operator: "BatchNormalization", inputs: [x, ...perChannel], settings: { epsilon: float(eps) } };
};

function isPerChannel({ shape }: RecordedValue, x: RecordedValue, channels: number): boolean {
  if (shape.length === 1) return shape[0] === channels;
  return shape.length === x.shape.length && shape.every((size, d) => size === (d === 1 ? channels : 1));
}

/** x scale + (bias - mean scale), scale = weight / sqrt(variance + eps): as the library's batch norm is recorded. */
function foldedNorm({ inputs: [scaled, shift] }: RecordedNode): NormParts | null {
  const [x, along] = inputsOf(scaled, "mul") ?? [];
  const [scale] = inputsOf(along, "reshape") ?? [];
  const [offset] = inputsOf(shift, "reshape") ?? [];
  if (x === undefined || scale === undefined || offset === undefined) return null;
  const [deviation, weight] = inputsOf(scale, "mul") ?? ([scale, null] as const);
  const spread = spreadOf(inputsOf(deviation, "rsqrt")?.[0]);
  const [bias, product] = inputsOf(offset, "sub") ?? ([null, inputsOf(offset, "neg")?.[0]] as const);
  const [mean, again] = inputsOf(product, "mul") ?? [];
  if (spread === null || mean === undefined || again !== scale) return null;
  return { x, mean, weight, bias, ...spread };
}

/** weight (x - mean) / sqrt(variance + eps) + bias, as the book writes it. */
function plainNorm({ inputs: [scaled, bias] }: RecordedNode): NormParts | null {
  const [weight, normalized] = inputsOf(scaled, "mul") ?? [];
  const [centred, deviation] = inputsOf(normalized, "div") ?? [];
  const [x, mean] = inputsOf(centred, "sub") ?? [];
  const spread = spreadOf(inputsOf(deviation, "sqrt")?.[0]);
  if (weight === undefined || x === undefined || mean === undefined || spread === null) return null;
  // One number for each feature of [N, features] may also be meant along the last dimension.
  const alone = [weight, bias, mean, spread.variance].some((one) => one.shape.length === 1);
  return alone && x.shape.length !== 2 ? null : { x, mean, weight, bias, ...spread };
}

/** variance + eps. */
function spreadOf(sum: RecordedValue | undefined): Pick<NormParts, "variance" | "eps"> | null {
  const [variance, small] = inputsOf(sum, "add") ?? [];
  const eps = numberOf(small);
  return variance === undefined || eps === undefined ? null : { variance, eps };
}

interface Clipped {
  readonly x: RecordedValue;
  readonly low: number;
  readonly high: number;
}

/** x <= low ? low : x >= high ? high : x. */
function clippedOf(node: RecordedNode | null | undefined): Clipped | null {
  if (node?.op !== "where") return null;
  const [isLow, low, rest] = node.inputs;
  const [x, lowBound] = inputsOf(isLow, "le") ?? [];
  const [isHigh, high, same] = inputsOf(rest, "where") ?? [];
  const [again, highBound] = inputsOf(isHigh, "ge") ?? [];
  if (x === undefined || again !== x || same !== x) return null;
  const [a, b, c, d] = [low, lowBound, high, highBound].map(numberOf);
  if (a === undefined || c === undefined || a !== b || c !== d) return null;
  return { x, low: a, high: c };
}

const clip: Matcher = (node) => {
  const found = clippedOf(node);
  if (found === null) return null;
  const bounds = [found.low, found.high].map((of) => ({ of, shape: [] }));
  return { operator: "Clip", inputs: [found.x, ...bounds], settings: {} };
};

/** min(max(x + 3, 0), 6) / 6, and x times that. */
const hardActivation: Matcher = ({ inputs: [above, six] }): Pattern | null => {
  if (numberOf(six) !== 6) return null;
  const product = inputsOf(above, "mul");
  const found = clippedOf((product?.[1] ?? above).node);
  const [x, three] = inputsOf(found?.x, "add") ?? [];
  if (x === undefined || numberOf(three) !== 3 || found?.low !== 0 || found.high !== 6) return null;
  if (product === null)
    return { operator: "HardSigmoid", inputs: [x], settings: { alpha: float(1 / 6), beta: float(0.5) } };
  return product[0] === x ? { operator: "HardSwish", inputs: [x], settings: {} } : null;
};

/** x > 0 ? x : slope x. */
const leakyRelu: Matcher = ({ inputs: [isPositive, x, low] }) => {
  const [compared, zero] = inputsOf(isPositive, "gt") ?? [];
  const [again, slope] = inputsOf(low, "mul") ?? [];
  const alpha = numberOf(slope);
  if (compared !== x || again !== x || numberOf(zero) !== 0 || alpha === undefined) return null;
  return { operator: "LeakyRelu", inputs: [x], settings: { alpha: float(alpha) } };
};

/** A sum divided by how many it is made of. */
const mean: Matcher = ({ inputs: [above, count] }, opset): Pattern | null => {
  const sum = above.node;
  if (sum?.op !== "sum") return null;
  const { dims, keepdim } = sum.attributes as { dims: readonly number[]; keepdim: boolean };
  const [x] = sum.inputs;
  if (dims.length === 0 || numberOf(count) !== total(dims.map((d) => x.shape[d]))) return null;
  const isPlane = x.shape.length === 4 && dims.length === 2 && dims[0] === 2;
  if (isPlane && keepdim) return { operator: "GlobalAveragePool", inputs: [x], settings: {} };
  const keepdims = int(keepdim);
  // From opset 18 on the dimensions are an input.
  if (opset < 18) return { operator: "ReduceMean", inputs: [x], settings: { axes: ints(dims), keepdims } };
  return {
    operator: "ReduceMean",
    inputs: [x, { of: dims, shape: [dims.length] }],
    settings: { keepdims },
  };
};

function total(shape: readonly OnnxSize[]): number {
  return shape.reduce((product: number, size) => product * (typeof size === "number" ? size : Number.NaN), 1);
}

const MATCHERS: Readonly<Record<string, readonly Matcher[]>> = {
  add: [batchNorm],
  where: [clip, leakyRelu],
  div: [hardActivation, mean],
};
