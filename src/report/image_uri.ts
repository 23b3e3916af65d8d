/** Images inside of documents. */
import { encodePng } from "../io/images/png.ts";
import { base64 } from "./html/base64.ts";
import { checkImage, type Image } from "./image.ts";

export type { Image } from "./image.ts";

/** An image as a `data:` address that an `<img>` takes. */
export function imageUri(image: Image): string {
  checkImage(image);
  const { width, height, channels = 1 } = image;
  const data = Uint8ClampedArray.from(image.data);
  const png = encodePng({ width, height, channels, data: new Uint8Array(data.buffer) });
  return `data:image/png;base64,${base64(png)}`;
}
