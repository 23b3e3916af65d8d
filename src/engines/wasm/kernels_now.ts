/** The kernels of Node.js without waiting, for a benchmark in the middle of a decision. */
import * as lateRelaxed from "#kernels/late_relaxed";
import * as lateSimd from "#kernels/late_simd";
import * as relaxed from "#kernels/relaxed";
import * as simd from "#kernels/simd";
import { inflated } from "./node_kernels.ts";

/** All kernels of the engine for a memory of one thread, at once. */
export function loadKernelsNow(withRelaxed: boolean): WebAssembly.Module[] {
  const binaries = withRelaxed ? [relaxed, lateRelaxed] : [simd, lateSimd];
  return binaries.map((each) => new WebAssembly.Module(inflated(each.default)));
}
