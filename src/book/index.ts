/**
 * The book's own helpers under their own names, camelCased: what "Dive into Deep Learning" imports as `d2l`.
 *
 * @example
 * ```ts
 * const net = book.bnLenetScratch();
 * console.log(`${net}`);
 * ```
 */
export { BatchNorm, batchNorm, bnLenetScratch } from "../models/batch_norm_scratch.ts";
export { Inception, ninBlock, vgg, vggBlock } from "../models/index.ts";
export { type Band, type BookBand, type BookModel, bookBand, bookBands } from "../records/book_band.ts";
export type { MediaBundle } from "../records/media_bundle.ts";
export { Accumulator } from "./accumulator.ts";
export { accuracy, evaluateAccuracy, evaluateAccuracyGpu } from "./accuracy.ts";
export { Animator, type AnimatorOptions } from "./animator.ts";
export { corr2d } from "./corr2d.ts";
export { getFashionMnistLabels, type LabelLanguage } from "./fashion_mnist_labels.ts";
export type { Figure } from "./figure.ts";
export { type LoadDataOptions, loadDataFashionMnist } from "./load_data.ts";
export { type ShowHeatmapsOptions, showHeatmaps } from "./show_heatmaps.ts";
export { type ShowImagesOptions, showImages } from "./show_images.ts";
export { Timer } from "./timer.ts";
export { type TrainCh6Result, trainCh6 } from "./train_ch6.ts";
export { tryAllGpus, tryEngine, tryGpu } from "./try_engine.ts";
