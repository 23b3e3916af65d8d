/**
 * `convoyant/engines/reference`: every op as a plain TypeScript loop, and the contract that engines fulfil. For tests of
 * engines, and for reading.
 */
export type * from "../engines/contract/engine.ts";
export { ReferenceEngine } from "../engines/reference/reference_engine.ts";
