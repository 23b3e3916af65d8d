/** The binary whose kernels solve support vector machines. */
import { loadKernels } from "../../../engines/wasm/kernel_binary.ts";

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** The kernels, compiled once. Those without fused multiply-add: the same bits on every processor. */
export function svmKernels(shared: boolean): Promise<WebAssembly.Module> {
  let module = compiled.get(shared);
  if (module === undefined) {
    module = loadKernels(false, shared);
    compiled.set(shared, module);
  }
  return module;
}
