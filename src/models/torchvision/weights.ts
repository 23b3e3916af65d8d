/** Files of torchvision's weights for ImageNet. */
import {
  type ImagenetSettings,
  imagenetClassNames,
  imagenetPreprocessing,
  type PublishedWeights,
} from "../pretrained/published_weights.ts";

/**
 * A file of torchvision's, as its enums of weights list it.
 *
 * @param file - its name, with the first digits of its SHA-256 at the end.
 * @param mebibytes - its size.
 * @param settings - in what its preprocessing differs from the usual.
 */
export function imagenet1k(
  file: `${string}-${string}.pth`,
  mebibytes: number,
  settings?: Partial<ImagenetSettings>,
): PublishedWeights {
  return {
    file,
    sha256: file.slice(file.lastIndexOf("-") + 1, -".pth".length),
    bytes: Math.round(mebibytes * 2 ** 20),
    origin: { folder: "https://download.pytorch.org/models/" },
    numClasses: 1000,
    classNames: imagenetClassNames,
    preprocessing: imagenetPreprocessing(settings),
  };
}
