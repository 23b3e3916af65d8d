import { ShapeError } from "../../base/errors.ts";
import type { PhiloxStream } from "../../base/philox.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { copyWindow, crop, padImages } from "./borders.ts";
import { batchOf, blankLike, type Images, imagesOf } from "./images.ts";
import { roundHalfEven } from "./operations/rounding.ts";
import { drawRectangle, type Rectangle } from "./random_rectangle.ts";
import { resample } from "./resample.ts";
import type { ImagePadding, ImageSize, RandomTransform, TransformSpec } from "./transform_spec.ts";

type Spec<K extends TransformSpec["kind"]> = Omit<Extract<TransformSpec, { kind: K }>, "kind">;

/** Pads an image that is too small with zeros, then takes the middle. */
export function centerCrop(
  batch: Readonly<ArrayBatch>,
  { size: [height, width] }: Spec<"CenterCrop">,
): ArrayBatch {
  let images = imagesOf(batch, "CenterCrop");
  const missingY = Math.max(0, height - images.height);
  const missingX = Math.max(0, width - images.width);
  if (missingX > 0 || missingY > 0) {
    const padding: ImagePadding = [missingX >> 1, missingY >> 1, (missingX + 1) >> 1, (missingY + 1) >> 1];
    images = padImages(images, padding, 0, "constant");
  }
  const { top, left } = middleOf(images, [height, width]);
  return batchOf(crop(images, top, left, height, width));
}

/** Where the middle of this size begins. */
export function middleOf(
  of: Pick<Images, "height" | "width">,
  [height, width]: ImageSize,
): Pick<Rectangle, "top" | "left"> {
  return { top: roundHalfEven((of.height - height) / 2), left: roundHalfEven((of.width - width) / 2) };
}

export function pad(batch: Readonly<ArrayBatch>, { padding, fill, paddingMode }: Spec<"Pad">): ArrayBatch {
  return batchOf(padImages(imagesOf(batch, "Pad"), padding, fill, paddingMode));
}

/** A window at a random place, for each image another. */
export const randomCrop: RandomTransform<"RandomCrop"> = (batch, spec, streams) => {
  const [height, width] = spec.size;
  let images = imagesOf(batch, "RandomCrop");
  const padded = (padding: ImagePadding) => padImages(images, padding, spec.fill, spec.paddingMode);
  if (spec.padding !== null) images = padded(spec.padding);
  if (spec.padIfNeeded && images.width < width)
    images = padded([width - images.width, 0, width - images.width, 0]);
  if (spec.padIfNeeded && images.height < height) {
    images = padded([0, height - images.height, 0, height - images.height]);
  }
  if (images.height < height || images.width < width) {
    throw new ShapeError(
      `RandomCrop: expected images of at least ${height} x ${width} pixels, got ${images.height} x ${images.width}` +
        "; give a padding or padIfNeeded",
    );
  }
  const out = blankLike(images, height, width);
  for (let n = 0; n < images.count; n++) {
    const stream = streams(n);
    const top = stream.integer(images.height - height + 1);
    const left = stream.integer(images.width - width + 1);
    copyWindow(images, out, n, top, left, false);
  }
  return batchOf(out);
};

export const randomHorizontalFlip: RandomTransform<"RandomHorizontalFlip"> = (batch, { p }, streams) => {
  const images = imagesOf(batch, "RandomHorizontalFlip");
  const out = blankLike(images, images.height, images.width);
  for (let n = 0; n < images.count; n++) copyWindow(images, out, n, 0, 0, streams(n).uniform() < p);
  return batchOf(out);
};

export const randomVerticalFlip: RandomTransform<"RandomVerticalFlip"> = (batch, { p }, streams) => {
  const images = imagesOf(batch, "RandomVerticalFlip");
  const { data, count, channels, height, width } = images;
  const out = blankLike(images, height, width);
  for (let n = 0; n < count; n++) {
    const turned = streams(n).uniform() < p;
    for (let row = n * channels * height; row < (n + 1) * channels * height; row++) {
      const y = row % height;
      const from = turned ? row - y + height - 1 - y : row;
      out.data.set(data.subarray(from * width, (from + 1) * width), row * width);
    }
  }
  return batchOf(out);
};

/** A random part of each image (area and proportions drawn), resized to one size. */
export const randomResizedCrop: RandomTransform<"RandomResizedCrop"> = (batch, spec, streams) => {
  const images = imagesOf(batch, "RandomResizedCrop");
  const [height, width] = spec.size;
  const out = blankLike(images, height, width);
  const size = images.channels * images.height * images.width;
  const outSize = images.channels * height * width;
  for (let n = 0; n < images.count; n++) {
    const one: Images = { ...images, count: 1, data: images.data.subarray(n * size, (n + 1) * size) };
    const box = drawBox(images.height, images.width, spec, streams(n));
    const part = crop(one, box.top, box.left, box.height, box.width);
    out.data.set(
      resample(part, height, width, spec.interpolation ?? "bilinear", spec.antialias).data,
      n * outSize,
    );
  }
  return batchOf(out);
};

/**
 * Draws up to ten boxes and takes the first that fits, else the largest middle one with allowed proportions.
 *
 * Source: C. Szegedy et al., "Going deeper with convolutions", 2014, section 6.
 */
function drawBox(
  height: number,
  width: number,
  spec: Spec<"RandomResizedCrop">,
  stream: PhiloxStream,
): Rectangle {
  const fits = (h: number, w: number) => w >= 1 && h >= 1 && w <= width && h <= height;
  const drawn = drawRectangle({ height, width }, spec, "width", fits, stream);
  if (drawn !== null) return drawn;
  const { ratio } = spec;
  let [h, w] = [height, width];
  if (width / height < ratio[0]) h = Math.min(height, roundHalfEven(width / ratio[0]));
  else if (width / height > ratio[1]) w = Math.min(width, roundHalfEven(height * ratio[1]));
  return { top: (height - h) >> 1, left: (width - w) >> 1, height: h, width: w };
}
