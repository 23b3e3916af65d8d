/** The kernel binaries of Node.js (`#kernel_bytes`; a page has `page_kernels.ts`): all at hand, and at once. */
import { inflateRawSync } from "node:zlib";
import relaxedShared from "#kernels/relaxed.shared";
import relaxedSingle from "#kernels/relaxed.single";
import simdShared from "#kernels/simd.shared";
import simdSingle from "#kernels/simd.single";

/** The binary's bytes. */
export async function kernelBytes(relaxed: boolean, shared: boolean): Promise<BufferSource> {
  const text = shared ? (relaxed ? relaxedShared : simdShared) : relaxed ? relaxedSingle : simdSingle;
  return inflate(text);
}

/** The kernels for a memory of one thread, at once. */
export function loadKernelsNow(relaxed: boolean): WebAssembly.Module {
  return new WebAssembly.Module(inflate(relaxed ? relaxedSingle : simdSingle));
}

function inflate(text: string): Uint8Array<ArrayBuffer> {
  return inflateRawSync(Buffer.from(text, "base64"));
}
