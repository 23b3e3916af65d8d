/** Checks of kernels that a program brings along: no solver can do without them. */
import { ArgumentError } from "../../../base/errors.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import { symmetricEigen } from "../preprocessing/symmetric_eigen.ts";
import type { Turns } from "../turns.ts";
import { type Kernel, KernelSide } from "./kernels.ts";

/** Examples whose kernel matrix is looked at: all of a small set, else some of every part. */
const MOST_EXAMPLES = 200;

/** A difference that rounding in single precision explains, as a share of the largest value. */
const ROUNDING = 1e-4;

/**
 * @throws ArgumentError if the kernel matrix of (a sample of) the examples has a value that is not finite, is not
 *   symmetric, or has a negative eigenvalue beyond rounding.
 */
export async function checkOwnKernel(caller: string, kernel: Kernel, x: Matrix, turns: Turns): Promise<void> {
  if (kernel.kernel !== "precomputed" && typeof kernel.kernel !== "function") return;
  const n = Math.min(x.rows, MOST_EXAMPLES);
  const examples = Array.from({ length: n }, (_, i) => Math.floor((i * x.rows) / n));
  const values = await valuesOf(kernel, x, examples, turns);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [one, other] = [values[i * n + j], values[j * n + i]];
      const shown = `examples ${examples[i]} and ${examples[j]}`;
      if (!Number.isFinite(one) || !Number.isFinite(other)) {
        throw new ArgumentError(
          `${caller}: the kernel of ${shown} is ${Number.isFinite(one) ? other : one}; expected finite values`,
        );
      }
      if (Math.abs(one - other) <= ROUNDING * largest) continue;
      throw new ArgumentError(
        `${caller}: the kernel is not symmetric: ${one} and ${other} for ${shown} in either order; ` +
          "expected k(a, b) = k(b, a)",
      );
    }
  }
  const { values: eigenvalues } = await symmetricEigen(values, n, turns);
  if (eigenvalues[n - 1] >= -ROUNDING * Math.max(...eigenvalues.map(Math.abs))) return;
  throw new ArgumentError(
    `${caller}: the kernel is not positive semi-definite: the kernel matrix of ${n} examples has the eigenvalue ` +
      `${eigenvalues[n - 1].toPrecision(4)}; expected an inner product, whose matrices have none below 0`,
  );
}

async function valuesOf(
  kernel: Kernel,
  x: Matrix,
  examples: readonly number[],
  turns: Turns,
): Promise<Float64Array> {
  const rows = takeRows(x, examples);
  if (kernel.kernel === "precomputed") {
    const n = examples.length;
    return Float64Array.from(
      { length: n * n },
      (_, at) => rows.data[Math.floor(at / n) * x.columns + examples[at % n]],
    );
  }
  return Float64Array.from(await (await KernelSide.of(kernel, rows, turns)).values(rows));
}
