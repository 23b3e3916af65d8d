/** In Node.js (`#late_kernels`; a page has `page_late_kernels.ts`) workers start with all reference kernels. */
import type { LateKernels } from "./late_kernels.ts";

export const LATE_KERNELS: LateKernels | undefined = undefined;
