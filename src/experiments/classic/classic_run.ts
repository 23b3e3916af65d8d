/** One pipeline of hand-made features and a classifier, trained and tested. Node only. */
import {
  accuracyScore,
  type Classifying,
  confusionMatrix,
  learnerToBytes,
  type Matrix,
  takeRows,
} from "../../classic/index.ts";
import type { Mistake } from "../../report/html/report_data.ts";
import { classScores } from "./class_scores.ts";
import { classifierEntry } from "./classic_classifiers.ts";
import type { ClassicData, LabelledPart } from "./classic_data.ts";
import { prepareFeatures } from "./classic_features.ts";
import type { Vocabularies, WordSettings } from "./classic_words.ts";
import { factsOfPipeline } from "./saved_classic.ts";

/** What is trained. */
export interface ClassicSettings extends WordSettings {
  readonly features: string;
  readonly classifier: string;
  readonly C: number | null;
  readonly gamma: number | null;
}

/** Where a run stands. */
export interface ClassicProgress {
  readonly phase: "words" | "training features" | "training" | "test features" | "testing";
  /** Share of the phase that is done, 0 to 1. */
  readonly done: number;
}

/** How a run may be watched and ended. */
export interface ClassicWatch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ClassicProgress) => void;
}

/** A trained pipeline and how good it is. */
export interface ClassicResult {
  readonly settings: ClassicSettings;
  readonly classifier: Classifying;
  /** Features of an image. */
  readonly columns: number;
  readonly testAccuracy: number;
  /** Features of the training images, and the training itself. */
  readonly trainSeconds: number;
  /** The same as processor time of all threads: what other programs change least. */
  readonly trainProcessorSeconds: number;
  readonly featureSeconds: number;
  /** Test images a second, from pixels to classes. */
  readonly predictPerSecond: number;
  readonly modelBytes: number;
  readonly confusion: readonly (readonly number[])[];
  readonly mistakes: readonly Mistake[];
  /** The file of the model. */
  readonly model: Uint8Array;
  /** The visual words of each kind of features that has any. */
  readonly vocabularies: Vocabularies;
}

/**
 * Extracts the features, trains the classifier, tests it.
 *
 * @throws ArgumentError for data or settings that cannot work; TrainingError when it is interrupted.
 */
export async function runClassic(
  settings: ClassicSettings,
  data: ClassicData,
  { signal, onProgress }: ClassicWatch = {},
): Promise<ClassicResult> {
  const { train, test, classes } = data;
  const features = async (phase: ClassicProgress["phase"], { images }: LabelledPart) => {
    const report = (done: number) => onProgress?.({ phase, done: done / images.length });
    const found = await prepared.extractor.extract(images, { ...(signal && { signal }), onProgress: report });
    onProgress?.({ phase, done: 1 });
    return found;
  };
  const began = performance.now();
  const used = process.cpuUsage();
  onProgress?.({ phase: "words", done: 0 });
  const prepared = await prepareFeatures(settings.features, train.images, settings, signal ? { signal } : {});
  const trainFeatures = await features("training features", train);
  const featureSeconds = since(began);
  const classifier = classifierEntry(settings.classifier).make(settings);
  const report = (done: number) => onProgress?.({ phase: "training", done });
  await classifier.fit(trainFeatures, train.labels, { signal, onProgress: report });
  const trainSeconds = since(began);
  const { user, system } = process.cpuUsage(used);
  const tested = performance.now();
  const testFeatures = await features("test features", test);
  onProgress?.({ phase: "testing", done: 0 });
  const predicted = await classifier.predict(testFeatures);
  const predictPerSecond = test.images.length / since(tested);
  const model = learnerToBytes(classifier, factsOfPipeline(settings.features, settings, data));
  const all = classes.map((_, place) => place);
  return {
    settings,
    classifier,
    columns: trainFeatures.columns,
    testAccuracy: accuracyScore(test.labels, predicted),
    trainSeconds,
    trainProcessorSeconds: (user + system) / 1e6,
    featureSeconds,
    predictPerSecond,
    modelBytes: model.length,
    confusion: confusionMatrix(test.labels, predicted, all),
    vocabularies: prepared.vocabularies,
    mistakes: await worstMistakes(classifier, testFeatures, data, predicted),
    model,
  };
}

const since = (began: number): number => Math.max(1e-9, (performance.now() - began) / 1000);

const MOST_MISTAKES = 24;

/** The mistakes of which the classifier was most sure: by probabilities, else by a softmax of its decision values. */
async function worstMistakes(
  classifier: Classifying,
  features: Matrix,
  { test, classes }: ClassicData,
  predicted: Int32Array,
): Promise<Mistake[]> {
  const wrong = Array.from(predicted.keys()).filter((i) => predicted[i] !== test.labels[i]);
  if (wrong.length === 0) return [];
  const scores = await classScores(classifier, takeRows(features, wrong), classes.length);
  const mistakes = wrong.map((index, k) => ({
    index,
    image: test.images[index],
    truth: test.labels[index],
    predicted: predicted[index],
    probability: scores[k][predicted[index]],
    truthProbability: scores[k][test.labels[index]],
  }));
  return mistakes.sort((a, b) => b.probability - a.probability).slice(0, MOST_MISTAKES);
}
