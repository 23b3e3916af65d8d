/** Images that are decoded one by one when they are needed, as plain data that a worker can be sent. */
import type { BlobLike } from "../../base/web_types.ts";
import type { DecodeOptions } from "../../io/images/decode_image.ts";
import type { ArrayBatch } from "../array_batch.ts";
import type { CacheDescription } from "../cache/image_cache.ts";
import type { TransformSpec } from "../transforms/transform_spec.ts";

/** Where an image's bytes are: a path (in a page an address), a `Blob` or `File`, or the bytes themselves. */
export type ImageSource = string | BlobLike | Uint8Array;

/** Images in files. */
export interface ImagesDescription {
  kind: "images";
  /** The data set's name in messages: "ImageFolder". */
  name: string;
  sources: readonly ImageSource[];
  /** A row for each image. */
  labels: ArrayBatch;
  /** Runs on each image by itself, before they are put together to a batch. */
  transform: TransformSpec | null;
  decode: DecodeOptions;
  /** Null if every image is decoded each time. */
  cache: CacheDescription | null;
}

/** How messages name an image. */
export function nameOfSource(source: ImageSource, index: number): string {
  if (typeof source === "string") return source;
  const { name } = source as { readonly name?: unknown };
  return typeof name === "string" && name !== "" ? name : `image ${index}`;
}
