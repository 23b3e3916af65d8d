/** Ops that make, move and pick elements, in ONNX. */
import type { BorderMode, Padding } from "../shape/padding.ts";
import {
  attribute,
  BATCH_DEPENDENT,
  converted,
  fixed,
  int,
  integers,
  ints,
  NotExpressible,
  type OnnxCall,
  type OnnxRule,
  type OnnxSize,
  scalar,
  text,
} from "./conversion.ts";

/** Beyond any end, in either direction. */
const FAR = 2 ** 31 - 1;

const product = (sizes: readonly OnnxSize[]): number =>
  sizes.reduce((total: number, size) => total * (typeof size === "number" ? size : size.times), 1);

function reshape(call: OnnxCall): string {
  const [x] = call.inputs;
  const { shape } = call.outputs[0];
  const [first] = shape;
  const keepsBatch = typeof first === "object" && sameSize(first, x.shape[0]);
  if (keepsBatch && shape.length === 2 && product(shape.slice(1)) === product(x.shape.slice(1)))
    return call.to.node("Flatten", [x.name], { axis: int(1) });
  const open = shape.filter((size) => typeof size === "object").length;
  if (open > 1) {
    // Only one size may be left open.
    return call.to.node("Reshape", [x.name, call.to.shape(shape)]);
  }
  const sizes = shape.map((size, d) => (typeof size === "number" ? size : d === 0 && keepsBatch ? 0 : -1));
  return call.to.node("Reshape", [x.name, integers(call, sizes)]);
}

function sameSize(a: OnnxSize, b: OnnxSize | undefined): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return b !== undefined && a.times === b.times;
}

function slice(call: OnnxCall): string {
  const [x] = call.inputs;
  const starts = attribute<readonly number[]>(call, "starts");
  const steps = attribute<readonly number[]>(call, "steps");
  const { shape } = call.outputs[0];
  const cut: { axis: number; start: number; end: number; step: number }[] = [];
  shape.forEach((size, axis) => {
    const [start, step] = [starts[axis], steps[axis]];
    if (start === 0 && step === 1 && sameSize(size, x.shape[axis])) return;
    const last = start + step * fixed(size, `the number of elements taken along dimension ${axis}`);
    cut.push({ axis, start, end: last < 0 ? -FAR : last, step });
  });
  const list = (key: "axis" | "start" | "end" | "step") =>
    integers(
      call,
      cut.map((one) => one[key]),
    );
  if (cut.length === 0) return x.name;
  return call.to.node("Slice", [x.name, list("start"), list("end"), list("axis"), list("step")]);
}

function constantPad(call: OnnxCall): string {
  const [x] = call.inputs;
  const padding = attribute<Padding>(call, "padding");
  const value = scalar(call, attribute<number>(call, "value"), x.dtype);
  return call.to.node("Pad", [x.name, pads(call, padding), value], { mode: text("constant") });
}

function pads(call: OnnxCall, padding: Padding): string {
  return integers(call, [...padding.map(([before]) => before), ...padding.map(([, after]) => after)]);
}

function borderPad(call: OnnxCall): string {
  const [x] = call.inputs;
  const padding = attribute<Padding>(call, "padding");
  const mode = attribute<BorderMode>(call, "mode");
  if (padding.flat().some((size) => size < 0))
    throw new NotExpressible(`it pads by "${mode}" and cuts off at once; cut with narrow before`);
  if (mode !== "circular")
    return call.to.node("Pad", [x.name, pads(call, padding)], {
      mode: text(mode === "replicate" ? "edge" : "reflect"),
    });
  return padding.reduce((name, [before, after], axis) => {
    const part = (start: number, end: number) =>
      call.to.node("Slice", [name, ...[start, end, axis].map((one) => integers(call, [one]))]);
    const pieces = [
      ...(before > 0 ? [part(-before, FAR)] : []),
      name,
      ...(after > 0 ? [part(0, after)] : []),
    ];
    return pieces.length === 1 ? name : call.to.node("Concat", pieces, { axis: int(axis) });
  }, x.name);
}

function full(call: OnnxCall): string {
  const value = attribute<number>(call, "value");
  const [{ shape, dtype }] = call.outputs;
  return call.to.node("Expand", [call.to.constant([value], [], dtype), call.to.shape(shape)]);
}

function wrapIndex(call: OnnxCall): string {
  const [index] = call.inputs;
  const size = scalar(call, attribute<number>(call, "size"), "int64");
  const at = converted(call, index, "int64");
  const isNegative = call.to.node("Less", [at, scalar(call, 0, "int64")]);
  return call.to.node("Where", [isNegative, call.to.node("Add", [at, size]), at]);
}

function oneHot(call: OnnxCall): string {
  const classes = call.to.constant([attribute<number>(call, "numClasses")], [1], "int64");
  return call.to.node("OneHot", [call.inputs[0].name, classes, integers(call, [0, 1])], { axis: int(-1) });
}

const scattered = (reduction: string) => (call: OnnxCall) => {
  const [x, index] = call.inputs;
  const at = converted(call, index, "int64");
  const settings = { axis: int(attribute<number>(call, "dim")), reduction: text(reduction) };
  return call.to.node("ScatterElements", [x.name, at, usedSource(call)], settings);
};

/** A source may have more elements than there are places; ONNX wants as many. */
function usedSource(call: OnnxCall): string {
  const [, index, source] = call.inputs;
  const axes = index.shape.flatMap((size, d) => (sameSize(size, source.shape[d]) ? [] : [d]));
  if (axes.length === 0) return source.name;
  const ends = axes.map((d) => fixed(index.shape[d], "the number of places"));
  const starts = axes.map(() => 0);
  return call.to.node("Slice", [source.name, ...[starts, ends, axes].map((list) => integers(call, list))]);
}

const picked = (operator: string) => (call: OnnxCall) => {
  const [x, index] = call.inputs;
  const settings = { axis: int(attribute<number>(call, "dim")) };
  return call.to.node(operator, [x.name, converted(call, index, "int64")], settings);
};

export const SHAPES = {
  full,
  arange: (call) => {
    if (call.attributes.length === BATCH_DEPENDENT)
      throw new NotExpressible("it counts the examples of the batch; count along another dimension");
    const { start, step, length } = call.attributes as { start: number; step: number; length: number };
    const values = Array.from({ length }, (_, i) => start + i * step);
    return call.to.constant(values, [length], call.outputs[0].dtype);
  },
  reshape,
  permute: (call) =>
    call.to.node("Transpose", [call.inputs[0].name], { perm: ints(attribute<number[]>(call, "dims")) }),
  expand: ({ inputs: [x], outputs: [{ shape }], to }) => to.node("Expand", [x.name, to.shape(shape)]),
  slice,
  unslice: { cannot: "ONNX has no operator that spreads elements out; use pad or cat" },
  cat: (call) =>
    call.to.node(
      "Concat",
      call.inputs.map(({ name }) => name),
      { axis: int(attribute<number>(call, "dim")) },
    ),
  constantPad,
  borderPad,
  gather: picked("GatherElements"),
  indexSelect: picked("Gather"),
  scatter: scattered("none"),
  scatterAdd: scattered("add"),
  scatterMultiply: scattered("mul"),
  scatterReduce: { cannot: "this reduction of scattered elements needs a later opset than is written" },
  indexAdd: { cannot: "ONNX has no index_add; use scatterAdd" },
  wrapIndex,
  toIndex: (call) => converted(call, call.inputs[0], "int64"),
  oneHot,
  embedding: (call) => {
    const [index, weight] = call.inputs;
    return call.to.node("Gather", [weight.name, converted(call, index, "int64")], { axis: int(0) });
  },
} satisfies Record<string, OnnxRule>;
