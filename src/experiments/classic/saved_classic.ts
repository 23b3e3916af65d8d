/** Trained pipelines in files: what a run of `convoyant classic` leaves, read back. Node only. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import type { Classifying, FeatureExtractor, LearnerFacts } from "../../classic/index.ts";
import { LEARNER_FORMATS, loadLearnerWithFacts } from "../../classic/learners/saved_learners.ts";
import { MOST_JSON_BYTES, readTextSync, withRegularFile } from "../../io/regular_file.ts";
import { readSafetensorsSizes } from "../../io/safetensors/safetensors_source.ts";
import type { ClassName } from "../../records/class_names.ts";
import { requireClasses, requirePreprocessing } from "../../records/classifier_facts.ts";
import type { Image } from "../../records/image.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { classScores } from "./class_scores.ts";
import type { ClassicData } from "./classic_data.ts";
import { restoreFeatures } from "./classic_features.ts";
import { readWords, type WordSettings } from "./classic_words.ts";

/** Names of the files of a classic run. */
export const CLASSIC_FILES = {
  record: "classic.json",
  model: "model.safetensors",
  words: "words.safetensors",
  report: "report.html",
} as const;

const whole = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least));

const wordsSchema = v.object({
  words: v.nullable(whole(1)),
  encoding: v.picklist(["hard", "soft", "vlad", "fisher"]),
  pyramid: v.pipe(whole(0), v.maxValue(4)),
});

const recordSchema = v.object({
  version: v.literal(1),
  settings: v.object({ data: v.string(), side: whole(1), seed: whole(0) }),
});

/** What images a run was trained and tested on. */
export type ClassicRunData = v.InferOutput<typeof recordSchema>["settings"];

/** A saved pipeline: from images to classes. */
export interface SavedClassic {
  /** The file of the model. */
  readonly path: string;
  readonly classifier: Classifying;
  readonly features: string;
  readonly extractor: FeatureExtractor;
  readonly classes: readonly ClassName[];
  /** What is done to an image before; levels 0 to 255 become 0 to 1 on the way. */
  readonly preprocessing: Preprocessing;
}

/** What the file of a model says beside its classifier. */
export function factsOfPipeline(
  features: string,
  { words, encoding, pyramid }: WordSettings,
  { classes, preprocessing, train }: Pick<ClassicData, "classes" | "preprocessing" | "train">,
): LearnerFacts {
  const { width, height } = train.images[0];
  return {
    features,
    classes: JSON.stringify(classes),
    preprocessing: JSON.stringify(preprocessing),
    imageSize: JSON.stringify([width, height]),
    words: JSON.stringify({ words, encoding, pyramid }),
  };
}

/** Whether a path is a run of `convoyant classic`, or the model of one. */
export async function isClassic(path: string): Promise<boolean> {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info?.isDirectory()) return existsSync(join(path, CLASSIC_FILES.record));
  if (!info?.isFile() || !path.endsWith(".safetensors")) return false;
  const head = await withRegularFile(path, (file) => readSafetensorsSizes(file, path));
  return head?.metadata.format?.startsWith(LEARNER_FORMATS) === true;
}

/**
 * Reads the pipeline of a run.
 *
 * @param path - the run's folder, or the file of its model, beside which its visual words stand.
 * @param features - the features that are going to be given to it; undefined for any.
 * @throws FileError if a file is damaged or missing; ArgumentError for a model of other features than those.
 */
export async function loadClassic(path: string, features?: string): Promise<SavedClassic> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? join(path, CLASSIC_FILES.model) : path;
  const { learner, facts } = await loadLearnerWithFacts(file);
  const fail = (message: string) =>
    new FileError(`${file}: ${message}; expected the model of a run of \`convoyant classic\``);
  if (facts.features === undefined) throw fail("it does not say which features it takes");
  if (!("predict" in learner && "classes" in learner))
    throw fail(`it holds a ${learner.kind}, which is not a classifier`);
  if (features !== undefined && facts.features !== features) {
    throw new ArgumentError(
      `${file} is a model of the features ${facts.features.slice(0, 40)}, not of ${features}; extract those for it`,
    );
  }
  const read = (name: "classes" | "preprocessing" | "imageSize" | "words") => {
    try {
      return parseJson(facts[name] ?? "", { depth: 8 });
    } catch (error) {
      throw fail(`its text \`${name}\` is not JSON (${(error as Error).message})`);
    }
  };
  const checked = <S extends v.GenericSchema>(schema: S, name: "imageSize" | "words"): v.InferOutput<S> => {
    const found = v.safeParse(schema, read(name));
    if (!found.success) throw fail(`its \`${name}\` are not those of a pipeline: ${found.issues[0].message}`);
    return found.output;
  };
  const classifier = learner as Classifying;
  const classes = requireClasses(read("classes"), fail);
  if (classifier.classes.some((label) => label < 0 || label >= classes.length))
    throw fail("its classifier has classes without a name");
  const preprocessing = requirePreprocessing(read("preprocessing"), fail);
  const [width, height] = checked(v.tuple([whole(1), whole(1)]), "imageSize");
  const words = checked(wordsSchema, "words");
  const beside = join(dirname(file), CLASSIC_FILES.words);
  const vocabularies = existsSync(beside) ? await readWords(beside) : new Map();
  try {
    const extractor = await restoreFeatures(facts.features, Math.min(width, height), words, vocabularies);
    return { path: file, classifier, features: facts.features, extractor, classes, preprocessing };
  } catch (error) {
    throw fail(`${(error as Error).message} (${basename(beside)} beside it holds its visual words)`);
  }
}

/**
 * What a run's record says of its images; null for a model that stands alone.
 *
 * @throws FileError if the record is damaged.
 */
export function classicRunData(path: string): ClassicRunData | null {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = join(isFolder ? path : dirname(path), CLASSIC_FILES.record);
  if (!existsSync(file)) return null;
  const fail = (message: string) => new FileError(`${file} is not the record of a run: ${message}`);
  let value: unknown;
  try {
    value = parseJson(readTextSync(file, MOST_JSON_BYTES), { depth: 16 });
  } catch (error) {
    throw fail((error as Error).message);
  }
  const found = v.safeParse(recordSchema, value);
  if (!found.success) throw fail(found.issues[0].message);
  return found.output.settings;
}

/** What a pipeline makes of images that are prepared: for each a number for every class, which sum to 1. */
export async function classifyImages(
  { classifier, extractor, classes }: SavedClassic,
  images: readonly Image[],
): Promise<number[][]> {
  const features = await extractor.extract(images);
  return classScores(classifier, features, classes.length);
}
