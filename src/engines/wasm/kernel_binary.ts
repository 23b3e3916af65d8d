/** Compiles the binary of the AssemblyScript kernels that suits this machine. */
import { kernelBytes } from "#kernel_bytes";
import { EngineError } from "../../base/errors.ts";

/** Compiles the kernels; `shared` for a memory that threads share. */
export async function loadKernels(relaxed: boolean, shared: boolean): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await kernelBytes(relaxed, shared));
  } catch (error) {
    throw new EngineError(`wasm: the kernels cannot be loaded: ${(error as Error).message}`);
  }
}
