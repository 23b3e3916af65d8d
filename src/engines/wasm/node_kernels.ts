/** The kernel binaries of Node.js (`#kernel_bytes`; a page has `page_kernels.ts`): those of the engine at once. */
import * as relaxedKernels from "#kernels/relaxed";
import * as simdKernels from "#kernels/simd";

/** The binary's bytes. */
export async function kernelBytes(
  name: "simd" | "relaxed" | "classic",
  shared: boolean,
): Promise<BufferSource> {
  const kernels = name === "classic" ? await import("#kernels/classic") : engineKernels(name === "relaxed");
  const bytes = inflate(kernels.default);
  if (shared) bytes[kernels.sharedFlagAt] = 3;
  return bytes;
}

/** The kernels for a memory of one thread, at once. */
export function loadKernelsNow(relaxed: boolean): WebAssembly.Module {
  return new WebAssembly.Module(inflate(engineKernels(relaxed).default));
}

const engineKernels = (relaxed: boolean) => (relaxed ? relaxedKernels : simdKernels);

function inflate(text: string): Uint8Array<ArrayBuffer> {
  // Loaded with the kernels, and not with the package: it takes milliseconds.
  const { inflateRawSync } = process.getBuiltinModule("node:zlib");
  return inflateRawSync(Buffer.from(text, "base64"));
}
