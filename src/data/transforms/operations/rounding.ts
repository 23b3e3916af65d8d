/** Numbers rounded as PyTorch's kernels round them. */

/** Rounded to float32, as PyTorch's kernels round after every operation. */
export const f32 = Math.fround;

/** a * b + c, rounded once: PyTorch's vectorised kernels use fused multiply-add. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  return f32(a * b + c);
}

/** Halves go to the even neighbour, as in PyTorch, Python and NumPy. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
