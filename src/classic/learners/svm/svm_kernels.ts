/** The binaries whose kernels solve support vector machines. */
import { simdSupport } from "../../../engines/cpu/loops/simd_support.ts";
import { loadClassicKernels, loadKernels } from "../../../engines/wasm/kernel_binary.ts";

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();
const engines = new Map<boolean, Promise<WebAssembly.Module>>();

/** The kernels, compiled once. */
export const svmKernels = (shared: boolean): Promise<WebAssembly.Module> =>
  once(compiled, shared, loadClassicKernels);

/** Those of the wasm engine, of which kernel values are made. */
export const productKernels = (shared: boolean): Promise<WebAssembly.Module> =>
  once(engines, shared, () => loadKernels(simdSupport().relaxed, shared));

function once(
  modules: Map<boolean, Promise<WebAssembly.Module>>,
  shared: boolean,
  load: (shared: boolean) => Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  let module = modules.get(shared);
  if (module === undefined) {
    module = load(shared);
    modules.set(shared, module);
  }
  return module;
}
