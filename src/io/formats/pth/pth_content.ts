/** What both forms of `.pth` files come to: a value, and storages that are read when they are needed. */
import type { PickledStorage } from "./pickled_tensor.ts";

export interface PthContent {
  /** The value that was saved. */
  readonly value: unknown;
  /** Whether the storages were written with the highest byte first. */
  readonly bigEndian: boolean;
  /** The bytes that the file keeps under a storage's key, in a buffer of their own. */
  readStorage(storage: PickledStorage): Promise<Uint8Array<ArrayBuffer>>;
}
