// Training throughput of TensorFlow.js on its plain JavaScript backend (its WebAssembly backend has no gradient
// of a convolution by its weights): node tfjs_train.mjs --net lenet
import { installed, load, options, rates, report, secondsSinceStart } from "./measure.mjs";

const given = options({ net: "lenet", backend: "cpu" });
if (given.net !== "lenet") throw new Error(`TensorFlow.js trains lenet here, not ${given.net}`);
// It warns on start that its Node.js package would be faster.
console.warn = () => {};
console.info = () => {};
const tf = load("@tensorflow/tfjs");
if (given.backend === "wasm") load("@tensorflow/tfjs-backend-wasm");
await tf.setBackend(given.backend);
await tf.ready();

const batch = given.batch || 256;
const weights = (shape, fanIn, fanOut) => {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return tf.variable(tf.randomUniform(shape, -bound, bound));
};
const zeros = (n) => tf.variable(tf.zeros([n]));
const c1 = { weight: weights([5, 5, 1, 6], 25, 150), bias: zeros(6) };
const c2 = { weight: weights([5, 5, 6, 16], 150, 400), bias: zeros(16) };
const dense = [
  [400, 120],
  [120, 84],
  [84, 10],
].map(([a, b]) => ({ weight: weights([a, b], a, b), bias: zeros(b) }));

const x = tf.randomUniform([batch, 28, 28, 1]);
const target = tf.oneHot(
  tf.tensor1d(
    Int32Array.from({ length: batch }, (_, i) => i % 10),
    "int32",
  ),
  10,
);
const optimizer = tf.train.sgd(0.9);

function lossOf() {
  let h = tf.sigmoid(tf.conv2d(x, c1.weight, 1, "same").add(c1.bias)).avgPool(2, 2, "valid");
  h = tf.sigmoid(tf.conv2d(h, c2.weight, 1, "valid").add(c2.bias)).avgPool(2, 2, "valid");
  h = h.reshape([batch, 400]);
  dense.forEach(({ weight, bias }, i) => {
    h = h.matMul(weight).add(bias);
    if (i < 2) h = h.sigmoid();
  });
  return tf.losses.softmaxCrossEntropy(target, h);
}

async function step() {
  const loss = optimizer.minimize(lossOf, true);
  const [value] = await loss.data();
  loss.dispose();
  if (!Number.isFinite(value)) throw new Error(`loss ${value}`);
  return value;
}

await step();
const first = Math.round(secondsSinceStart() * 1000) / 1000;
report(await rates(step, given), batch, "examplesPerSecond", {
  library: "tfjs",
  version: installed("@tensorflow/tfjs").version,
  engine: given.backend,
  net: given.net,
  precision: "f32",
  batch,
  threads: 1,
  firstStepSeconds: first,
});
