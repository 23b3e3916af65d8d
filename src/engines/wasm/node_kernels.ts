/** The kernel binaries of Node.js (`#kernel_bytes`; a page has `page_kernels.ts`): those of the engine at once. */
import * as lateRelaxed from "#kernels/late_relaxed";
import * as lateSimd from "#kernels/late_simd";
import * as relaxed from "#kernels/relaxed";
import * as simd from "#kernels/simd";

const ENGINE_KERNELS = { simd, relaxed, late_simd: lateSimd, late_relaxed: lateRelaxed };

/** Whether the kernels that not every network needs are loaded for the first program with them. */
export const LOADS_LATE = false;

/** The binary's bytes. */
export async function kernelBytes(
  name: keyof typeof ENGINE_KERNELS | "classic",
  shared: boolean,
): Promise<BufferSource> {
  const kernels = name === "classic" ? await import("#kernels/classic") : ENGINE_KERNELS[name];
  const bytes = inflate(kernels.default);
  if (shared) bytes[kernels.sharedFlagAt] = 3;
  return bytes;
}

/** All kernels of the engine for a memory of one thread, at once. */
export function loadKernelsNow(withRelaxed: boolean): WebAssembly.Module[] {
  const binaries = withRelaxed ? [relaxed, lateRelaxed] : [simd, lateSimd];
  return binaries.map((each) => new WebAssembly.Module(inflate(each.default)));
}

function inflate(text: string): Uint8Array<ArrayBuffer> {
  // Loaded with the kernels, and not with the package: it takes milliseconds.
  const { inflateRawSync } = process.getBuiltinModule("node:zlib");
  return inflateRawSync(Buffer.from(text, "base64"));
}
