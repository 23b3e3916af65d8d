/** Compiles the binary of the AssemblyScript kernels that suits this machine. */
import { kernelBytes } from "#kernel_bytes";
import { EngineError } from "../../base/errors.ts";
import { ModuleBuilder } from "../cpu/loops/emitter.ts";

/** Whether this runtime has fixed-width SIMD, and whether it has relaxed SIMD (fused multiply-add). */
export function simdSupport(): { simd: boolean; relaxed: boolean } {
  return { simd: validates(false), relaxed: validates(true) };
}

function validates(relaxed: boolean): boolean {
  const module = new ModuleBuilder({ shared: false });
  module.defineFunction(["v128"], ["v128"], (f) => {
    const [x] = f.params;
    f.get(x).get(x);
    if (relaxed) f.get(x).simd("f32x4.relaxed_madd");
    else f.simd("f32x4.add");
  });
  return WebAssembly.validate(module.finish());
}

/** Compiles the kernels; `shared` for a memory that threads share. */
export async function loadKernels(relaxed: boolean, shared: boolean): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await kernelBytes(relaxed, shared));
  } catch (error) {
    throw new EngineError(`wasm: the kernels cannot be loaded: ${(error as Error).message}`);
  }
}
