/** What WebAssembly can do in this run-time. */
import { ModuleBuilder } from "./emitter.ts";

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
