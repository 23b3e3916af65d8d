/** Weights by their address, seen from the page (`#weights_file`; Node.js has `node_weights.ts`). */
import { type ByteSource, type OpenBeside, sourceOfBytes } from "./formats/byte_source.ts";
import { fetchBytes } from "./web_bytes.ts";

/** @throws FileError if it cannot be fetched, and what `body` throws. */
export async function withWeightsFile<T>(
  url: string,
  body: (source: ByteSource, beside?: OpenBeside) => Promise<T>,
): Promise<T> {
  return body(sourceOfBytes(await fetchBytes(url)));
}
