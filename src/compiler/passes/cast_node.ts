/** The op by which passes convert between dtypes: what `ops/` defines, without its gradient. */
import type { DType } from "../../base/dtype.ts";
import type { OpDefinition } from "../../graph/node.ts";

export const castOp: OpDefinition = {
  name: "cast",
  elementwise: { kind: "cast" },
  infer: ([x], { dtype }) => [{ shape: x.shape, dtype: dtype as DType }],
};
