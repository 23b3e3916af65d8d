/** Weights by their address, seen from the page (`#weights_file`; Node.js has `node_weights.ts`). */
import { decodeSafetensors, type NamedArray } from "./safetensors/safetensors.ts";
import { fetchBytes } from "./web_bytes.ts";

/** @throws FileError if it cannot be fetched or is not what it claims to be. */
export async function readWeights(url: string): Promise<Map<string, NamedArray>> {
  return decodeSafetensors(await fetchBytes(url), { name: url }).tensors;
}
