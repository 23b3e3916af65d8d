/** Cross-correlation, element by element as the book defines it. */
import { ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { type Tensor, zeros } from "../tensor/index.ts";

/**
 * Two-dimensional cross-correlation: Y[i, j] is the sum of the products of K and the window of X at [i, j]. For
 * reading; `nn.functional.conv2d` computes it fast.
 *
 * Source: "Dive into Deep Learning", section 6.2.1, `corr2d`.
 *
 * @param X - [height, width].
 * @param K - the kernel, [h, w].
 * @returns [height - h + 1, width - w + 1].
 * @throws ShapeError for other numbers of dimensions, or a kernel that is larger than X.
 * @example
 * ```ts
 * book.corr2d(ones(3, 3), ones(2, 2)).tolist(); // [[4, 4], [4, 4]]
 * ```
 */
export function corr2d(X: Tensor, K: Tensor): Tensor {
  if (X.ndim !== 2 || K.ndim !== 2 || K.shape.some((size, dim) => size > X.shape[dim])) {
    throw new ShapeError(
      `corr2d: expected X [height, width] and a kernel that fits into it, got ${formatShape(X.shape)} and ${formatShape(K.shape)}`,
    );
  }
  const [h, w] = K.shape;
  const Y = zeros(X.shape[0] - h + 1, X.shape[1] - w + 1);
  for (let i = 0; i < Y.shape[0]; i++)
    for (let j = 0; j < Y.shape[1]; j++)
      Y.setAt_(
        [i, j],
        X.at(`${i}:${i + h}`, `${j}:${j + w}`)
          .mul(K)
          .sum(),
      );
  return Y;
}
