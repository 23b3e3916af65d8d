/** `convoyant/onnx`: what `onnx` holds, by name. */
import "../tensor/index.ts";

export * from "../interop/onnx/index.ts";
