/** The reference kernel of every op. */
import type { ReferenceKernel, ReferenceKernels } from "./kernel.ts";
import { COLLECTIVE_KERNELS } from "./kernels/collectives.ts";
import { CONVOLUTION_KERNELS } from "./kernels/convolution.ts";
import { ELEMENTWISE_KERNELS } from "./kernels/elementwise.ts";
import { EXTREME_KERNELS } from "./kernels/extremes.ts";
import { INDEXING_KERNELS } from "./kernels/indexing.ts";
import { INTEGER_KERNELS } from "./kernels/integers.ts";
import { INTERPOLATION_KERNELS } from "./kernels/interpolation.ts";
import { LABEL_KERNELS } from "./kernels/labels.ts";
import { LOSS_KERNELS } from "./kernels/losses.ts";
import { MATH_KERNELS } from "./kernels/math.ts";
import { MATMUL_KERNELS } from "./kernels/matmul.ts";
import { NORMALIZATION_KERNELS } from "./kernels/normalization.ts";
import { ORDERING_KERNELS } from "./kernels/ordering.ts";
import { PADDING_KERNELS } from "./kernels/padding.ts";
import { POOLING_KERNELS } from "./kernels/pooling.ts";
import { RANDOM_KERNELS } from "./kernels/random.ts";
import { REDUCTION_KERNELS } from "./kernels/reduction.ts";
import { SCAN_KERNELS } from "./kernels/scan.ts";
import { SHAPE_KERNELS } from "./kernels/shape_ops.ts";
import { SLICING_KERNELS } from "./kernels/slicing.ts";
import { SOFTMAX_KERNELS } from "./kernels/softmax.ts";
import { UNFOLDING_KERNELS } from "./kernels/unfolding.ts";

export type { ReferenceKernel } from "./kernel.ts";

const KERNELS = {
  ...ELEMENTWISE_KERNELS,
  ...REDUCTION_KERNELS,
  ...SHAPE_KERNELS,
  ...RANDOM_KERNELS,
  ...SLICING_KERNELS,
  ...SCAN_KERNELS,
  ...ORDERING_KERNELS,
  ...EXTREME_KERNELS,
  ...MATH_KERNELS,
  ...INTEGER_KERNELS,
  ...INDEXING_KERNELS,
  ...MATMUL_KERNELS,
  ...CONVOLUTION_KERNELS,
  ...POOLING_KERNELS,
  ...NORMALIZATION_KERNELS,
  ...SOFTMAX_KERNELS,
  ...PADDING_KERNELS,
  ...LABEL_KERNELS,
  ...LOSS_KERNELS,
  ...UNFOLDING_KERNELS,
  ...INTERPOLATION_KERNELS,
  ...COLLECTIVE_KERNELS,
} satisfies Record<string, ReferenceKernel>;

/** Names of all ops: each has a reference kernel. */
export type OpName = keyof typeof KERNELS;

export const REFERENCE_KERNELS: ReferenceKernels = KERNELS;
