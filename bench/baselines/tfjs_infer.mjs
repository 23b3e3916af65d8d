// Inference throughput of TensorFlow.js on its WebAssembly backend, with SIMD and threads:
// node tfjs_infer.mjs --net lenet --model lenet.onnx --shape 1x28x28 --batch 256 --threads 2
//
// The network is what we export as ONNX, as plain data beside the file (`.json`, `.bin`). It runs as its converter would
// have it: channels last, batch normalisation folded, biases and activations inside the convolutions.
import { readFileSync } from "node:fs";
import { options, rates, report, secondsSinceStart } from "./measure.mjs";
import { startWasm } from "./tfjs_wasm.mjs";

const given = options({ net: "lenet", model: "", shape: "1x28x28" });
const { tf, wasm, version } = await startWasm(given.threads);

const graph = JSON.parse(readFileSync(`${given.model}.json`, "utf8"));
const bytes = readFileSync(`${given.model}.bin`);
/** Numbers that the file holds, as a typed array; then those of them that are tensors of the network. */
const known = new Map(
  graph.tensors.map(({ name, shape, kind, offset, length }) => {
    const kinds = { float32: Float32Array, int32: Int32Array };
    const data = new kinds[kind](
      bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * length),
    );
    return [name, { shape, data }];
  }),
);
const readers = new Map();
for (const node of graph.nodes)
  for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
const ACTIVATIONS = { Relu: "relu", Sigmoid: "sigmoid" };

/** The node that alone reads a value, if it does one of these. */
function alone(name, operators) {
  const [node, ...others] = readers.get(name) ?? [];
  return node !== undefined && others.length === 0 && name !== graph.output && operators(node)
    ? node
    : undefined;
}
const isRelu6 = ({ op, inputs }) =>
  op === "Clip" && known.get(inputs[1])?.data[0] === 0 && known.get(inputs[2])?.data[0] === 6;
const activates = (node) => node.op in ACTIVATIONS || isRelu6(node);

/** A weight [O, C, h, w] as TensorFlow.js has it: [h, w, C, O]; of a depthwise convolution [h, w, O, 1]. */
function filterOf({ shape, data }, depthwise) {
  const tensor = tf.tensor(data, shape);
  return tensor.transpose(depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);
}
const paddingOf = ([top, left, bottom, right] = [0, 0, 0, 0]) => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];
const isNone = (pads = []) => pads.every((size) => size === 0);

/** Functions from the values so far to the next, in order. */
const steps = [];
const skipped = new Set();
/** Where a value's channels are last; others lie as in the file. */
const images = new Set([graph.input]);

for (const node of graph.nodes) {
  if (skipped.has(node)) continue;
  const { op, inputs, attributes: a } = node;
  let [output] = node.outputs;
  const [x] = inputs;
  if (op === "Conv" || op === "Gemm") {
    let [weight, bias] = inputs.slice(1).map((name) => known.get(name));
    const after = alone(output, (next) => next.op === "BatchNormalization");
    if (after !== undefined && op === "Conv") {
      [weight, bias] = folded(weight, bias, after);
      skipped.add(after);
      [output] = after.outputs;
    }
    const last = alone(output, activates);
    if (last !== undefined) {
      skipped.add(last);
      [output] = last.outputs;
    }
    const activation = last && (ACTIVATIONS[last.op] ?? "relu6");
    const shift = bias && tf.tensor1d(bias.data);
    if (op === "Gemm") {
      // As its converter writes it; given as transposed, the backend multiplies wrongly (4.22.0, 400 x 120).
      const stored = tf.tensor(weight.data, weight.shape);
      const b = a.transB === 1 ? stored.transpose() : stored;
      steps.push([output, (v) => tf.fused.matMul({ a: v.get(x), b, bias: shift, activation })]);
      continue;
    }
    const groups = a.group ?? 1;
    const depthwise = groups > 1;
    if (depthwise && (weight.shape[1] !== 1 || weight.shape[0] !== groups))
      throw new Error("groups of several channels");
    const filter = filterOf(weight, depthwise);
    const convolve = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
    const window = {
      filter,
      strides: a.strides ?? [1, 1],
      dilations: a.dilations ?? [1, 1],
      bias: shift,
      activation,
    };
    const pads = paddingOf(a.pads);
    // Padding that differs from side to side is not taken by the kernels: it is added before.
    steps.push([
      output,
      (v) => {
        const image = isNone(a.pads) ? v.get(x) : tf.pad(v.get(x), pads);
        return convolve({ x: image, ...window, pad: "valid" });
      },
    ]);
    images.add(output);
  } else if (op === "MaxPool" || op === "AveragePool") {
    const [size, strides] = [a.kernel_shape, a.strides ?? [1, 1]];
    const pads = isNone(a.pads) ? null : paddingOf(a.pads);
    if (op === "AveragePool" && pads !== null && a.count_include_pad !== 1)
      throw new Error("an average without padding");
    const outside = op === "MaxPool" ? -3e38 : 0;
    const pool = op === "MaxPool" ? tf.maxPool : tf.avgPool;
    const ceil = a.ceil_mode === 1;
    steps.push([
      output,
      (v) => {
        let image = pads === null ? v.get(x) : tf.pad(v.get(x), pads, outside);
        if (ceil) {
          const missing = [0, 1].map(
            (d) => (strides[d] - ((image.shape[d + 1] - size[d]) % strides[d])) % strides[d],
          );
          image = tf.pad(
            image,
            [
              [0, 0],
              [0, missing[0]],
              [0, missing[1]],
              [0, 0],
            ],
            outside,
          );
        }
        return pool(image, size, strides, "valid");
      },
    ]);
    images.add(output);
  } else if (op === "GlobalAveragePool" || op === "ReduceMean") {
    steps.push([output, (v) => tf.mean(v.get(x), [1, 2], op === "GlobalAveragePool" || a.keepdims !== 0)]);
    if (op === "GlobalAveragePool" || a.keepdims !== 0) images.add(output);
  } else if (op === "Concat") {
    steps.push([
      output,
      (v) =>
        tf.concat(
          inputs.map((name) => v.get(name)),
          3,
        ),
    ]);
    images.add(output);
  } else if (op === "Add" || op === "Mul") {
    steps.push([output, (v) => tf[op === "Add" ? "add" : "mul"](v.get(x), v.get(inputs[1]))]);
    if (images.has(x)) images.add(output);
  } else if (op === "Flatten" || op === "Reshape") {
    // As the file has it, the channels come first.
    steps.push([
      output,
      (v) => {
        const value = v.get(x);
        const first =
          images.has(x) && value.shape[1] * value.shape[2] > 1 ? value.transpose([0, 3, 1, 2]) : value;
        return first.reshape([first.shape[0], -1]);
      },
    ]);
  } else if (op === "Identity" || op === "Dropout") {
    steps.push([output, (v) => v.get(x).clone()]);
    if (images.has(x)) images.add(output);
  } else if (activates(node)) {
    const name = ACTIVATIONS[op] ?? "relu6";
    steps.push([output, (v) => tf[name](v.get(x))]);
    if (images.has(x)) images.add(output);
  } else throw new Error(`there is no ${op} here`);
}

/** Weight and bias with the batch normalisation after them. */
function folded(weight, bias, { inputs, attributes }) {
  const [scale, shift, mean, variance] = inputs.slice(1).map((name) => known.get(name).data);
  const factors = scale.map((s, i) => s / Math.sqrt(variance[i] + (attributes.epsilon ?? 1e-5)));
  const each = weight.data.length / scale.length;
  const data = weight.data.map((w, i) => w * factors[Math.floor(i / each)]);
  const moved = shift.map((s, i) => s + ((bias?.data[i] ?? 0) - mean[i]) * factors[i]);
  return [{ ...weight, data }, { data: moved }];
}

const batch = given.batch || 1;
const [channels, height, width] = given.shape.split("x").map(Number);
const pixels = Float32Array.from(
  { length: batch * channels * height * width },
  (_, i) => ((i * 2654435761) % 256) / 255,
);
async function step() {
  const result = tf.tidy(() => {
    const x = tf.tensor(pixels, [batch, height, width, channels]);
    const values = new Map([[graph.input, x]]);
    for (const [name, run] of steps) values.set(name, run(values));
    return values.get(graph.output);
  });
  const [first] = await result.data();
  result.dispose();
  return first;
}

if (!Number.isFinite(await step())) throw new Error("the result is not finite");
const first = Math.round(secondsSinceStart() * 1000) / 1000;
report(await rates(step, given), batch, "examplesPerSecond", {
  library: "tfjs",
  version,
  engine: "wasm",
  net: given.net,
  task: "infer",
  precision: "f32",
  batch,
  threads: given.threads > 1 ? wasm.getThreadsCount() : 1,
  firstStepSeconds: first,
});
process.exit(0);
