/** Makes of an image's bytes what a network takes: in a worker, so that the main thread is free for requests. */
import { inputOf } from "../../classifier/network_input.ts";
import type { ArrayBatch } from "../../data/array_batch.ts";
import type { TransformSpec } from "../../data/transforms/transform_spec.ts";
import { type DecodeOptions, decodeNamed } from "../../io/images/decode_image.ts";
import type { Image } from "../../records/image.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";

/** How images are prepared. */
export interface Preparation {
  readonly decode: DecodeOptions;
  /** What is done to the pixels, and its description as a transform; null: the classifier does it. */
  readonly before: { readonly preprocessing: Preprocessing; readonly spec: TransformSpec } | null;
}

export interface ImageToPrepare {
  readonly bytes: Uint8Array;
  readonly preparation: Preparation;
  /** Memory of an earlier answer, to be used for this one if it fits. */
  readonly room?: ArrayBuffer | undefined;
}

export interface PreparedImage {
  /** As it was decoded, if the classifier wants that; otherwise what the network takes, [1, C, H, W]. */
  readonly content: Image | ArrayBatch;
  /** Milliseconds that it took. */
  readonly milliseconds: number;
}

/** @throws FileError if it is not an image that is decoded, is damaged, or has more pixels than the limit. */
export async function prepareImage({ bytes, preparation, room }: ImageToPrepare): Promise<PreparedImage> {
  const start = performance.now();
  const { decode, before } = preparation;
  const image = await decodeNamed("serve", bytes, undefined, decode);
  const content =
    before === null ? image : movedTo(room, inputOf(image, before.preprocessing, before.spec, "the image"));
  return { content, milliseconds: performance.now() - start };
}

function movedTo(room: ArrayBuffer | undefined, input: ArrayBatch): ArrayBatch {
  if (input.dtype !== "float32" || room?.byteLength !== input.data.byteLength) return input;
  const data = new Float32Array(room);
  data.set(input.data as Float32Array);
  return { ...input, data };
}
