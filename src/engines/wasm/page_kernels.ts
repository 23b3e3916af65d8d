/** The kernel binaries of a page (`#kernel_bytes`; Node.js has `node_kernels.ts`): it loads those that it needs. */

const LOADERS = {
  simd: () => import("#kernels/simd"),
  relaxed: () => import("#kernels/relaxed"),
  late_simd: () => import("#kernels/late_simd"),
  late_relaxed: () => import("#kernels/late_relaxed"),
  classic: () => import("#kernels/classic"),
};

/** Whether the kernels that not every network needs are loaded for the first program with them. */
export const LOADS_LATE = true;

/** The binary's bytes. */
export async function kernelBytes(name: keyof typeof LOADERS, shared: boolean): Promise<BufferSource> {
  const kernels = await LOADERS[name]();
  const packed = Uint8Array.from(atob(kernels.default), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
  if (shared) bytes[kernels.sharedFlagAt] = 3;
  return bytes;
}
