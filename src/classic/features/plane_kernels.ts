/** The kernels on planes. Workers are sent them: their scripts need not carry the binary. */
import { loadKernels } from "../../engines/wasm/kernel_binary.ts";

let compiled: Promise<WebAssembly.Module> | undefined;

/** The kernels, compiled once. Those without fused multiply-add: the same bits on every processor. */
export function planeKernels(): Promise<WebAssembly.Module> {
  compiled ??= loadKernels(false, false);
  return compiled;
}
