/** One value of a feature map, and the arithmetic that made it. */
import { nn, noGrad, Tensor } from "convoyant";
import { LabError } from "./problem.ts";
import type { ExplainedValue, Grid, ValuePlace, WindowTerm } from "./protocol.ts";

/** A call of a layer. */
interface Call {
  readonly path: string;
  readonly module: nn.Module;
  readonly input: Tensor;
  readonly output: Tensor;
}

/** Numbers of a tensor [1, ...], as channels of rows and columns; a vector has one row. */
interface Maps {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** What explains a value, but for what all have. */
type Explained = Pick<ExplainedValue, "terms" | "bias" | "arithmetic" | "computed">;

/** The layers that are called for an image, in order; the network is in evaluation mode meanwhile. */
function callsOf(net: nn.Module, x: Tensor): Call[] {
  const calls: Call[] = [];
  const handles = net.namedModules().map(([path, module]) =>
    module.registerForwardHook((_module, [input], output) => {
      if (module.children().length === 0 && input instanceof Tensor && output instanceof Tensor)
        calls.push({ path, module, input, output });
    }),
  );
  const wasTraining = net.training;
  try {
    net.eval();
    noGrad(() => void net(x));
    return calls;
  } finally {
    net.train(wasTraining);
    for (const handle of handles) handle.remove();
  }
}

async function mapsOf(tensor: Tensor): Promise<Maps> {
  const data = Float32Array.from((await tensor.detach().data()) as Float32Array);
  const [, ...shape] = tensor.shape;
  if (shape.length === 3) return { channels: shape[0], height: shape[1], width: shape[2], data };
  return { channels: 1, height: 1, width: data.length, data };
}

const at = ({ height, width, data }: Maps, channel: number, row: number, column: number): number =>
  row < 0 || column < 0 || row >= height || column >= width
    ? 0
    : data[(channel * height + row) * width + column];

/**
 * Explains one value of what a layer gives for an image.
 *
 * @throws LabError for a layer that is not called, or a place that it does not have.
 */
export async function explainValue(net: nn.Module, x: Tensor, place: ValuePlace): Promise<ExplainedValue> {
  const calls = callsOf(net, x);
  const index = calls.findLastIndex(({ path }) => path === place.path);
  if (index < 0) throw new LabError("failed", `there is no layer ${place.path}`);
  const { module, input, output } = calls[index];
  const [given, gives] = [await mapsOf(input), await mapsOf(output)];
  const { channel, row, column } = place;
  const inside = [channel, row, column].every(
    (n, i) => Number.isInteger(n) && n >= 0 && n < [gives.channels, gives.height, gives.width][i],
  );
  if (!inside)
    throw new LabError(
      "failed",
      `layer ${place.path} has no value at channel ${channel}, row ${row}, column ${column}`,
    );
  const source = calls.slice(0, index).findLast((call) => call.output === input);
  return {
    ...place,
    kind: module.constructor.name,
    value: at(gives, channel, row, column),
    inputPath: source?.path ?? null,
    ...(await explained(module, given, place, gives)),
  };
}

async function explained(module: nn.Module, given: Maps, place: ValuePlace, gives: Maps): Promise<Explained> {
  if (module instanceof nn.Conv2d) return convolution(module, given, place);
  if (module instanceof nn.Linear) return linear(module, given, place);
  if (module instanceof nn.MaxPool2d || module instanceof nn.AvgPool2d) return pooling(module, given, place);
  if (module instanceof nn.AdaptiveAvgPool2d) return adaptive(given, place, gives);
  if (module instanceof nn.BatchNorm2d || module instanceof nn.BatchNorm1d) return norm(module, given, place);
  return single(module, given, place, gives);
}

/** Of settings that are one number or one for each dimension. */
const pairOf = (value: unknown): [number, number] => {
  const list = (Array.isArray(value) ? value : [value, value]) as number[];
  return [list[0], list[1] ?? list[0]];
};

function gridOf(height: number, width: number, value: (row: number, column: number) => number): Grid {
  const values = new Float32Array(height * width);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) values[row * width + column] = value(row, column);
  return { width, height, values };
}

const dot = (a: Grid, b: Grid): number => a.values.reduce((sum, value, i) => sum + value * b.values[i], 0);

async function numbersOf(tensor: Tensor | null | undefined): Promise<Float32Array | null> {
  return tensor ? Float32Array.from((await tensor.detach().data()) as Float32Array) : null;
}

async function convolution(
  layer: nn.Conv2d,
  given: Maps,
  { channel, row, column }: ValuePlace,
): Promise<Explained> {
  const [kh, kw] = pairOf(layer.kernelSize);
  const [sh, sw] = pairOf(layer.stride);
  const [ph, pw] = pairOf(layer.padding);
  const [dh, dw] = pairOf(layer.dilation);
  const weight = (await numbersOf(layer.weight)) as Float32Array;
  const bias = (await numbersOf(layer.bias))?.[channel] ?? null;
  const perGroup = layer.inChannels / layer.groups;
  const first = Math.floor(channel / (layer.outChannels / layer.groups)) * perGroup;
  const [top, left] = [row * sh - ph, column * sw - pw];
  const terms: WindowTerm[] = Array.from({ length: perGroup }, (_, c) => {
    const values = gridOf(kh, kw, (y, x) => at(given, first + c, top + y * dh, left + x * dw));
    const weights = gridOf(kh, kw, (y, x) => weight[((channel * perGroup + c) * kh + y) * kw + x]);
    return { channel: first + c, row: top, column: left, values, weights, sum: dot(values, weights) };
  });
  return summed(terms, bias);
}

async function linear(layer: nn.Linear, given: Maps, { column }: ValuePlace): Promise<Explained> {
  const weight = (await numbersOf(layer.weight)) as Float32Array;
  const bias = (await numbersOf(layer.bias))?.[column] ?? null;
  const { width } = given;
  const values = gridOf(1, width, (_, x) => given.data[x]);
  const weights = gridOf(1, width, (_, x) => weight[column * width + x]);
  return summed([{ channel: 0, row: 0, column: 0, values, weights, sum: dot(values, weights) }], bias);
}

function pooling(
  layer: nn.MaxPool2d | nn.AvgPool2d,
  given: Maps,
  { channel, row, column }: ValuePlace,
): Explained {
  const [kh, kw] = pairOf(layer.kernelSize);
  const [sh, sw] = pairOf(layer.stride ?? layer.kernelSize);
  const [ph, pw] = pairOf(layer.padding);
  const [top, left] = [row * sh - ph, column * sw - pw];
  const values = gridOf(kh, kw, (y, x) => at(given, channel, top + y, left + x));
  const inside = Array.from(values.values).filter((_, i) => {
    const [y, x] = [top + Math.floor(i / kw), left + (i % kw)];
    return y >= 0 && x >= 0 && y < given.height && x < given.width;
  });
  const isMax = layer instanceof nn.MaxPool2d;
  const sum = isMax ? Math.max(...inside) : values.values.reduce((a, b) => a + b, 0) / (kh * kw);
  return of(`${isMax ? "max" : "mean"}(${listed(isMax ? inside : [...values.values])})`, {
    channel,
    row: top,
    column: left,
    values,
    weights: null,
    sum,
  });
}

/** Window i of n over a side: from floor(i side / n) to ceil((i + 1) side / n), as PyTorch cuts it. */
function adaptive(given: Maps, { channel, row, column }: ValuePlace, { height, width }: Maps): Explained {
  const from = (i: number, side: number, count: number) => Math.floor((i * side) / count);
  const to = (i: number, side: number, count: number) => Math.ceil(((i + 1) * side) / count);
  const [top, left] = [from(row, given.height, height), from(column, given.width, width)];
  const [bottom, right] = [to(row, given.height, height), to(column, given.width, width)];
  const values = gridOf(bottom - top, right - left, (y, x) => at(given, channel, top + y, left + x));
  const sum = values.values.reduce((a, b) => a + b, 0) / values.values.length;
  return of(`mean(${listed([...values.values])})`, {
    channel,
    row: top,
    column: left,
    values,
    weights: null,
    sum,
  });
}

async function norm(
  layer: nn.BatchNorm2d | nn.BatchNorm1d,
  given: Maps,
  { channel, row, column }: ValuePlace,
): Promise<Explained> {
  const unit = layer instanceof nn.BatchNorm2d ? channel : column;
  const [mean, variance, weight, bias] = await Promise.all(
    [layer.runningMean, layer.runningVar, layer.weight, layer.bias].map(async (one, i) => {
      const numbers = await numbersOf(one as Tensor | null);
      return numbers?.[unit] ?? [0, 1, 1, 0][i];
    }),
  );
  const value = at(given, channel, row, column);
  const computed = ((value - mean) / Math.sqrt(variance + layer.eps)) * weight + bias;
  const text = `(${short(value)} - ${signed(mean)}) / sqrt(${short(variance)} + ${layer.eps}) × ${signed(weight)} + ${signed(bias)}`;
  return of(text, { ...windowOfOne(channel, row, column, value), sum: computed });
}

/** A layer that makes each value of one: activations, Dropout (which passes it on), Flatten (which moves it). */
function single(
  module: nn.Module,
  given: Maps,
  { channel, row, column }: ValuePlace,
  gives: Maps,
): Explained {
  const position = (channel * gives.height + row) * gives.width + column;
  const plane = given.height * given.width;
  const [c, inPlane] = [Math.floor(position / plane), position % plane];
  const [y, x] = [Math.floor(inPlane / given.width), inPlane % given.width];
  const value = given.data[position];
  const name = module.constructor.name;
  const computed = gives.data[position];
  const passes = name === "Flatten" || name === "Dropout" || name === "Identity";
  const text = passes ? short(value) : `${name}(${short(value)})`;
  return of(text, { ...windowOfOne(c, y, x, value), sum: FUNCTIONS[name]?.(value) ?? computed });
}

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  ReLU: (x) => Math.max(0, x),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Tanh: Math.tanh,
  LeakyReLU: (x) => (x >= 0 ? x : 0.01 * x),
  ELU: (x) => (x >= 0 ? x : Math.expm1(x)),
  SiLU: (x) => x / (1 + Math.exp(-x)),
  Flatten: (x) => x,
  Dropout: (x) => x,
};

const windowOfOne = (channel: number, row: number, column: number, value: number) => ({
  channel,
  row,
  column,
  values: { width: 1, height: 1, values: Float32Array.of(value) },
  weights: null,
});

/** A value that is a function of one window. */
const of = (text: string, term: WindowTerm): Explained => ({
  terms: [term],
  bias: null,
  computed: term.sum,
  arithmetic: `${short(term.sum)} = ${text}`,
});

/** A sum of windows, each times its weights. */
function summed(terms: readonly WindowTerm[], bias: number | null): Explained {
  const computed = terms.reduce((all, { sum }) => all + sum, bias ?? 0);
  const parts = terms.length === 1 ? products(terms[0]) : terms.map(({ sum }) => signed(sum));
  const shown = cut(parts);
  const text = `${shown.join(" + ")}${bias === null ? "" : ` + ${signed(bias)} (bias)`}`;
  return { terms, bias, computed, arithmetic: `${short(computed)} = ${text}` };
}

const products = ({ values, weights }: WindowTerm): string[] =>
  Array.from(values.values, (value, i) => `${signed(value)} × ${signed(weights?.values[i] ?? 1)}`);

const MOST_PARTS = 25;

const cut = (parts: readonly string[]): string[] =>
  parts.length <= MOST_PARTS
    ? [...parts]
    : [...parts.slice(0, MOST_PARTS - 1), `… (${parts.length - MOST_PARTS + 1} more)`];

const listed = (numbers: readonly number[]): string => cut(numbers.map(short)).join(", ");

/** Three digits. */
const short = (value: number): string => String(Number(value.toPrecision(3)));

const signed = (value: number): string => (value < 0 ? `(${short(value)})` : short(value));
