/** The op that a fused loop becomes. */
import type { FusedLoop } from "../../engines/contract/fused_loop.ts";
import type { OpDefinition } from "../../graph/node.ts";

/** `attributes.loop` says what it computes; `attributes.names` which ops it was. */
export const fusedOp: OpDefinition = {
  name: "fused",
  infer(_inputs, attributes) {
    const loop = attributes.loop as FusedLoop;
    return loop.outputs.map((o) => ({ shape: loop.shape, dtype: o.dtype }));
  },
};
