/** The reference kernel of every op. */
import type { ReferenceKernel } from "./kernel.ts";
import { ELEMENTWISE_KERNELS } from "./kernels/elementwise.ts";
import { MATMUL_KERNELS } from "./kernels/matmul.ts";
import { RANDOM_KERNELS } from "./kernels/random.ts";
import { REDUCTION_KERNELS } from "./kernels/reduction.ts";
import { SHAPE_KERNELS } from "./kernels/shape_ops.ts";

export type { ReferenceKernel } from "./kernel.ts";

export const REFERENCE_KERNELS: Readonly<Record<string, ReferenceKernel>> = {
  ...ELEMENTWISE_KERNELS,
  ...REDUCTION_KERNELS,
  ...SHAPE_KERNELS,
  ...RANDOM_KERNELS,
  ...MATMUL_KERNELS,
};
