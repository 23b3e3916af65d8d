/**
 * The book's own helpers under their own names, camelCased: what "Dive into Deep Learning" imports as `d2l`.
 *
 * @example
 * ```ts
 * const net = book.bnLenetScratch();
 * console.log(`${net}`);
 * ```
 */
export { getFashionMnistLabels } from "../data/index.ts";
export { BatchNorm, batchNorm, bnLenetScratch, Inception, ninBlock, vgg, vggBlock } from "../models/index.ts";
export { Accumulator } from "./accumulator.ts";
export { accuracy, evaluateAccuracy } from "./accuracy.ts";
export { Animator, type AnimatorOptions, type MediaBundle } from "./animator.ts";
export { type LoadDataOptions, loadDataFashionMnist } from "./load_data.ts";
export { Timer } from "./timer.ts";
export { type TrainCh6Result, trainCh6 } from "./train_ch6.ts";
export { tryEngine } from "./try_engine.ts";
