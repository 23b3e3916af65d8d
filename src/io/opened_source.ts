/** What a reader is given: a path, an address, bytes, a Blob, a Response. */
import { withWeightsFile } from "#weights_file";
import { isArrayBuffer, isSharedArrayBuffer, tagOf } from "../base/builtin_kinds.ts";
import { ArgumentError } from "../base/errors.ts";
import type { BlobLike, ResponseLike, UrlLike } from "../base/web_types.ts";
import { type ByteSource, type OpenBeside, sourceOfBlob, sourceOfBytes } from "./formats/byte_source.ts";
import { bytesOfResponse, fetchBytes } from "./web_bytes.ts";

/** Where weights can come from: a path or an address, or what was read already. */
export type WeightsSource = string | UrlLike | ArrayBuffer | ArrayBufferView | BlobLike | ResponseLike;

/** A source that can be read. */
export interface OpenedSource {
  readonly source: ByteSource;
  /** How messages call it; undefined for bytes. */
  readonly name: string | undefined;
  /** Opens a file in the same folder; undefined if the source is not a file of the disk. */
  readonly beside?: OpenBeside | undefined;
}

/**
 * Opens a source, and closes it when `body` is done.
 *
 * @param of - the function that was called, for messages.
 * @throws FileError if it cannot be read, ArgumentError for anything that is not a source.
 */
export async function withSource<T>(
  source: unknown,
  of: string,
  body: (opened: OpenedSource) => Promise<T>,
): Promise<T> {
  const inMemory = (bytes: Uint8Array, name?: string) => body({ source: sourceOfBytes(bytes), name });
  if (typeof source === "string") return withAddress(source, body);
  if (ArrayBuffer.isView(source))
    return inMemory(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (isArrayBuffer(source) || isSharedArrayBuffer(source)) return inMemory(new Uint8Array(source));
  switch (tagOf(source)) {
    case "URL":
      return withAddress((source as UrlLike).href, body);
    case "Blob":
    case "File":
      return body({ source: sourceOfBlob(source as Blob), name: (source as File).name });
    case "Response": {
      const name = (source as Response).url || "the response";
      return inMemory(await bytesOfResponse(source as Response, name), name);
    }
  }
  throw new ArgumentError(
    `${of}: expected a path, a URL, an ArrayBuffer, a typed array, a Blob or a Response, got ` +
      (source === null ? "null" : typeof source),
  );
}

/** Addresses on the web are the same everywhere; the rest is a path, or an address seen from the page. */
async function withAddress<T>(address: string, body: (opened: OpenedSource) => Promise<T>): Promise<T> {
  if (!/^(https?|data|blob):/i.test(address))
    return withWeightsFile(address, (source, beside) => body({ source, name: address, beside }));
  return body({ source: sourceOfBytes(await fetchBytes(address)), name: shortName(address) });
}

/** A data: URL holds the whole file. */
function shortName(url: string): string {
  return url.length > 200 ? `${url.slice(0, 40)}...` : url;
}
