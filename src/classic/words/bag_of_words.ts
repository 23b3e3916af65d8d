/** Bags of visual words. */
import { ArgumentError, ShapeError, TrainingError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Image } from "../../records/image.ts";
import type {
  ExtractOptions,
  FeatureExtractor,
  LocalExtractor,
  LocalFeatures,
} from "../features/extractor.ts";
import { assignToCentres } from "../learners/clusters/nearest_centres.ts";
import { Turns } from "../learners/turns.ts";
import { checkMatrix, type Matrix, matrix, stacked } from "../matrix.ts";
import { boolean, choice, integer, number, type OptionRules, readOptions } from "../option_checks.ts";
import { GaussianMixture } from "./gaussian_mixture.ts";
import { cellsOf, levelWeights, pyramidCells } from "./spatial_pyramid.ts";
import {
  fisherAccumulator,
  hardAccumulator,
  meanSpacing,
  softAccumulator,
  vladAccumulator,
  type WordAccumulator,
  type WordEncoding,
} from "./word_encoding.ts";

/** Options of {@link bagOfWords}. */
export interface BagOfWordsOptions {
  /**
   * "hard" (default): how many descriptors are nearest to each word. "soft": each counts for all words by
   * `exp(-d^2 / (2 sigma^2))`. "vlad": sums of differences from the nearest word. "fisher": gradients of a Gaussian
   * mixture's log-likelihood.
   */
  encoding: WordEncoding;
  /** Width of soft assignment; 0 (default) for the mean distance of neighbouring words. */
  sigma: number;
  /** Whether counts are weighted by the words' inverse document frequency, learned by `fit`. Default false. */
  tfIdf: boolean;
  /** Levels of the spatial pyramid beside the whole image: 1 adds 2x2 cells, 2 adds 4x4 cells as well. Default 0. */
  pyramid: number;
}

const RULES: OptionRules<BagOfWordsOptions> = {
  encoding: choice("hard", ["hard", "soft", "vlad", "fisher"]),
  sigma: number(0, 0, Number.MAX_VALUE),
  tfIdf: boolean(false),
  pyramid: integer(0, 0, 4),
};

/** What {@link bagOfWords} makes. */
export interface BagOfWords extends FeatureExtractor {
  /** Number of features of an image. */
  readonly length: number;
  /** Learns the inverse document frequencies of the words; needed with `tfIdf` only. */
  fit(images: readonly Image[], options?: ExtractOptions): Promise<BagOfWords>;
  /** The rows of images whose descriptors are known, with the images' sizes. */
  encode(features: readonly LocalFeatures[], sizes: readonly PixelSize[]): Promise<Matrix>;
}

/** Width and height of an image in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** Pixels whose descriptors are found and encoded at a time: descriptors take more memory than images. */
const PIXELS = 2 ** 22;

/**
 * One row of features for each image from its local descriptors and a vocabulary of words: the centres of k-means
 * (`KMeans`, `MiniBatchKMeans`), or a Gaussian mixture for Fisher vectors.
 *
 * Counts ("hard", "soft") are divided by the number of descriptors; `tfIdf` multiplies them by `ln(N / N_i)`, for N_i of
 * N images with word i, and divides rows by their length. VLAD and Fisher vectors (2 x components x columns values) are
 * replaced by signed square roots and divided by their length. A spatial pyramid encodes cells of the image as well:
 * counts are weighted by `2^-L` for the whole image and `2^(l - L - 1)` for level l of L. An image without key points has
 * zeros.
 *
 * Sources: J. Sivic and A. Zisserman, "Video Google", ICCV 2003 (tf-idf); J. C. van Gemert et al., "Kernel codebooks for
 * scene categorization", ECCV 2008 (soft); H. Jégou et al., "Aggregating local descriptors into a compact image
 * representation", CVPR 2010 (VLAD); F. Perronnin, J. Sánchez and T. Mensink, "Improving the Fisher kernel for
 * large-scale image classification", ECCV 2010; S. Lazebnik, C. Schmid and J. Ponce, "Beyond bags of features", CVPR 2006
 * (pyramid).
 *
 * @param extractor - such as `sift()` or `denseSift()`.
 * @param words - [words, descriptor length]; a `GaussianMixture` that is fitted for "fisher".
 * @throws ArgumentError for options outside their range, words that do not suit the encoding, and words with NaN;
 *   ShapeError for words of another length than descriptors.
 * @example
 * ```ts
 * import { bagOfWords, denseSift, KMeans } from "convoyant/classic";
 * const image = { width: 28, height: 28, channels: 1, data: new Uint8Array(784).map((_, i) => (i * 7) % 256) } as const;
 * const extractor = denseSift();
 * const { descriptors } = await extractor.detect(image);
 * const { clusterCenters } = await KMeans({ nClusters: 4 }).fit(descriptors);
 * const bag = bagOfWords(extractor, clusterCenters, { encoding: "vlad", pyramid: 1 });
 * const features = await bag.extract([image, image]);
 * features.columns; // 2560
 * ```
 */
export function bagOfWords(
  extractor: LocalExtractor,
  words: Matrix | GaussianMixture,
  options: Partial<BagOfWordsOptions> = {},
): BagOfWords {
  const settings = readOptions("bagOfWords", options, RULES);
  if (typeof extractor?.detectAll !== "function")
    throw new ArgumentError(`bagOfWords: expected an extractor of key points, got ${shownValue(extractor)}`);
  return new Bag(extractor, new Vocabulary(words, extractor, settings), settings);
}

/** The words, and what adds descriptors up. */
class Vocabulary {
  /** For the nearest word; the means of a mixture. */
  readonly centres: Matrix;
  readonly needsLabels: boolean;
  readonly accumulator: WordAccumulator;

  constructor(
    words: Matrix | GaussianMixture,
    { descriptorLength }: LocalExtractor,
    settings: BagOfWordsOptions,
  ) {
    const { encoding, sigma, tfIdf } = settings;
    const mixture = words instanceof GaussianMixture ? words : null;
    if ((mixture !== null) !== (encoding === "fisher")) {
      throw new ArgumentError(
        encoding === "fisher"
          ? 'bagOfWords: expected a fitted GaussianMixture for encoding "fisher", got a matrix of words'
          : `bagOfWords: expected a matrix of words for encoding "${encoding}", got a GaussianMixture`,
      );
    }
    if (tfIdf && encoding !== "hard" && encoding !== "soft")
      throw new ArgumentError(`bagOfWords: \`tfIdf\` weights counts; encoding "${encoding}" has none`);
    this.centres = mixture?.means ?? (words as Matrix);
    checkMatrix("bagOfWords", this.centres);
    if (this.centres.rows === 0) throw new ArgumentError("bagOfWords: expected at least one word, got none");
    if (this.centres.columns !== descriptorLength) {
      throw new ShapeError(
        `bagOfWords: expected words of ${descriptorLength} values, as the descriptors, got ${this.centres.columns}`,
      );
    }
    this.needsLabels = encoding !== "fisher";
    this.accumulator =
      mixture !== null
        ? fisherAccumulator(mixture)
        : encoding === "hard"
          ? hardAccumulator(this.centres)
          : encoding === "soft"
            ? softAccumulator(this.centres, sigma === 0 ? meanSpacing(this.centres) : sigma)
            : vladAccumulator(this.centres);
  }
}

class Bag implements BagOfWords {
  readonly name = "bagOfWords";
  readonly length: number;
  readonly #extractor: LocalExtractor;
  readonly #vocabulary: Vocabulary;
  readonly #settings: BagOfWordsOptions;
  #idf: Float64Array | null = null;

  constructor(extractor: LocalExtractor, vocabulary: Vocabulary, settings: BagOfWordsOptions) {
    this.#extractor = extractor;
    this.#vocabulary = vocabulary;
    this.#settings = settings;
    this.length = vocabulary.accumulator.length * cellsOf(settings.pyramid);
  }

  async fit(images: readonly Image[], options: ExtractOptions = {}): Promise<this> {
    if (images.length === 0) throw new ArgumentError("bagOfWords.fit: expected at least one image, got none");
    const { centres } = this.#vocabulary;
    const turns = new Turns("bagOfWords.fit");
    const found = new Float64Array(centres.rows);
    for await (const { features } of this.#chunks(images, options)) {
      const { labels } = await assignToCentres(
        stacked(features.map(({ descriptors }) => descriptors)),
        centres,
        turns,
      );
      let first = 0;
      for (const { descriptors } of features) {
        for (const label of new Set(labels.subarray(first, first + descriptors.rows))) found[label]++;
        first += descriptors.rows;
      }
    }
    this.#idf = found.map((count) => (count === 0 ? 0 : Math.log(images.length / count)));
    return this;
  }

  async extract(images: readonly Image[], options: ExtractOptions = {}): Promise<Matrix> {
    this.#requireIdf();
    const out = matrix(images.length, this.length);
    for await (const { start, features, sizes } of this.#chunks(images, options)) {
      const rows = await this.encode(features, sizes);
      out.data.set(rows.data, start * this.length);
    }
    return out;
  }

  async *#chunks(images: readonly Image[], options: ExtractOptions) {
    for (let start = 0, end = 0; start < images.length; start = end) {
      for (let pixels = 0; end < images.length && pixels < PIXELS; end++)
        pixels += images[end].width * images[end].height || 1;
      const sizes = images.slice(start, end);
      const from = start;
      const onProgress = (done: number) => options.onProgress?.(from + done);
      const features = await this.#extractor.detectAll(sizes, { ...options, onProgress });
      yield { start, features, sizes };
    }
  }

  async encode(features: readonly LocalFeatures[], sizes: readonly PixelSize[]): Promise<Matrix> {
    this.#requireIdf();
    if (features.length !== sizes.length) {
      throw new ArgumentError(
        `bagOfWords.encode: expected a size for each image, got ${sizes.length} sizes for ${features.length} images`,
      );
    }
    const { centres, needsLabels } = this.#vocabulary;
    for (const { descriptors } of features) checkMatrix("bagOfWords.encode", descriptors, centres.columns);
    const turns = new Turns("bagOfWords.encode");
    const labels = needsLabels
      ? (await assignToCentres(stacked(features.map(({ descriptors }) => descriptors)), centres, turns))
          .labels
      : null;
    const out = matrix(features.length, this.length);
    const sums = new Float64Array(this.length);
    let first = 0;
    for (const [image, { keypoints, descriptors }] of features.entries()) {
      sums.fill(0);
      const own = labels?.subarray(first, first + descriptors.rows) ?? null;
      this.#collect(descriptors, keypoints, sizes[image], own, sums);
      this.#finish(sums, descriptors.rows);
      out.data.set(sums, image * this.length);
      first += descriptors.rows;
      await turns.restIfOver();
    }
    return out;
  }

  #requireIdf(): void {
    if (this.#settings.tfIdf && this.#idf === null)
      throw new TrainingError("bagOfWords: with `tfIdf`, call `fit` on the training images first");
  }

  #collect(
    { rows, columns, data }: Matrix,
    keypoints: LocalFeatures["keypoints"],
    size: PixelSize,
    labels: Int32Array | null,
    sums: Float64Array,
  ): void {
    const { accumulator } = this.#vocabulary;
    const cells: number[] = [];
    for (let row = 0; row < rows; row++) {
      pyramidCells(keypoints[row], size, this.#settings.pyramid, cells);
      for (const cell of cells)
        accumulator.add(data, row * columns, labels?.[row] ?? 0, sums, cell * accumulator.length);
    }
  }

  #finish(sums: Float64Array, count: number): void {
    const { encoding, pyramid } = this.#settings;
    const { length } = this.#vocabulary.accumulator;
    if (count === 0) return;
    if (encoding === "vlad" || encoding === "fisher") {
      for (let i = 0; i < sums.length; i++) sums[i] = Math.sign(sums[i]) * Math.sqrt(Math.abs(sums[i]));
      for (let from = 0; from < sums.length; from += length) toUnitLength(sums.subarray(from, from + length));
      if (pyramid > 0) toUnitLength(sums);
      return;
    }
    const weights = levelWeights(pyramid);
    for (let i = 0; i < sums.length; i++) {
      const idf = this.#idf === null || !this.#settings.tfIdf ? 1 : this.#idf[i % length];
      sums[i] *= (weights[Math.floor(i / length)] * idf) / count;
    }
    if (this.#settings.tfIdf) toUnitLength(sums);
  }
}

function toUnitLength(values: Float64Array): void {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < values.length; i++) values[i] *= scale;
}
