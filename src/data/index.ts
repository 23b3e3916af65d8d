/** Data: sets, loaders, transforms (torch.utils.data, torchvision.datasets, torchvision.transforms). */

export { type DecodeOptions, decodeImage, type ImageDecoder, readImage } from "../io/images/decode_image.ts";
export { encodePng } from "../io/images/encode_png.ts";
export { type EncodeJpegOptions, encodeJpeg } from "../io/images/jpeg/encode_jpeg.ts";
export type { ClassName, TranslatedName } from "../records/class_names.ts";
export type { Image } from "../records/image.ts";
export type { Preprocessing, PreprocessingInterpolation } from "../records/preprocessing.ts";
export type { ArrayBatch } from "./array_batch.ts";
export type { BatchContext, DatasetDescription } from "./batch_source.ts";
export type { CacheOptions } from "./cache/image_cache.ts";
export { collate, type Example, type ExamplePart } from "./collate.ts";
export { type Batch, DataLoader, type DataLoaderOptions, type DataLoaderState } from "./data_loader.ts";
export { ConcatDataset, Dataset, randomSplit, Subset, TensorDataset } from "./dataset.ts";
export { type DatasetEntry, datasetEntry, datasetNames, registerDataset } from "./dataset_registry.ts";
export type { LeftOut } from "./folders/folder_scan.ts";
export { ImageFiles } from "./folders/image_files.ts";
export {
  type ImageFilesOptions,
  ImageFolder,
  type ImageFolderSettings,
} from "./folders/image_folder.ts";
export { ImageList, type ImageListSettings, type ListedImage } from "./folders/image_list.ts";
export type { ImageSource } from "./folders/image_source.ts";
export { type BatchFunction, LabelledImages } from "./labelled_images.ts";
export {
  FashionMNIST,
  fashionMnistLoaders,
  type LoadersOptions,
  MNIST,
  type MnistLoaders,
  type MnistOptions,
  mnistLoaders,
} from "./mnist.ts";
export { type LabelledImage, type OpenDataset, openDataset } from "./open_dataset.ts";
export type { CheckName, CheckThresholds } from "./quality/checks.ts";
export type { ClassCount, DataIssue, IssueImage } from "./quality/data_issues.ts";
export { type ImageMeasures, imageMeasures } from "./quality/image_measures.ts";
export { hashDistance, type PerceptualHash } from "./quality/perceptual_hash.ts";
export { type StratifiedSplitParameters, stratifiedSplit } from "./sampling/stratified_split.ts";
export {
  classWeights,
  WeightedRandomSampler,
  type WeightedRandomSamplerSettings,
} from "./sampling/weighted_sampler.ts";
export * as transforms from "./transforms/index.ts";
