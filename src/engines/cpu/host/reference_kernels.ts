/** The script that brings all reference kernels into a page's worker (`page_host_kernels.ts`). */
import type { ReferenceKernels } from "../../reference/kernel.ts";
import { REFERENCE_KERNELS } from "../../reference/kernels.ts";

(globalThis as { convoyantKernels?: ReferenceKernels }).convoyantKernels = REFERENCE_KERNELS;
