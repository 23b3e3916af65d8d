/** Data: sets, loaders, transforms (torch.utils.data, torchvision.datasets, torchvision.transforms). */
export type { ArrayBatch } from "./array_batch.ts";
export type { BatchContext, DatasetDescription } from "./batch_source.ts";
export { collate, type Example, type ExamplePart } from "./collate.ts";
export { type Batch, DataLoader, type DataLoaderOptions, type DataLoaderState } from "./data_loader.ts";
export { ConcatDataset, Dataset, randomSplit, Subset, TensorDataset } from "./dataset.ts";
export { type DatasetEntry, datasetEntry, datasetNames, registerDataset } from "./dataset_registry.ts";
export { getFashionMnistLabels, type LabelLanguage } from "./fashion_mnist_labels.ts";
export { type BatchFunction, LabelledImages } from "./labelled_images.ts";
export {
  FashionMnist,
  fashionMnist,
  type LoadersOptions,
  Mnist,
  type MnistLoaders,
  type MnistOptions,
  mnist,
} from "./mnist.ts";
export type { ClassName } from "./mnist_format.ts";
export { type LabelledImage, type OpenDataset, openDataset } from "./open_dataset.ts";
export * as transforms from "./transforms/index.ts";
