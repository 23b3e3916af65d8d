/** Reads one image file and measures it. */
import { createHash } from "node:crypto";
import { readBytes } from "#read_bytes";
import { type ImageMeasures, imageMeasures } from "../../data/quality/image_measures.ts";
import { decodeNamed, MAX_IMAGE_BYTES } from "../../io/images/decode_image.ts";
import type { Image } from "../../records/image.ts";

/** What is asked of a file. */
export interface FileQuestion {
  readonly path: string;
  /** Whether the image itself is needed too. */
  readonly withImage: boolean;
}

/** What was found in a file. */
export interface MeasuredFile {
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
  readonly measures: ImageMeasures;
  readonly image: Image | null;
}

/** @throws FileError if it cannot be read or decoded. */
export async function measureFile({ path, withImage }: FileQuestion): Promise<MeasuredFile> {
  const bytes = await readBytes(path, MAX_IMAGE_BYTES);
  const image = await decodeNamed("checkData", bytes, path, {});
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { sha256, measures: imageMeasures(image), image: withImage ? image : null };
}
