/** Ops on integers and their bits, which have no gradients. Engines compute them with the reference kernel. */
import type { OpDefinition } from "../../graph/node.ts";
import { inferBroadcast } from "../core.ts";

const binary = (name: string): OpDefinition => ({ name, infer: (inputs) => inferBroadcast(inputs) });

export const bitwiseAndOp = binary("bitwiseAnd");
export const bitwiseOrOp = binary("bitwiseOr");
export const bitwiseXorOp = binary("bitwiseXor");
export const leftShiftOp = binary("leftShift");
/** The sign is kept. */
export const rightShiftOp = binary("rightShift");
export const gcdOp = binary("gcd");
export const lcmOp = binary("lcm");
export const bitwiseNotOp: OpDefinition = {
  name: "bitwiseNot",
  infer: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
};
