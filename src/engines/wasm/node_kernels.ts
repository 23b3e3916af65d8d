/** The kernel binaries of Node.js (`#kernel_bytes`; a page has `page_kernels.ts`). */
import { loadedModule } from "../../base/open_files.ts";

const LOADERS = {
  simd: () => import("#kernels/simd"),
  relaxed: () => import("#kernels/relaxed"),
  late_simd: () => import("#kernels/late_simd"),
  late_relaxed: () => import("#kernels/late_relaxed"),
  classic: () => import("#kernels/classic"),
};

/** Whether the kernels that not every network needs are loaded for the first program with them. */
export const LOADS_LATE = false;

/** The binary's bytes. */
export async function kernelBytes(name: keyof typeof LOADERS, shared: boolean): Promise<BufferSource> {
  const kernels = await loadedModule(LOADERS[name]());
  const bytes = inflated(kernels.default);
  if (shared) bytes[kernels.sharedFlagAt] = 3;
  return bytes;
}

export function inflated(text: string): Uint8Array<ArrayBuffer> {
  // Loaded with the kernels, and not with the package: it takes milliseconds.
  const { inflateRawSync } = process.getBuiltinModule("node:zlib");
  return inflateRawSync(Buffer.from(text, "base64"));
}
