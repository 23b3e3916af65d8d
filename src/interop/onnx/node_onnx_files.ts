/** What reads and writes ONNX, loaded when it is called (`#onnx_files`; a page has `page_onnx_files.ts`). */
import { loadedModule } from "../../base/open_files.ts";
import type { onnxFile as OnnxFile } from "./export_onnx.ts";
import type { loadOnnx as LoadOnnx } from "./load.ts";

export const onnxFile = async (...args: Parameters<typeof OnnxFile>): ReturnType<typeof OnnxFile> =>
  (await loadedModule(import("./export_onnx.ts"))).onnxFile(...args);

export const loadOnnx = async (...args: Parameters<typeof LoadOnnx>): ReturnType<typeof LoadOnnx> =>
  (await loadedModule(import("./load.ts"))).loadOnnx(...args);
