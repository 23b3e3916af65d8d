// Training throughput of jax-js on its WebAssembly backend: node jax_js_train.mjs --net lenet. It finds no
// Worker in Node and runs on one thread; with --threads 2 it is given one.
import { installed, load, options, rates, report, secondsSinceStart } from "./measure.mjs";
import { provideWorkers } from "./web_worker.mjs";

const given = options({ net: "lenet", threads: 1 });
if (given.net !== "lenet") throw new Error(`jax-js trains lenet here, not ${given.net}`);
if (given.threads > 1) provideWorkers(given.threads);
const { blockUntilReady, init, jit, lax, nn, numpy: np, tree, valueAndGrad } = load("@jax-js/jax");
await init("wasm");

const batch = given.batch || 256;
const lr = 0.9;

function uniform(shape, bound) {
  const values = Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    () => (Math.random() * 2 - 1) * bound,
  );
  return np.array(values).reshape(shape);
}
/** Xavier-uniform weights and a bias of zeros; `area` is the kernel's. */
const layer = (shape, area = 1) => ({
  weight: uniform(shape, Math.sqrt(6 / ((shape[0] + shape[1]) * area))),
  bias: np.zeros([shape[0]]),
});

const conv = (x, { weight, bias }, padding) =>
  lax
    .convGeneralDilated(
      x,
      weight,
      [1, 1],
      [
        [padding, padding],
        [padding, padding],
      ],
    )
    .add(bias.reshape([1, -1, 1, 1]));
const linear = (x, { weight, bias }) => np.matmul(x, weight.transpose()).add(bias);
function averagePool(x) {
  const [n, c, h, w] = x.shape;
  return np.mean(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}

function lossOf(layers, x, target) {
  const [c1, c2, l1, l2, l3] = layers;
  let h = averagePool(nn.sigmoid(conv(x, c1, 2)));
  h = averagePool(nn.sigmoid(conv(h, c2, 0))).reshape([batch, 400]);
  h = linear(nn.sigmoid(linear(nn.sigmoid(linear(h, l1)), l2)), l3);
  return nn
    .logSoftmax(h, -1)
    .mul(target)
    .sum()
    .mul(-1 / batch);
}

const train = jit((layers, x, target) => {
  const [loss, grads] = valueAndGrad(lossOf)(tree.ref(layers), x, target);
  return [tree.map((p, g) => p.sub(g.mul(lr)), layers, grads), loss];
});

let layers = [
  layer([6, 1, 5, 5], 25),
  layer([16, 6, 5, 5], 25),
  layer([120, 400]),
  layer([84, 120]),
  layer([10, 84]),
];
const x = uniform([batch, 1, 28, 28], 1);
const labels = np.array(
  Int32Array.from({ length: batch }, (_, i) => i % 10),
  { dtype: np.int32 },
);
const target = await blockUntilReady(nn.oneHot(labels, 10));

async function step() {
  const [next, loss] = train(layers, x.ref, target.ref);
  layers = await blockUntilReady(next);
  const [value] = await loss.data();
  if (!Number.isFinite(value)) throw new Error(`loss ${value}`);
  return value;
}

await step();
const first = Math.round(secondsSinceStart() * 1000) / 1000;
report(await rates(step, given), batch, "examplesPerSecond", {
  library: "jax-js",
  version: installed("@jax-js/jax").version,
  engine: "wasm",
  net: given.net,
  precision: "f32",
  batch,
  threads: given.threads,
  firstStepSeconds: first,
});
process.exit(0);
