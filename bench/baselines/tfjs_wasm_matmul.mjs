// A GEMM of two square matrices on TensorFlow.js's WebAssembly backend:
// node tfjs_wasm_matmul.mjs --size 1024 --threads 2
import { installed, load, options, rates, report, secondsSinceStart } from "./measure.mjs";
import { provideThreads } from "./tfjs_threads.mjs";

const given = options({ size: 1024, threads: 1 });
console.warn = () => {};
console.info = () => {};
const tf = load("@tensorflow/tfjs");
const wasm = load("@tensorflow/tfjs-backend-wasm");
const { folder, version } = installed("@tensorflow/tfjs-backend-wasm");
wasm.setWasmPaths(`${folder}/dist/`);
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", given.threads > 1);
if (given.threads > 1) {
  provideThreads(given.threads);
  wasm.setThreadsCount(given.threads);
}
if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js could not start its wasm backend.");

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
