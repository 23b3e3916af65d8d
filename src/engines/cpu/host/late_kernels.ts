/** The reference kernels that workers do not start with, as the main thread sees them. */
export interface LateKernels {
  /** Whether the op's kernel is one of them. */
  has(op: string): boolean;
  /** The script that brings all reference kernels, as text. */
  source(): Promise<{ readonly default: string }>;
}
