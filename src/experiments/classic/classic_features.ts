/** The features that classic pipelines know by name. */
import { ArgumentError } from "../../base/errors.ts";
import { Registry } from "../../base/registry.ts";
import {
  bagOfWords,
  type DenseExtractor,
  daisy,
  denseSift,
  type ExtractOptions,
  type FeatureExtractor,
  hog,
  type LocalExtractor,
  type Matrix,
  sift,
} from "../../classic/index.ts";
import type { Image } from "../../records/image.ts";
import { learnWords, type VisualWords, type Vocabularies, type WordSettings } from "./classic_words.ts";

/** How images become rows of features: an extractor of rows, or one of descriptors. */
export interface FeatureEntry {
  readonly name: string;
  /** For help texts. */
  readonly title: string;
  /** The extractor for images of a size. */
  extractor(side: number): FeatureExtractor | DenseExtractor | LocalExtractor | Promise<LocalExtractor>;
}

/** Images up to this side get small cells. */
const SMALL_SIDE = 32;

const FEATURES = new Registry<FeatureEntry>("kind of features", () => [
  { name: "pixels", title: "grey values from 0 to 1", extractor: () => pixelExtractor },
  {
    name: "hog",
    title: "histograms of oriented gradients",
    // Interpolated votes are worth 1 to 2% of accuracy over scikit-image's.
    extractor: (side) =>
      hog({ variant: "dalal-triggs", pixelsPerCell: side <= SMALL_SIDE ? 4 : 8, cellsPerBlock: 2 }),
  },
  { name: "sift", title: "SIFT key points", extractor: () => sift() },
  {
    name: "dense-sift",
    title: "SIFT descriptors on a grid",
    extractor: (side) => denseSift({ step: side <= SMALL_SIDE ? 4 : 8, binSizes: [4], root: true }),
  },
  {
    name: "daisy",
    title: "DAISY descriptors on a grid",
    extractor: (side) => daisy(side <= SMALL_SIDE ? { step: 4, radius: 8 } : { step: 8 }),
  },
  {
    name: "surf",
    title: "SURF key points (US 8,165,401 may be in force until 2027)",
    // Loaded when it is asked for: the main entry never imports it.
    extractor: async () => (await import("../../classic/surf/surf.ts")).surf(),
  },
]);

/** Names of the features, the default first. */
export const featureNames = (): string[] => FEATURES.names();

/**
 * Features by name; several joined by "+" stand beside each other in each row.
 *
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 */
export function featureEntries(name: string): FeatureEntry[] {
  return name.split("+").map((part) => FEATURES.get(part));
}

/** An extractor that is ready, and the words that it was given. */
export interface PreparedFeatures {
  readonly extractor: FeatureExtractor;
  /** Of the kinds of features that have words. */
  readonly vocabularies: Vocabularies;
}

/**
 * The extractor of features by name; words are learned from training images.
 *
 * @throws ArgumentError for fewer descriptors than words.
 */
export function prepareFeatures(
  name: string,
  images: readonly Image[],
  settings: WordSettings,
  options: ExtractOptions,
): Promise<PreparedFeatures> {
  const side = Math.min(images[0].width, images[0].height);
  return featuresWith(name, side, settings, (_, extractor) =>
    learnWords(extractor, images, settings, options),
  );
}

/**
 * The extractor of features by name with the words of a run.
 *
 * @param side - of the images, the shorter one.
 * @throws ArgumentError if words are missing, or are those of other descriptors.
 */
export async function restoreFeatures(
  name: string,
  side: number,
  settings: Omit<WordSettings, "seed">,
  vocabularies: Vocabularies,
): Promise<FeatureExtractor> {
  const prepared = await featuresWith(name, side, settings, async (part) => {
    const words = vocabularies.get(part);
    if (words === undefined) throw new ArgumentError(`there are no visual words of ${part}`);
    return words;
  });
  return prepared.extractor;
}

async function featuresWith(
  name: string,
  side: number,
  { words, encoding, pyramid }: Omit<WordSettings, "seed">,
  wordsOf: (features: string, extractor: LocalExtractor) => Promise<VisualWords>,
): Promise<PreparedFeatures> {
  const extractors: FeatureExtractor[] = [];
  const vocabularies = new Map<string, VisualWords>();
  for (const entry of featureEntries(name)) {
    const extractor = await entry.extractor(side);
    if ("extract" in extractor && (!("detectAll" in extractor) || words === null)) {
      extractors.push(extractor);
      continue;
    }
    const local = extractor as LocalExtractor;
    const own = await wordsOf(entry.name, local);
    vocabularies.set(entry.name, own);
    extractors.push(bagOfWords(local, own, { encoding, pyramid }));
  }
  const extractor = extractors.length === 1 ? extractors[0] : joinedExtractor(name, extractors);
  return { extractor, vocabularies };
}

/** What grey values are multiplied by beside other features, whose values are smaller. */
const PIXELS_BESIDE = 0.5;

/** The features of several extractors, one behind the other in each row. */
function joinedExtractor(name: string, extractors: readonly FeatureExtractor[]): FeatureExtractor {
  return {
    name,
    async extract(images, options = {}) {
      const parts: Matrix[] = [];
      for (const [i, extractor] of extractors.entries()) {
        const onProgress = (done: number) =>
          options.onProgress?.((i * images.length + done) / extractors.length);
        const part = await extractor.extract(images, { ...options, onProgress });
        if (extractor === pixelExtractor)
          for (let at = 0; at < part.data.length; at++) part.data[at] *= PIXELS_BESIDE;
        parts.push(part);
      }
      return besideEachOther(parts);
    },
  };
}

function besideEachOther(parts: readonly Matrix[]): Matrix {
  const { rows } = parts[0];
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const data = new Float32Array(rows * columns);
  let start = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++)
      data.set(part.data.subarray(row * part.columns, (row + 1) * part.columns), row * columns + start);
    start += part.columns;
  }
  return { rows, columns, data };
}

/** Grey values from 0 to 1, row by row. */
const pixelExtractor: FeatureExtractor = {
  name: "pixels",
  async extract(images: readonly Image[]): Promise<Matrix> {
    const columns = images.length === 0 ? 0 : images[0].width * images[0].height;
    const data = new Float32Array(images.length * columns);
    for (const [row, image] of images.entries()) {
      if (image.width * image.height !== columns) {
        throw new ArgumentError(
          `pixels: expected images of one size, got ${image.width} x ${image.height} and ${images[0].width} x ${images[0].height}`,
        );
      }
      greyValues(image, data.subarray(row * columns, (row + 1) * columns));
    }
    return { rows: images.length, columns, data };
  },
};

/** Luminance by ITU-R BT.601, as other grey conversions here. */
function greyValues({ channels, data }: Image, out: Float32Array): void {
  for (let i = 0, at = 0; i < out.length; i++, at += channels)
    out[i] =
      (channels === 1 ? data[at] : 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
}
