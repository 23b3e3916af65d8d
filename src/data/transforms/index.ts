/** Transforms of images, under torchvision's names (torchvision.transforms.v2). */

export {
  AugMix,
  type AugMixSettings,
  RandAugment,
  type RandAugmentSettings,
  RandomErasing,
  type RandomErasingSettings,
  TrivialAugmentWide,
  type TrivialAugmentWideSettings,
} from "./calls/augmentations.ts";
export type { FillArgument, PaddingArgument, SizeArgument } from "./calls/checks.ts";
export {
  ColorJitter,
  type ColorJitterSettings,
  GaussianBlur,
  type GaussianBlurSettings,
  Grayscale,
  type GrayscaleSettings,
  RandomAdjustSharpness,
  type RandomAdjustSharpnessSettings,
  RandomAutocontrast,
  type RandomAutocontrastSettings,
  RandomEqualize,
  type RandomEqualizeSettings,
  RandomGrayscale,
  type RandomGrayscaleSettings,
  RandomInvert,
  type RandomInvertSettings,
  RandomPosterize,
  type RandomPosterizeSettings,
  RandomSolarize,
  type RandomSolarizeSettings,
} from "./calls/colours.ts";
export { type BatchMix, CutMix, type MixSettings, MixUp } from "./calls/mixing.ts";
export {
  Compose,
  type ComposeSettings,
  Lambda,
  type LambdaTransformSettings,
  type NormalizationName,
  Normalize,
  type NormalizeSettings,
  ToTensor,
} from "./calls/pipeline.ts";
export { Preprocess, type PreprocessSettings } from "./calls/preprocess.ts";
export {
  CenterCrop,
  type CenterCropSettings,
  Pad,
  type PadSettings,
  RandomCrop,
  type RandomCropSettings,
  RandomResizedCrop,
  type RandomResizedCropSettings,
  Resize,
  type ResizeSettings,
} from "./calls/sizes.ts";
export {
  RandomAffine,
  type RandomAffineSettings,
  RandomHorizontalFlip,
  type RandomHorizontalFlipSettings,
  RandomPerspective,
  type RandomPerspectiveSettings,
  RandomRotation,
  type RandomRotationSettings,
  RandomVerticalFlip,
  type RandomVerticalFlipSettings,
} from "./calls/warps.ts";
export type { MixContext, MixSpec } from "./mix_batch.ts";
export type { Transform } from "./transform.ts";
export { transformOf } from "./transform.ts";
export type {
  BatchOperation,
  Fill,
  ImagePadding,
  ImagePaddingMode,
  ResizeInterpolation,
  TransformContext,
  TransformSpec,
  WarpInterpolation,
} from "./transform_spec.ts";
