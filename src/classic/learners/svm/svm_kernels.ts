/** The binary whose kernels solve support vector machines. */
import { loadClassicKernels } from "../../../engines/wasm/kernel_binary.ts";

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** The kernels, compiled once. */
export function svmKernels(shared: boolean): Promise<WebAssembly.Module> {
  let module = compiled.get(shared);
  if (module === undefined) {
    module = loadClassicKernels(shared);
    compiled.set(shared, module);
  }
  return module;
}
