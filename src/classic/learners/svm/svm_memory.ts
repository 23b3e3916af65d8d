/** The memory in which support vector machines are solved. */
import { OutOfMemoryError } from "../../../base/errors.ts";

/** Bytes by which memory is measured; the first page is the binary's own. */
export const PAGE = 65536;

const MOST_PAGES = 65536;

/** The most that memory can hold, beside the binary's own page. */
export const MOST_BYTES = (MOST_PAGES - 1) * PAGE;

/** Threads share memory in Node.js, and in pages that are isolated from others. */
export function sharesMemory(): boolean {
  const { process, crossOriginIsolated } = globalThis as { process?: object; crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && (process !== undefined || crossOriginIsolated === true);
}

/**
 * Memory of zeros.
 *
 * @param what - what is to be kept there, and `advice` what may be done if it does not fit.
 * @throws OutOfMemoryError if there is not that much.
 */
export function memoryOf(bytes: number, shared: boolean, what: string, advice: string): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  if (pages > MOST_PAGES) throw new OutOfMemoryError(`${what} take more than 4 GB; ${advice}`);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (error) {
    throw new OutOfMemoryError(`there is no memory for ${what}; ${advice}`, { cause: error });
  }
}

/** The kernels for some memory. */
export function instanceOf<Kernels>(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
