/** A network's preprocessing as one transform. */
import { isPlainObject } from "../../../base/builtin_kinds.ts";
import { ArgumentError } from "../../../base/errors.ts";
import { shownValue } from "../../../base/shown_value.ts";
import type { Preprocessing } from "../../../records/preprocessing.ts";
import { defineTransform } from "../transform.ts";
import { Compose, Normalize, ToTensor } from "./pipeline.ts";
import { CenterCrop, Resize } from "./sizes.ts";

/** What `Preprocess` takes. */
export interface PreprocessSettings {
  /** As `models.preprocessingOf(net)` gives it, or stands beside published weights. */
  preprocessing: Preprocessing;
}

/**
 * What a network's weights expect to be done to uint8 images [N, C, H, W]: resized, cropped, scaled to 0 to 1 and
 * normalised, as torchvision's `weights.transforms()` does. (Alpha is gone already: decode images with
 * `{ background: preprocessing.background }`, white by default.)
 *
 * @throws ArgumentError for what is not such a record.
 * @example
 * ```ts
 * const preprocess = data.transforms.Preprocess(models.torchvision.resnet18.weights.IMAGENET1K_V1.preprocessing);
 * (await preprocess(randint(0, 256, [3, 300, 400]).to("uint8"))).shape; // [3, 224, 224]
 * ```
 */
export const Preprocess = defineTransform<PreprocessSettings>("Preprocess")(
  ["preprocessing{}"],
  (preprocessing) => {
    if (!isPlainObject(preprocessing))
      throw new ArgumentError(
        `Preprocess: expected a record { resize, crop, mean, std, background }, got ${shownValue(preprocessing)}`,
      );
    const { resize, crop, mean, std } = preprocessing as unknown as Preprocessing;
    return Compose([
      ...(resize ? [Resize(resize.size, { interpolation: resize.interpolation })] : []),
      ...(crop ? [CenterCrop(crop)] : []),
      ToTensor(),
      Normalize(mean, std),
    ]).spec;
  },
);
