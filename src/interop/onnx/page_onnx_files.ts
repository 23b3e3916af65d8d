/**
 * What reads and writes ONNX, in a page (`#onnx_files`; Node.js has `node_onnx_files.ts`). It is imported at once, so
 * that a bundler leaves it out of a page that does not call it: of a module that is loaded later esbuild keeps, even then, all
 * that it shares with the page.
 */
export { onnxFile } from "./export_onnx.ts";
export { loadOnnx } from "./load.ts";
