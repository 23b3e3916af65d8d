/** Bytes that are read piece by piece: a file of the disk (`OpenFile` is one), a Blob, or memory. */
import { FileError } from "../../base/errors.ts";
import type { BlobLike } from "../../base/web_types.ts";

/** What a reader of a file format reads from. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `start` to `end`, in a buffer of their own. Both must lie within the source. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file by its name in the folder of another, or below that, and closes it when `body` is done. */
export type OpenBeside = (location: string, body: (source: ByteSource) => Promise<void>) => Promise<void>;

/** Memory as a source. What is read are copies, which do not keep `bytes` alive. */
export function sourceOfBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    // Not slice(): of a Node Buffer that is a view.
    read: async (start, end) => new Uint8Array(bytes.subarray(start, end)),
  };
}

/** A Blob or File as a source: only what is asked for comes into memory. */
export function sourceOfBlob(blob: BlobLike): ByteSource {
  return {
    size: blob.size,
    async read(start, end) {
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer());
      } catch (error) {
        throw new FileError(`load: the Blob cannot be read: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}

/** All of a source's bytes. */
export function readAll(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  return source.read(0, source.size);
}
