/** What a layer or an op is and what is said of it: read from the module's settings, or from what was recorded. */
import { shownText } from "../base/shown_value.ts";
import type { Node, Value } from "../graph/node.ts";
import { SequentialLayer } from "../nn/module/containers.ts";
import { Module } from "../nn/module/module.ts";
import { inParentheses, type Language, listed, type NameKey, nameIn, phraseIn } from "./terms.ts";

/** Kinds of boxes, each with a colour. */
export type Kind = "data" | "conv" | "pool" | "dense" | "norm" | "act" | "shape" | "join" | "other";

/** What a box says. */
export interface Label {
  readonly kind: Kind;
  /** A term, or a name as it is (ReLU, a class of the user's). */
  readonly name: NameKey | { readonly text: string };
  /** `5×5` */
  readonly kernel?: string;
  /** Channels or features of the output; null if they differ between the repetitions of a box. */
  readonly channels?: number | null;
  readonly settings?: readonly (readonly [key: "stride" | "pad" | "dilation" | "groups", value: string])[];
}

/** The label as one line of text. */
export function labelText({ name, kernel, channels, settings = [] }: Label, language: Language): string {
  const named = typeof name === "string" ? nameIn(language, name) : name.text;
  const term = kernel === undefined ? named : `${kernel}${language === "zh" ? "" : " "}${named}`;
  const sized = typeof channels === "number" ? term + inParentheses(language, String(channels)) : term;
  return listed(language, [sized, ...settings.map(([key, value]) => phraseIn(language, key, value))]);
}

type Settings = Readonly<Record<string, unknown>>;
type Describe = (settings: Settings) => Label;

const named =
  (kind: Kind, name: Label["name"]): Describe =>
  () => ({ kind, name });

const DESCRIPTIONS: Readonly<Record<string, Describe>> = {
  Conv2d: (s) => convolution(s, 2),
  Conv1d: (s) => convolution(s, 1),
  ConvTranspose2d: (s) => ({ ...convolution(s, 2), name: "transposed" }),
  ConvTranspose1d: (s) => ({ ...convolution(s, 1), name: "transposed" }),
  MaxPool2d: (s) => pooling(s, "maxPool", 2),
  MaxPool1d: (s) => pooling(s, "maxPool", 1),
  AvgPool2d: (s) => pooling(s, "avgPool", 2),
  AvgPool1d: (s) => pooling(s, "avgPool", 1),
  AdaptiveAvgPool2d: (s) => adaptive(s, "avgPool", "globalAvgPool"),
  AdaptiveAvgPool1d: (s) => adaptive(s, "avgPool", "globalAvgPool"),
  AdaptiveMaxPool2d: (s) => adaptive(s, "maxPool", "globalMaxPool"),
  AdaptiveMaxPool1d: (s) => adaptive(s, "maxPool", "globalMaxPool"),
  Linear: (s) => ({ kind: "dense", name: "dense", channels: countOf(s.outFeatures) }),
  Bilinear: (s) => ({ kind: "dense", name: "bilinear", channels: countOf(s.outFeatures) }),
  Embedding: (s) => ({ kind: "dense", name: "embedding", channels: countOf(s.embeddingDim) }),
  BatchNorm1d: named("norm", "batchNorm"),
  BatchNorm2d: named("norm", "batchNorm"),
  BatchNorm3d: named("norm", "batchNorm"),
  SyncBatchNorm: named("norm", "batchNorm"),
  InstanceNorm1d: named("norm", "instanceNorm"),
  InstanceNorm2d: named("norm", "instanceNorm"),
  LayerNorm: named("norm", "layerNorm"),
  GroupNorm: named("norm", "groupNorm"),
  RMSNorm: named("norm", "rmsNorm"),
  LocalResponseNorm: named("norm", "localResponseNorm"),
  Dropout: named("shape", "dropout"),
  Dropout1d: named("shape", "dropout"),
  Dropout2d: named("shape", "dropout"),
  AlphaDropout: named("shape", "dropout"),
  Flatten: named("shape", "flatten"),
  Upsample: named("pool", "upsample"),
};

/** Classes whose layers are activation functions: they are called what their class is called. */
const ACTIVATIONS: ReadonlySet<string> = new Set(
  (
    "ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh Hardswish Hardsigmoid Hardtanh Softplus Softsign " +
    "Softmax LogSoftmax Softmax2d LogSigmoid Softshrink Hardshrink Tanhshrink Threshold RReLU GLU Softmin"
  ).split(" "),
);

/** The label of a layer, by the nearest of its classes that is known; by its own class otherwise. */
export function layerLabel(module: Module): Label {
  const settings = module as unknown as Settings;
  for (const name of classNames(module)) {
    if (Object.hasOwn(DESCRIPTIONS, name)) return DESCRIPTIONS[name](settings);
    if (ACTIVATIONS.has(name)) return { kind: "act", name: { text: name } };
  }
  return { kind: "other", name: { text: className(module) } };
}

/** Whether a module is one layer: it holds no others, and says how it is set, as the layers of the library do. */
export function isLayer(module: Module): boolean {
  if (module.ownModules().length > 0 || module instanceof SequentialLayer) return false;
  for (const name of classNames(module))
    if (Object.hasOwn(DESCRIPTIONS, name) || ACTIVATIONS.has(name)) return true;
  return module.extraRepr !== Module.prototype.extraRepr;
}

/** The name of a module's class. */
export function className(module: Module): string {
  const { name } = module.constructor;
  return typeof name === "string" && name !== "" ? name : "Module";
}

function* classNames(module: Module): Generator<string> {
  for (let at = Object.getPrototypeOf(module); at !== null && at !== Module.prototype; ) {
    const name = at.constructor?.name;
    if (typeof name === "string") yield name;
    at = Object.getPrototypeOf(at);
  }
}

function convolution(s: Settings, dims: number): Label {
  const [input, groups, channels] = [countOf(s.inChannels), countOf(s.groups) ?? 1, countOf(s.outChannels)];
  const depthwise = groups > 1 && groups === input;
  return {
    kind: "conv",
    name: depthwise ? "depthwise" : "conv",
    ...sizeOf(s.kernelSize, dims),
    ...(channels !== undefined && { channels }),
    settings: [
      ...setting("stride", s.stride, "1"),
      ...setting("pad", s.padding, "0"),
      ...setting("dilation", s.dilation, "1"),
      ...(depthwise ? [] : setting("groups", groups, "1")),
    ],
  };
}

function pooling(s: Settings, name: NameKey, dims: number): Label {
  return {
    kind: "pool",
    name,
    ...sizeOf(s.kernelSize, dims),
    // Stated even if it is 1: a window usually moves by its own size.
    settings: [...setting("stride", s.stride, ""), ...setting("pad", s.padding, "0")],
  };
}

function adaptive(s: Settings, name: NameKey, overAll: NameKey): Label {
  const sizes = [s.outputSize].flat();
  if (sizes.every((size) => size === 1)) return { kind: "pool", name: overAll };
  return { kind: "pool", name, kernel: `→${sizes.map((size) => size ?? "·").join("×")}` };
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** `5×5`, `3`, `1×7` */
function sizeOf(size: unknown, dims: number): Pick<Label, "kernel"> {
  if (typeof size === "number") return { kernel: new Array(dims).fill(size).join("×") };
  return Array.isArray(size) ? { kernel: size.join("×") } : {};
}

function setting(key: "stride" | "pad" | "dilation" | "groups", value: unknown, usual: string) {
  const text = shortSize(value);
  return text === "" || text === usual ? [] : [[key, text] as const];
}

/** `2` for 2 and [2, 2]; `1×2` for others. */
function shortSize(value: unknown): string {
  if (!Array.isArray(value))
    return typeof value === "number" || typeof value === "string" ? shownText(String(value)) : "";
  return value.every((one) => one === value[0]) ? String(value[0] ?? "") : value.join("×");
}

/** Names of ops that are written in another way. */
const OP_NAMES: Readonly<Record<string, string>> = {
  relu: "ReLU",
  relu6: "ReLU6",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softmax: "Softmax",
  logSoftmax: "LogSoftmax",
  identity: "Identity",
};
const SIGNS: Readonly<Record<string, string>> = { add: "+", sub: "−", mul: "×", div: "÷" };

/** Ops that only change how elements lie. */
const SHAPE_OPS: ReadonlySet<string> = new Set([
  "reshape",
  "permute",
  "expand",
  "cast",
  "identity",
  "slice",
  "overwritten",
]);

/**
 * The label of an op.
 *
 * @param isLive - whether a value depends on the network's input; others are weights and constants.
 */
export function opLabel(node: Node, isLive: (value: Value) => boolean): Label {
  const { op, attributes, inputs, outputs } = node;
  const live = inputs.filter(isLive);
  const { name } = op;
  if (name === "conv2d") return recordedConvolution(node);
  if (name === "maxPool2d" || name === "avgPool2d")
    return pooling(attributes, name === "maxPool2d" ? "maxPool" : "avgPool", 2);
  const outputSize = outputs[0].shape.slice(-2);
  if (name === "adaptiveAvgPool2d") return adaptive({ outputSize }, "avgPool", "globalAvgPool");
  if (name === "adaptiveMaxPool2d") return adaptive({ outputSize }, "maxPool", "globalMaxPool");
  if (name === "matmul" && live.length === 1)
    return { kind: "dense", name: "dense", channels: outputs[0].shape.at(-1) ?? 1 };
  if (name === "embedding")
    return { kind: "dense", name: "embedding", channels: outputs[0].shape.at(-1) ?? 1 };
  if (name === "cat") return concatenation(node);
  if (name === "standardize") return { kind: "norm", name: { text: "Normalize" } };
  if (SIGNS[name] !== undefined) {
    // One with a weight or a number is a step of its own; with another branch it joins both.
    const kind = live.length > 1 ? "join" : "norm";
    return { kind, name: { text: SIGNS[name] } };
  }
  if (SHAPE_OPS.has(name)) return { kind: "shape", name: { text: OP_NAMES[name] ?? name } };
  const isActivation = op.elementwise?.kind === "unary" || name === "softmax" || name === "logSoftmax";
  const text = { text: OP_NAMES[name] ?? name };
  return { kind: live.length > 1 ? "join" : isActivation ? "act" : "other", name: text };
}

function concatenation({ attributes, outputs }: Node): Label {
  const ofChannels = attributes.dim === 1 && outputs[0].shape.length === 4;
  return { kind: "join", name: ofChannels ? "concatenation" : "join" };
}

/** A convolution of which only the op is known: its weight says the rest. */
function recordedConvolution({ attributes, inputs }: Node): Label {
  const [image, weight] = inputs;
  const [outChannels, , ...kernelSize] = weight.shape;
  return convolution(
    { ...attributes, inChannels: image.shape[1], outChannels, kernelSize },
    kernelSize.length,
  );
}
