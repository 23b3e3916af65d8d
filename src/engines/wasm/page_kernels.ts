/** The kernel binaries of a page (`#kernel_bytes`; Node.js has `node_kernels.ts`): it loads the one that it needs. */

/** The binary's bytes. */
export async function kernelBytes(relaxed: boolean, shared: boolean): Promise<BufferSource> {
  const kernels = await (relaxed ? import("#kernels/relaxed") : import("#kernels/simd"));
  const packed = Uint8Array.from(atob(kernels.default), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
  if (shared) bytes[kernels.sharedFlagAt] = 3;
  return bytes;
}
