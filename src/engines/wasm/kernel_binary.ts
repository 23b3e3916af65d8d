/** Compiles the binaries of the AssemblyScript kernels. */
import { kernelBytes } from "#kernel_bytes";
import { EngineError } from "../../base/errors.ts";

/** Compiles the engine's kernels that every network needs; `shared` for a memory that threads share. */
export const loadKernels = (relaxed: boolean, shared: boolean): Promise<WebAssembly.Module> =>
  compiled(relaxed ? "relaxed" : "simd", shared);

/** Compiles those that not every network needs. */
export const loadLateKernels = (relaxed: boolean, shared: boolean): Promise<WebAssembly.Module> =>
  compiled(relaxed ? "late_relaxed" : "late_simd", shared);

/** Compiles those of hand-made features, without fused multiply-add: the same bits on every processor. */
export const loadClassicKernels = (shared: boolean): Promise<WebAssembly.Module> =>
  compiled("classic", shared);

async function compiled(
  name: Parameters<typeof kernelBytes>[0],
  shared: boolean,
): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await kernelBytes(name, shared));
  } catch (error) {
    throw new EngineError(`wasm: the kernels cannot be loaded: ${(error as Error).message}`);
  }
}
