/** Bytes by their address, seen from the page (`#read_bytes`; Node.js has `node_bytes.ts`). */
import { FileError } from "../base/errors.ts";
import { fetchBytes } from "./web_bytes.ts";

/** @throws FileError if they cannot be fetched or are more than `maxBytes`. */
export async function readBytes(url: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await fetchBytes(url);
  if (bytes.length > maxBytes)
    throw new FileError(`${url}: expected at most ${maxBytes} bytes, got ${bytes.length}`);
  return bytes;
}
