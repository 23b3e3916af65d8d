/** The kernel binaries of a page (`#kernel_bytes`; Node.js has `node_kernels.ts`): it loads the one that it needs. */

/** The binary's bytes. */
export async function kernelBytes(relaxed: boolean, shared: boolean): Promise<BufferSource> {
  const { default: text } = await load(relaxed, shared);
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(unpacked).arrayBuffer();
}

function load(relaxed: boolean, shared: boolean): Promise<{ readonly default: string }> {
  if (relaxed) return shared ? import("#kernels/relaxed.shared") : import("#kernels/relaxed.single");
  return shared ? import("#kernels/simd.shared") : import("#kernels/simd.single");
}
