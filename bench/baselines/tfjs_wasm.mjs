// TensorFlow.js on its WebAssembly backend, with SIMD and as many threads as are asked for.
import { installed, load } from "./measure.mjs";
import { provideThreads } from "./tfjs_threads.mjs";

/** Starts the backend, without its remarks. */
export async function startWasm(threads) {
  console.warn = () => {};
  console.info = () => {};
  const tf = load("@tensorflow/tfjs");
  const wasm = load("@tensorflow/tfjs-backend-wasm");
  const { folder, version } = installed("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(`${folder}/dist/`);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", threads > 1);
  if (threads > 1) {
    provideThreads(threads);
    wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js could not start its wasm backend.");
  return { tf, wasm, version };
}
