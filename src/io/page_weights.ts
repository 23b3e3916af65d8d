/** Weights by their address, seen from the page (`#weights_file`; Node.js has `node_weights.ts`). */
import { type ByteSource, sourceOfBytes } from "./formats/byte_source.ts";
import { fetchBytes } from "./web_bytes.ts";

/** Opens a file beside another: a page has none. */
export type OpenFileBeside = (location: string, body: (source: ByteSource) => Promise<void>) => Promise<void>;

/** @throws FileError if it cannot be fetched, and what `body` throws. */
export async function withWeightsFile<T>(
  url: string,
  body: (source: ByteSource, beside?: OpenFileBeside) => Promise<T>,
): Promise<T> {
  return body(sourceOfBytes(await fetchBytes(url)));
}
