// A GEMM of two square matrices in jax-js on WebAssembly: node jax_js_matmul.mjs --size 1024 --threads 2
import { installed, load, options, rates, report, secondsSinceStart } from "./measure.mjs";
import { provideWorkers } from "./web_worker.mjs";

const given = options({ size: 1024, threads: 1 });
if (given.threads > 1) provideWorkers(given.threads);
const { blockUntilReady, init, jit, numpy: np } = load("@jax-js/jax");
await init("wasm");

const matrix = () =>
  np.array(Float32Array.from({ length: given.size ** 2 }, Math.random)).reshape([given.size, given.size]);
const [a, b] = [matrix(), matrix()];
const product = jit((left, right) => np.matmul(left, right));
async function step() {
  const c = await blockUntilReady(product(a.ref, b.ref));
  c.dispose();
}

await step();
const first = Math.round(secondsSinceStart() * 1000) / 1000;
report(await rates(step, given), (2 * given.size ** 3) / 1e9, "gflops", {
  library: "jax-js",
  version: installed("@jax-js/jax").version,
  engine: "wasm",
  task: "matmul",
  size: given.size,
  precision: "f32",
  threads: given.threads,
  firstStepSeconds: first,
});
process.exit(0);
