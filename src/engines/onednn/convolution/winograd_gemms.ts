/** The GEMMs of Winograd's algorithm: one for each pair of points. */
import type { DnnlScope } from "../library/dnnl.ts";

/** Planes one behind the other. */
export interface Planes {
  readonly address: number;
  readonly planeBytes: number;
}

export type PlaneGemms = (left: Planes, right: Planes, to: Planes) => void;

/** to = left right for each of `planes` planes, [rows, inner] and [inner, columns]; null if the library has no implementation. */
export function planeGemms(
  scope: DnnlScope,
  count: number,
  [rows, inner, columns]: readonly [rows: number, inner: number, columns: number],
  options: {
    /** `left` is given as [inner, rows]. */
    readonly transposed?: boolean;
    /** Numbers from one row of `right` to the next, if it has more columns. */
    readonly pitch?: number;
    /** to += left right. */
    readonly added?: boolean;
  } = {},
): PlaneGemms | null {
  const { transposed = false, added = false, pitch = columns } = options;
  const source = scope.descriptor([rows, inner], "float32", transposed ? [1, rows] : [inner, 1]);
  const weights = scope.descriptor([inner, columns], "float32", [pitch, 1]);
  const destination = scope.descriptor([rows, columns], "float32");
  const description = scope.matmul({ source, weights, destination }, undefined, added);
  if (description === null) return null;
  const product = scope.primitive(description, [
    ["source", source],
    ["weights", weights],
    ["destination", destination],
  ]);
  return (left, right, to) => {
    for (let i = 0; i < count; i++) {
      product.run(
        left.address + i * left.planeBytes,
        right.address + i * right.planeBytes,
        to.address + i * to.planeBytes,
      );
    }
  };
}
