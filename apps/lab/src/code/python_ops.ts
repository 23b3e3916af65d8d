/** Ops of a recorded network as expressions in Python, with PyTorch. */
import type { RecordedNode, RecordedValue } from "./recorded_values.ts";

/** Images of the batch that is recorded: a number that no layer has, so that sizes that are the batch's are known as such. */
export const BATCH = 7;

/** What stands for an op's inputs: a name, or a number. */
export type Operand = string;

const SIGNS: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  gt: ">",
  lt: "<",
  ge: ">=",
  le: "<=",
  eq: "==",
  ne: "!=",
};

/** Functions of one tensor that PyTorch calls the same. */
const SAME: ReadonlySet<string> = new Set(
  "relu sigmoid tanh exp log abs sqrt rsqrt neg erf sin cos floor ceil round sign log1p expm1 reciprocal isnan log2 exp2 square where".split(
    " ",
  ),
);

type Write = (operands: readonly Operand[], node: RecordedNode) => string | null;

const tuple = (sizes: readonly number[]): string => `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;
const numbers = (value: unknown): readonly number[] => value as readonly number[];

/** Sizes of a result in terms of what it is made of: the first is the batch's. Null if the batch goes elsewhere. */
function batched([first, ...rest]: readonly number[], of: RecordedValue, batch: string): string | null {
  return first === BATCH && of.shape[0] === BATCH ? `(${[batch, ...rest].join(", ")})` : null;
}

const reduced =
  (name: string): Write =>
  ([x], { attributes }) =>
    `${x}.${name}(dim=${tuple(numbers(attributes["dims"]))}, keepdim=${attributes["keepdim"] === true ? "True" : "False"})`;

const alongDim =
  (name: string): Write =>
  ([x], { attributes }) =>
    `torch.${name}(${x}, dim=${attributes["dim"]})`;

const elementwise =
  (name: string): Write =>
  ([x, y]) =>
    `torch.${name}(${asTensor(x)}, ${asTensor(y)})`;

const asTensor = (operand: Operand): string =>
  /^-?[\d.]|^float\(/.test(operand) ? `torch.tensor(${operand})` : operand;

const WRITERS: Readonly<Record<string, Write>> = {
  identity: ([x]) => x,
  sum: reduced("sum"),
  amax: reduced("amax"),
  amin: reduced("amin"),
  softmax: alongDim("softmax"),
  logSoftmax: alongDim("log_softmax"),
  maximum: elementwise("maximum"),
  minimum: elementwise("minimum"),
  pow: elementwise("pow"),
  cat: (parts, { attributes }) => `torch.cat((${parts.join(", ")}), dim=${attributes["dim"]})`,
  permute: ([x], { attributes }) => `${x}.permute${tuple(numbers(attributes["dims"]))}`,
  expand: ([x], { attributes, inputs: [of] }) => {
    const sizes = batched(numbers(attributes["shape"]), of, "-1");
    return sizes === null ? null : `${x}.expand${sizes}`;
  },
  reshape: ([x], { attributes, inputs: [of] }) => {
    const sizes = numbers(attributes["shape"]);
    const text = batched(sizes, of, `${x}.shape[0]`);
    if (text === null) return null;
    return sizes.length === 2 && of.shape.length > 2 ? `torch.flatten(${x}, 1)` : `${x}.reshape${text}`;
  },
  matmul: ([x, y, bias], { attributes }) => {
    const turned = (one: string, isTurned: unknown) => (isTurned === true ? `${one}.transpose(-2, -1)` : one);
    const product = `${turned(x, attributes["transposeA"])} @ ${turned(y, attributes["transposeB"])}`;
    return bias === undefined ? `(${product})` : `(${product} + ${bias})`;
  },
  slice: ([x], { attributes, inputs: [of] }) => {
    const [starts, steps, sizes] = ["starts", "steps", "sizes"].map((name) => numbers(attributes[name]));
    if (steps.some((step) => step < 1)) return null;
    const ranges = sizes.map((size, i) => {
      if (size === of.shape[i]) return ":";
      const end = starts[i] + (size - 1) * steps[i] + 1;
      return `${starts[i]}:${end}${steps[i] === 1 ? "" : `:${steps[i]}`}`;
    });
    // A part of the batch is not what a network gives for each image.
    return ranges[0] === ":" ? `${x}[${ranges.join(", ")}]` : null;
  },
  constantPad: ([x], { attributes }) => {
    const padding = attributes["padding"] as readonly (readonly number[])[];
    return `F.pad(${x}, ${tuple([...padding].reverse().flat())}, value=${attributes["value"]})`;
  },
  conv2d: ([x, weight, bias = "None"], { attributes }) => {
    const { stride, padding, dilation, groups } = attributes;
    const windows = { stride, padding, dilation };
    const given = Object.entries(windows).map(([name, sizes]) => `${name}=${tuple(numbers(sizes))}`);
    return `F.conv2d(${x}, ${weight}, ${bias}, ${given.join(", ")}, groups=${groups})`;
  },
  maxPool2d: ([x], { attributes }) =>
    `F.max_pool2d(${x}, ${windowsOf(attributes)}, dilation=${tuple(numbers(attributes["dilation"]))})`,
  avgPool2d: ([x], { attributes }) =>
    attributes["divisorOverride"] === null
      ? `F.avg_pool2d(${x}, ${windowsOf(attributes)}, count_include_pad=${attributes["countIncludePad"] === true ? "True" : "False"})`
      : null,
};

function windowsOf(attributes: RecordedNode["attributes"]): string {
  const [kernel, stride, padding] = ["kernelSize", "stride", "padding"].map((name) =>
    tuple(numbers(attributes[name])),
  );
  const ceil = attributes["ceilMode"] === true ? "True" : "False";
  return `${kernel}, stride=${stride}, padding=${padding}, ceil_mode=${ceil}`;
}

/** The expression, or null for an op that has none here. */
export function expressionOf(node: RecordedNode, operands: readonly Operand[]): string | null {
  const { name } = node.op;
  const sign = SIGNS[name];
  if (sign !== undefined) return `(${operands[0]} ${sign} ${operands[1]})`;
  if (SAME.has(name)) return `torch.${name}(${operands.join(", ")})`;
  return WRITERS[name]?.(operands, node) ?? null;
}

/** A constant of one element as a number in Python; null for anything else. */
export function constantOf({ node, shape, data }: RecordedValue): string | null {
  if (!shape.every((size) => size === 1)) return null;
  if (node !== null && node.op.name !== "full") return null;
  const value = node === null ? data?.[0] : node.attributes["value"];
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "number") return null;
  return Number.isFinite(value) ? String(value) : `float("${Number.isNaN(value) ? "nan" : value}")`;
}
