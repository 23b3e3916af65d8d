/** What every decoder is given beside the bytes. */
import type { Image } from "../../records/image.ts";

/** How an image is decoded, complete. */
export interface DecodeSettings {
  /** Channels of the result; undefined: grey if the file is grey, red, green and blue otherwise. */
  readonly channels: 1 | 3 | 4 | undefined;
  /** What lies behind pixels that are not opaque. */
  readonly background: readonly [red: number, green: number, blue: number];
  /** The most pixels. */
  readonly limit: number;
}

/** Decodes the bytes of a file of one format; `name` is the file's, for errors. */
export type Decode = (bytes: Uint8Array, settings?: DecodeSettings, name?: string) => Image;

/** The most pixels an image may have unless `limit` says otherwise: more than any camera's, 192 MB in colour. */
export const DEFAULT_LIMIT = 64_000_000;

export const DEFAULT_SETTINGS: DecodeSettings = {
  channels: undefined,
  background: [255, 255, 255],
  limit: DEFAULT_LIMIT,
};
