/** The visual words of classic pipelines: learned from training images, written beside the model. */
import { ArgumentError, FileError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import {
  type ExtractOptions,
  GaussianMixture,
  type LocalExtractor,
  type Matrix,
  MiniBatchKMeans,
  takeRows,
  type WordEncoding,
} from "../../classic/index.ts";
import { stacked } from "../../classic/matrix.ts";
import { encodeSafetensors, type NamedArray } from "../../io/safetensors/safetensors.ts";
import { readSafetensors } from "../../io/safetensors/safetensors_file.ts";
import type { Image } from "../../records/image.ts";

/** How descriptors become rows. */
export interface WordSettings {
  /** Number of visual words; null to put the descriptors of a grid beside each other. */
  readonly words: number | null;
  readonly encoding: WordEncoding;
  readonly pyramid: number;
  readonly seed: number;
}

/** Centres of clusters, or the mixture of Fisher vectors. */
export type VisualWords = Matrix | GaussianMixture;

/** The words of each kind of features that has any, by name. */
export type Vocabularies = ReadonlyMap<string, VisualWords>;

/** A row for each word. */
export const wordCentres = (words: VisualWords): Matrix =>
  words instanceof GaussianMixture ? words.means : words;

/** Words of key points if no number was asked for. */
const USUAL_WORDS = 256;

/** Training images whose descriptors words are learned from, and the most descriptors. */
const WORD_IMAGES = 2000;
const WORD_DESCRIPTORS = 50_000;

/**
 * Learns words from the descriptors of (some of) the training images.
 *
 * @throws ArgumentError for fewer descriptors than words.
 */
export async function learnWords(
  extractor: LocalExtractor,
  images: readonly Image[],
  { words, encoding, seed }: WordSettings,
  { signal }: ExtractOptions,
): Promise<VisualWords> {
  const count = words ?? USUAL_WORDS;
  const random = new PhiloxStream(seed, 3);
  const some =
    images.length <= WORD_IMAGES
      ? images
      : Array.from({ length: WORD_IMAGES }, () => images[random.integer(images.length)]);
  const found = await extractor.detectAll(some, signal === undefined ? {} : { signal });
  const all = stacked(found.map(({ descriptors }) => descriptors));
  if (all.rows < count) {
    throw new ArgumentError(
      `${extractor.name}: expected at least as many descriptors as words, got ${all.rows} descriptors of ` +
        `${some.length} images for ${count} words; take fewer words or more images`,
    );
  }
  const sample =
    all.rows <= WORD_DESCRIPTORS
      ? all
      : takeRows(
          all,
          Array.from({ length: WORD_DESCRIPTORS }, () => random.integer(all.rows)),
        );
  if (encoding === "fisher") return new GaussianMixture({ nComponents: count, seed }).fit(sample);
  const { clusterCenters } = await MiniBatchKMeans({ nClusters: count, seed }).fit(sample, undefined, {
    signal,
  });
  return clusterCenters;
}

/** The file of the words: for each kind of features its words, and of a mixture its weights and variances. */
export function wordsToBytes(vocabularies: Vocabularies): Uint8Array {
  const arrays = new Map<string, NamedArray>();
  const add = (name: string, { rows, columns, data }: Matrix) =>
    arrays.set(name, { data, shape: [rows, columns], dtype: "float32" });
  for (const [features, words] of vocabularies) {
    add(`${features}.words`, wordCentres(words));
    if (!(words instanceof GaussianMixture)) continue;
    add(`${features}.covariances`, words.covariances);
    const { weights } = words;
    arrays.set(`${features}.weights`, { data: weights, shape: [weights.length], dtype: "float64" });
  }
  return encodeSafetensors(arrays);
}

/**
 * Reads the file of the words.
 *
 * @throws FileError if it is damaged.
 */
export async function readWords(path: string): Promise<Vocabularies> {
  const { tensors } = await readSafetensors(path);
  const fail = (message: string) =>
    new FileError(`${path}: ${message}; expected the visual words of a run of \`convoyant classic\``);
  const matrixOf = (name: string): Matrix => {
    const array = tensors.get(name);
    if (array?.dtype !== "float32" || array.shape.length !== 2) throw fail(`${name} is not a float32 matrix`);
    const [rows, columns] = array.shape;
    return { rows, columns, data: array.data as Float32Array };
  };
  const found = new Map<string, VisualWords>();
  for (const name of tensors.keys()) {
    if (!name.endsWith(".words")) continue;
    const features = name.slice(0, -".words".length);
    const means = matrixOf(name);
    const weights = tensors.get(`${features}.weights`);
    if (weights === undefined) {
      found.set(features, means);
      continue;
    }
    if (weights.dtype !== "float64") throw fail(`${features}.weights is not a list of float64`);
    const covariances = matrixOf(`${features}.covariances`);
    try {
      found.set(features, GaussianMixture.of({ weights: weights.data as Float64Array, means, covariances }));
    } catch (error) {
      throw fail((error as Error).message);
    }
  }
  return found;
}
