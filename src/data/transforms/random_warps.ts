/** Rotations, affine and perspective maps with numbers drawn for each image. */
import type { PhiloxStream } from "../../base/philox.ts";
import { type AffineNumbers, affine, type Corners, perspective, rotate } from "./operations/affine.ts";
import { eachImage } from "./operations/one_image.ts";
import { roundHalfEven } from "./operations/rounding.ts";
import type { RandomTransform, Range, SpecOf } from "./transform_spec.ts";
import { uniformBetween } from "./variates.ts";

export const randomRotation: RandomTransform<"RandomRotation"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) =>
    rotate(image, uniformBetween(streams(n), spec.degrees), spec),
  );
};

export const randomAffine: RandomTransform<"RandomAffine"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) =>
    affine(image, drawAffine(image.height, image.width, spec, streams(n)), spec),
  );
};

/** Draws angle, translation (whole pixels), scale and shear, in torchvision's order. */
export function drawAffine(
  height: number,
  width: number,
  spec: SpecOf<"RandomAffine">,
  stream: PhiloxStream,
): AffineNumbers {
  const angle = uniformBetween(stream, spec.degrees);
  const shift = (most: number) => roundHalfEven(uniformBetween(stream, [-most, most]));
  const translate: AffineNumbers["translate"] =
    spec.translate === null ? [0, 0] : [shift(spec.translate[0] * width), shift(spec.translate[1] * height)];
  const scale = spec.scale === null ? 1 : uniformBetween(stream, spec.scale);
  const sheared = (at: number) =>
    spec.shear === null || spec.shear.length <= at
      ? 0
      : uniformBetween(stream, spec.shear.slice(at) as Range);
  return { angle, translate, scale, shear: [sheared(0), sheared(2)] };
}

export const randomPerspective: RandomTransform<"RandomPerspective"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) => {
    const stream = streams(n);
    if (stream.uniform() >= spec.p) return image;
    return perspective(image, drawCorners(image.height, image.width, spec.distortionScale, stream), spec);
  });
};

/** Moves each corner inwards by at most `distortionScale` of half the image. */
export function drawCorners(
  height: number,
  width: number,
  distortionScale: number,
  stream: PhiloxStream,
): Corners {
  const most = (size: number) => Math.trunc(distortionScale * Math.floor(size / 2)) + 1;
  const [right, bottom] = [most(width), most(height)];
  const low = (bound: number) => stream.integer(bound);
  const high = (size: number, bound: number) => size - bound + stream.integer(bound);
  return [
    [low(right), low(bottom)],
    [high(width, right), low(bottom)],
    [high(width, right), high(height, bottom)],
    [low(right), high(height, bottom)],
  ];
}
