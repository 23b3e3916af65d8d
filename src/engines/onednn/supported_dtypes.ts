/** Which elements the engine hands to the library: decided from the shapes' side, before a worker is asked. */
import type { TensorSpec } from "../contract/engine.ts";
import { dnnlFacts } from "./library/load_dnnl.ts";

/** 32-bit floats, and bfloat16 if the processor multiplies it faster. */
export function takesElement({ dtype }: TensorSpec): boolean {
  return dtype === "float32" || (dtype === "bfloat16" && dnnlFacts()?.fastBfloat16 === true);
}
