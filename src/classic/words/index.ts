/** Visual words. */
export { type BagOfWords, type BagOfWordsOptions, bagOfWords, type PixelSize } from "./bag_of_words.ts";
export {
  GaussianMixture,
  type GaussianMixtureOptions,
  type MixtureParameters,
} from "./gaussian_mixture.ts";
export type { WordEncoding } from "./word_encoding.ts";
