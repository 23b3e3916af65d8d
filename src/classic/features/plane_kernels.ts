/** The kernels on planes. Workers are sent them: their scripts need not carry the binary. */
import { loadClassicKernels } from "../../engines/wasm/kernel_binary.ts";

let compiled: Promise<WebAssembly.Module> | undefined;

/** The kernels, compiled once. */
export function planeKernels(): Promise<WebAssembly.Module> {
  compiled ??= loadClassicKernels(false);
  return compiled;
}
