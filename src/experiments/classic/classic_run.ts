/** One pipeline of hand-made features and a classifier, trained and tested. Node only. */
import { ArgumentError, FileError } from "../../base/errors.ts";
import {
  accuracyScore,
  type Classifying,
  confusionMatrix,
  type LearnerFacts,
  learnerToBytes,
  type Matrix,
} from "../../classic/index.ts";
import { loadLearnerWithFacts } from "../../classic/learners/saved_learners.ts";
import type { Mistake } from "../../report/html/report_data.ts";
import { classifierEntry } from "./classic_classifiers.ts";
import type { ClassicData, LabelledPart } from "./classic_data.ts";
import { prepareFeatures, type WordSettings } from "./classic_features.ts";

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
  /** The visual words; null without words. */
  readonly words: Matrix | null;
}

/**
 * Extracts the features, trains the classifier, tests it.
 *
 * @throws ArgumentError for data or settings that cannot work; TrainingError when it is interrupted.
 */
export async function runClassic(
  settings: ClassicSettings,
  { train, test, classes }: ClassicData,
  { signal, onProgress }: ClassicWatch = {},
): Promise<ClassicResult> {
  const { width, height } = train.images[0];
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
  const facts: LearnerFacts = {
    features: settings.features,
    classes: JSON.stringify(classes),
    imageSize: JSON.stringify([width, height]),
  };
  const model = learnerToBytes(classifier, facts);
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
    words: prepared.words,
    mistakes: await worstMistakes(classifier, testFeatures, test, predicted),
    model,
  };
}

const since = (began: number): number => Math.max(1e-9, (performance.now() - began) / 1000);

const MOST_MISTAKES = 24;

/** The mistakes of which the classifier was most sure: by probabilities, else by a softmax of its decision values. */
async function worstMistakes(
  classifier: Classifying,
  features: Matrix,
  test: LabelledPart,
  predicted: Int32Array,
): Promise<Mistake[]> {
  const wrong = Array.from(predicted.keys()).filter((i) => predicted[i] !== test.labels[i]);
  if (wrong.length === 0) return [];
  const { columns, data } = features;
  const rows = new Float32Array(wrong.length * columns);
  for (const [k, i] of wrong.entries()) rows.set(data.subarray(i * columns, (i + 1) * columns), k * columns);
  const scores = await sureness(classifier, { rows: wrong.length, columns, data: rows });
  const place = new Map(classifier.classes.map((label, at) => [label, at]));
  const mistakes = wrong.map((index, k) => ({
    index,
    image: test.images[index],
    truth: test.labels[index],
    predicted: predicted[index],
    probability: scores[k][place.get(predicted[index]) as number],
    truthProbability: scores[k][place.get(test.labels[index]) ?? -1] ?? 0,
  }));
  return mistakes.sort((a, b) => b.probability - a.probability).slice(0, MOST_MISTAKES);
}

async function sureness(classifier: Classifying, rows: Matrix): Promise<number[][]> {
  const k = classifier.classes.length;
  const byProbability = classifier.kind === "SoftmaxRegression" || classifier.kind === "KNeighborsClassifier";
  const ask = byProbability ? classifier.predictProba : classifier.decisionFunction;
  if (ask === undefined) return Array.from({ length: rows.rows }, () => new Array<number>(k).fill(1 / k));
  const { columns, data } = await ask.call(classifier, rows);
  return Array.from({ length: rows.rows }, (_, row) => {
    const own = Array.from(data.subarray(row * columns, (row + 1) * columns));
    const values = columns === 1 ? [-own[0], own[0]] : own;
    if (byProbability) return values;
    const powers = values.map((value) => Math.exp(value - Math.max(...values)));
    const sum = powers.reduce((total, value) => total + value, 0);
    return powers.map((value) => value / sum);
  });
}

/** A saved pipeline: the learner with the features that it takes. */
export interface SavedClassic {
  readonly classifier: Classifying;
  readonly features: string;
  readonly classes: readonly unknown[];
}

/**
 * Reads the model of a run.
 *
 * @param features - the features that are going to be given to it; undefined for any.
 * @throws FileError if the file is damaged, or holds a model of other features than those.
 */
export async function loadClassic(path: string, features?: string): Promise<SavedClassic> {
  const { learner, facts } = await loadLearnerWithFacts(path);
  const fail = (message: string) =>
    new FileError(`${path}: ${message}; expected the model of a run of \`convoyant classic\``);
  if (facts.features === undefined) throw fail("it does not say which features it takes");
  if (!("predict" in learner)) throw fail(`it holds a ${learner.kind}, which is not a classifier`);
  if (features !== undefined && facts.features !== features) {
    throw new ArgumentError(
      `${path} is a model of the features ${facts.features.slice(0, 40)}, not of ${features}; extract those for it`,
    );
  }
  let classes: unknown;
  try {
    classes = JSON.parse(facts.classes ?? "");
  } catch {
    throw fail("what it says of its classes is not JSON");
  }
  if (!Array.isArray(classes)) throw fail("its classes are not a list");
  return { classifier: learner as Classifying, features: facts.features, classes };
}
