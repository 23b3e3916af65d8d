/** The ops whose reference kernels a page's workers start with: what training takes besides kernels of its own. */
export const FIRST_OPS = ["arange", "argmax", "randomNormal"] as const;

export type FirstOp = (typeof FIRST_OPS)[number];
