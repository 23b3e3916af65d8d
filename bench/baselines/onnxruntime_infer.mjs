// Inference throughput of ONNX Runtime on a network that was exported as an ONNX file, natively or as WebAssembly:
// node onnxruntime_infer.mjs --net lenet --model lenet.onnx --shape 1x28x28 --batch 256 --runtime onnxruntime
//
// In the setting that its documentation recommends for speed: all graph optimisations, nodes one after the other with all
// threads in each, sizes that are known fixed. WebAssembly with SIMD and threads.
import { installed, load, options, rates, report, secondsSinceStart } from "./measure.mjs";

const given = options({ net: "lenet", model: "", shape: "1x28x28", runtime: "onnxruntime" });
const name = given.runtime === "onnxruntime" ? "onnxruntime-node" : given.runtime;
const ort = load(name);
const web = name === "onnxruntime-web";
if (web) {
  const { folder } = installed(name);
  ort.env.wasm.numThreads = given.threads;
  ort.env.wasm.wasmPaths = `file://${folder}/dist/`;
}
const batch = given.batch || 1;
const session = await ort.InferenceSession.create(given.model, {
  executionProviders: [web ? "wasm" : "cpu"],
  graphOptimizationLevel: "all",
  executionMode: "sequential",
  intraOpNumThreads: given.threads,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
});
const shape = [batch, ...given.shape.split("x").map(Number)];
const pixels = Float32Array.from(
  { length: shape.reduce((product, size) => product * size) },
  (_, i) => ((i * 2654435761) % 256) / 255,
);
const [input] = session.inputNames;
const [output] = session.outputNames;
const step = async () => {
  const results = await session.run({ [input]: new ort.Tensor("float32", pixels, shape) });
  return results[output].data[0];
};

if (!Number.isFinite(await step())) throw new Error("the result is not finite");
const first = Math.round(secondsSinceStart() * 1000) / 1000;
report(await rates(step, given), batch, "examplesPerSecond", {
  library: given.runtime,
  version: installed(name).version,
  engine: web ? "wasm" : "cpu",
  net: given.net,
  task: "infer",
  precision: "f32",
  batch,
  threads: given.threads,
  firstStepSeconds: first,
});
process.exit(0);
