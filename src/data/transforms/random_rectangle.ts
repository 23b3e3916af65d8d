/** Random rectangles within an image: what is cropped out, erased, or taken from another image. */
import type { PhiloxStream } from "../../base/philox.ts";
import { roundHalfEven } from "./operations/rounding.ts";
import { uniformBetween } from "./variates.ts";

export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** What a rectangle may be. */
export interface RectangleRange {
  /** Its part of the image's area, at least and at most. */
  readonly scale: readonly [number, number];
  /** One side over the other, at least and at most. */
  readonly ratio: readonly [number, number];
}

/**
 * Draws up to ten sizes, each as area and ratio of `along` to the other side, and puts the first that `fits` somewhere
 * in the image; null if none does.
 */
export function drawRectangle(
  image: { readonly height: number; readonly width: number },
  { scale, ratio }: RectangleRange,
  along: "width" | "height",
  fits: (height: number, width: number) => boolean,
  stream: PhiloxStream,
): Rectangle | null {
  const logarithms = [Math.log(ratio[0]), Math.log(ratio[1])] as const;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = image.height * image.width * uniformBetween(stream, scale);
    const aspect = Math.exp(uniformBetween(stream, logarithms));
    const sides = [roundHalfEven(Math.sqrt(area * aspect)), roundHalfEven(Math.sqrt(area / aspect))];
    const [height, width] = along === "height" ? sides : sides.reverse();
    if (!fits(height, width)) continue;
    const top = stream.integer(image.height - height + 1);
    return { top, left: stream.integer(image.width - width + 1), height, width };
  }
  return null;
}

/** A rectangle of a share of the area about a random pixel, with the image's aspect ratio, cut off at the border. */
export function drawRectangleAbout(
  stream: PhiloxStream,
  share: number,
  height: number,
  width: number,
): Rectangle {
  const [x, y] = [stream.integer(width), stream.integer(height)];
  return rectangleAbout(x, y, share, height, width);
}

/** The rectangle about (x, y). */
export function rectangleAbout(
  x: number,
  y: number,
  share: number,
  height: number,
  width: number,
): Rectangle {
  const half = 0.5 * Math.sqrt(share);
  const [across, down] = [Math.trunc(half * width), Math.trunc(half * height)];
  const [top, left] = [Math.max(0, y - down), Math.max(0, x - across)];
  return {
    top,
    left,
    height: Math.min(height, y + down) - top,
    width: Math.min(width, x + across) - left,
  };
}
