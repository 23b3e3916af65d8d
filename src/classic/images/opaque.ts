/** Images without alpha. */
import type { Image } from "../../records/image.ts";

/** The image with alpha composited on white, as `data.decodeImage` does it; the image itself if it has no alpha. */
export function opaque(image: Image): Image {
  if (image.channels !== 4) return image;
  const { width, height, data } = image;
  const colours = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4)
    for (let channel = 0; channel < 3; channel++)
      colours[to++] = Math.round(255 + ((data[from + channel] - 255) * data[from + 3]) / 255);
  return { width, height, channels: 3, data: colours };
}
