/**
 * In a page (`#late_kernels`; Node.js has `node_late_kernels.ts`) workers start with few reference kernels: most
 * programs run none of the others, so a page loads those for the first program that does.
 */
import { FIRST_OPS } from "./first_ops.ts";
import type { LateKernels } from "./late_kernels.ts";

const first: readonly string[] = FIRST_OPS;

export const LATE_KERNELS: LateKernels | undefined = {
  has: (op) => !first.includes(op),
  source: () => import("#worker_sources/reference_kernels"),
};
