/** Images inside of documents. */
import { encodePng } from "../io/images/encode_png.ts";
import { base64 } from "./html/base64.ts";
import type { Image } from "./image.ts";

export type { Image } from "./image.ts";

/** An image as a `data:` address that an `<img>` takes. */
export function imageUri(image: Image): string {
  return `data:image/png;base64,${base64(encodePng(image))}`;
}
