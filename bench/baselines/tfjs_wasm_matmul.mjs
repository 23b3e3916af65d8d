// A GEMM of two square matrices on TensorFlow.js's WebAssembly backend:
// node tfjs_wasm_matmul.mjs --size 1024 --threads 2
import { options, rates, report, secondsSinceStart } from "./measure.mjs";
import { startWasm } from "./tfjs_wasm.mjs";

const given = options({ size: 1024, threads: 1 });
const { tf, wasm, version } = await startWasm(given.threads);

const a = tf.randomUniform([given.size, given.size]);
const b = tf.randomUniform([given.size, given.size]);
function step() {
  const c = tf.matMul(a, b);
  c.dataSync();
  c.dispose();
}

step();
const first = Math.round(secondsSinceStart() * 1000) / 1000;
report(await rates(step, given), (2 * given.size ** 3) / 1e9, "gflops", {
  library: "tfjs",
  version,
  engine: "wasm",
  task: "matmul",
  size: given.size,
  precision: "f32",
  threads: given.threads > 1 ? wasm.getThreadsCount() : 1,
  firstStepSeconds: first,
});
process.exit(0);
