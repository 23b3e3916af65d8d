/** Key points and descriptors of SURF, computed. */
import type { ImageFunction, Recipe } from "../features/extractor.ts";
import { strongest } from "../features/key_points.ts";
import { planeOf } from "../images/grey_plane.ts";
import { hessianPoints } from "./fast_hessian.ts";
import { IntegralImage } from "./integral_image.ts";
import { describe } from "./surf_descriptor.ts";
import { SurfOrientation } from "./surf_orientation.ts";
import type { SurfOptions } from "./surf_settings.ts";

/** The function of one image that workers call too. */
export function surfFunction({ settings }: Recipe): ImageFunction {
  const { length, upright, maxKeypoints, ...rest } = settings as SurfOptions;
  const orientation = new SurfOrientation();
  return (image) => {
    const integral = new IntegralImage(planeOf(image));
    const points = hessianPoints(integral, { length, upright, maxKeypoints, ...rest });
    const descriptors = new Float32Array(points.length * length);
    const keypoints: number[] = [];
    for (const [i, point] of points.entries()) {
      const angle = upright ? 0 : orientation.find(integral, point);
      describe(integral, point, angle, descriptors, i * length, length);
      const degrees = (angle * 180) / Math.PI;
      keypoints.push(point.x, point.y, point.scale, (degrees + 360) % 360, point.response, point.octave);
    }
    return strongest({ keypoints, descriptors: [descriptors], length }, maxKeypoints);
  };
}
