/** The reference kernels of a worker in Node.js (`#host_kernels`; a page's has `page_host_kernels.ts`): all, always. */
import type { ReferenceKernels } from "../../reference/kernel.ts";
import { REFERENCE_KERNELS } from "../../reference/kernels.ts";

export function hostKernels(): ReferenceKernels {
  return REFERENCE_KERNELS;
}

/** Never sent here. */
export function importHostKernels(_script: string): void {}
