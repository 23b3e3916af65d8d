/** Learners as files: safetensors for what is numbers, JSON for the rest. */
import { readBytes } from "#read_bytes";
import { writeFileAtomic } from "#write_file";
import { isBytes } from "../../base/builtin_kinds.ts";
import { ArgumentError, ConvoyantError, FileError, TrainingError } from "../../base/errors.ts";
import { findDuplicateKey } from "../../io/json_keys.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArray } from "../../io/safetensors/safetensors.ts";
import type { Matrix } from "../matrix.ts";
import { KMeans, MiniBatchKMeans } from "./clusters/k_means.ts";
import { Learner, type RestoredState } from "./learner.ts";
import { KNeighborsClassifier } from "./neighbours/k_neighbors_classifier.ts";
import { PCA } from "./preprocessing/pca.ts";
import { StandardScaler } from "./preprocessing/standard_scaler.ts";
import { ZCAWhitening } from "./preprocessing/zca_whitening.ts";
import { Pipeline } from "./selection/pipeline.ts";
import { SoftmaxRegression } from "./softmax/softmax_regression.ts";
import { LinearSVC } from "./svm/linear_svc.ts";
import { SVC } from "./svm/svc.ts";

/** What formats of all versions begin with, in the metadata of a file. */
export const LEARNER_FORMATS = "convoyant-classic-";
const FORMAT = `${LEARNER_FORMATS}1`;

/** The longest file that is read: a learner is held in memory whole. */
const MOST_BYTES = 4 * 2 ** 30;

/** The learners that a file can hold. A pipeline is made of others. */
const KINDS: Readonly<Record<string, (options: any) => Learner>> = {
  KMeans: (options) => KMeans(options),
  KNeighborsClassifier: (options) => KNeighborsClassifier(options),
  LinearSVC: (options) => LinearSVC(options),
  MiniBatchKMeans: (options) => MiniBatchKMeans(options),
  PCA: (options) => PCA(options),
  SVC: (options) => SVC(options),
  SoftmaxRegression: (options) => SoftmaxRegression(options),
  StandardScaler: (options) => StandardScaler(options),
  ZCAWhitening: (options) => ZCAWhitening(options),
};

/** Texts that a caller keeps in the file; they come back as they were. */
export type LearnerFacts = Readonly<Record<string, string>>;

/** A learner out of a file, and what was written beside it. */
export interface LoadedLearner {
  readonly learner: Learner;
  readonly facts: LearnerFacts;
}

/**
 * A trained learner as a safetensors file: arrays by name, options and classes as JSON in the metadata.
 *
 * @param facts - texts to be kept in the file, such as which features the learner takes.
 * @throws TrainingError for a learner that is not trained; ArgumentError for a kernel that is a function.
 * @example
 * ```ts
 * import { learnerToBytes, loadLearner, matrix, StandardScaler } from "convoyant/classic";
 * const scaler = await StandardScaler().fit(matrix([[0], [2]]));
 * (await loadLearner(learnerToBytes(scaler))).kind; // StandardScaler
 * ```
 */
export function learnerToBytes(learner: Learner, facts: LearnerFacts = {}): Uint8Array<ArrayBuffer> {
  if (!(learner instanceof Learner))
    throw new ArgumentError("learnerToBytes: expected a learner of convoyant/classic");
  if (!learner.isFitted)
    throw new TrainingError(`learnerToBytes: ${learner.kind} is not fitted yet; call \`fit\` first`);
  const { kind, facts: own, arrays } = learner.state();
  return encodeSafetensors(new Map(Object.entries(arrays)), {
    ...facts,
    format: FORMAT,
    learner: JSON.stringify({ kind, facts: own }),
  });
}

/**
 * Writes a trained learner to a file; see {@link learnerToBytes}. Node.js only.
 *
 * @throws FileError if it cannot be written.
 * @example
 * ```ts no-run
 * import { PCA, saveLearner } from "convoyant/classic";
 * const pca = PCA({ nComponents: 50 });
 * await saveLearner(pca, "pca.safetensors");
 * ```
 */
export async function saveLearner(learner: Learner, path: string, facts: LearnerFacts = {}): Promise<void> {
  await writeFileAtomic(path, learnerToBytes(learner, facts));
}

/**
 * Reads a learner from a file or from bytes. What does not belong together is refused.
 *
 * @throws FileError for a file that is damaged, of another kind, or of a later version.
 * @example
 * ```ts no-run
 * import { loadLearner } from "convoyant/classic";
 * const learner = await loadLearner("model.safetensors");
 * learner.kind;
 * ```
 */
export async function loadLearner(source: string | Uint8Array): Promise<Learner> {
  return (await loadLearnerWithFacts(source)).learner;
}

/** As {@link loadLearner}, with the texts that were kept beside the learner. */
export async function loadLearnerWithFacts(source: string | Uint8Array): Promise<LoadedLearner> {
  const name = typeof source === "string" ? source : "the learner's file";
  if (typeof source !== "string" && !isBytes(source))
    throw new ArgumentError("loadLearner: expected a path or the bytes of a file");
  const bytes = typeof source === "string" ? await readBytes(source, MOST_BYTES) : source;
  const fail = (message: string): never => {
    throw new FileError(`${name}: ${message}; expected a file that \`saveLearner\` wrote`);
  };
  const { tensors, metadata } = decodeSafetensors(bytes, { name });
  const { format, learner: text, ...facts } = metadata;
  if (format !== FORMAT) {
    fail(
      format?.startsWith(LEARNER_FORMATS)
        ? `its format ${JSON.stringify(format.slice(0, 40))} is of another version; this one reads ${FORMAT}`
        : "it holds no learner of convoyant/classic",
    );
  }
  const given = parsed(text, fail);
  try {
    return { learner: restored(given, new Map(tensors), "", fail), facts };
  } catch (error) {
    // What options refuse names an API call; here it is the file that is wrong.
    if (error instanceof FileError || !(error instanceof ConvoyantError)) throw error;
    return fail(error.message);
  }
}

type Fail = (message: string) => never;

function parsed(text: string | undefined, fail: Fail): unknown {
  if (text === undefined) return fail("it does not say which learner it holds");
  try {
    const value: unknown = JSON.parse(text);
    if (findDuplicateKey(text) === undefined) return value;
  } catch {
    return fail("what it says of its learner is not JSON");
  }
  return fail("what it says of its learner holds a key twice");
}

/** A bound on pipelines of pipelines. */
const MOST_LEVELS = 8;

function restored(
  given: unknown,
  arrays: Map<string, NamedArray>,
  prefix: string,
  fail: Fail,
  level = 0,
): Learner {
  if (!isRecord(given) || typeof given.kind !== "string" || !isRecord(given.facts))
    return fail("it does not say which learner it holds");
  const { kind, facts } = given;
  if (kind === "Pipeline") {
    if (level >= MOST_LEVELS) return fail("its pipelines are nested too deeply");
    if (!Array.isArray(facts.steps)) return fail("its pipeline has no steps");
    const steps = facts.steps.map((step, i) => {
      if (!isRecord(step) || typeof step.name !== "string")
        return fail(`step ${i} of its pipeline has no name`);
      return [step.name, restored(step, arrays, `${prefix}${i}.`, fail, level + 1)] as const;
    });
    return Pipeline(steps);
  }
  const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (make === undefined)
    return fail(`it holds a learner of unknown kind ${JSON.stringify(kind.slice(0, 40))}`);
  if (!isRecord(facts.options)) return fail("its learner has no options");
  const learner = make(facts.options);
  learner.restore(new CheckedState(facts, arrays, prefix, fail));
  if (!learner.isFitted) return fail("its learner is not trained");
  return learner;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

class CheckedState implements RestoredState {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly #arrays: ReadonlyMap<string, NamedArray>;
  readonly #prefix: string;
  readonly #fail: Fail;

  constructor(
    facts: Record<string, unknown>,
    arrays: ReadonlyMap<string, NamedArray>,
    prefix: string,
    fail: Fail,
  ) {
    this.facts = facts;
    this.#arrays = arrays;
    this.#prefix = prefix;
    this.#fail = fail;
  }

  fail(message: string): never {
    return this.#fail(message);
  }

  matrix(name: string, rows?: number, columns?: number): Matrix {
    const { data, shape, dtype } = this.#array(name);
    if (dtype !== "float32" || shape.length !== 2) this.fail(`${name} is not a float32 matrix`);
    if ((rows ?? shape[0]) !== shape[0] || (columns ?? shape[1]) !== shape[1])
      this.fail(`${name} has shape [${shape.join(", ")}], which does not fit the rest`);
    if (!(data as Float32Array).every(Number.isFinite)) this.fail(`${name} holds values that are not finite`);
    return { rows: shape[0], columns: shape[1], data: data as Float32Array };
  }

  numbers(name: string, length?: number): Float64Array {
    const { data, shape, dtype } = this.#array(name);
    if (dtype !== "float64" || shape.length !== 1) this.fail(`${name} is not a list of float64`);
    if ((length ?? shape[0]) !== shape[0])
      this.fail(`${name} has ${shape[0]} values, which does not fit the rest`);
    if (!(data as Float64Array).every(Number.isFinite)) this.fail(`${name} holds values that are not finite`);
    return data as Float64Array;
  }

  integer(name: string, least: number, most: number): number {
    const value = this.facts[name];
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      this.fail(`${name} is not an integer from ${least} to ${most}`);
    return value as number;
  }

  classes(): readonly number[] {
    const { classes } = this.facts;
    const fits =
      Array.isArray(classes) &&
      classes.length >= 2 &&
      classes.every(
        (label, i) =>
          Number.isInteger(label) && Math.abs(label) < 2 ** 31 && (i === 0 || label > classes[i - 1]),
      );
    if (!fits) this.fail("its classes are not at least two ascending integers");
    return classes as number[];
  }

  #array(name: string): NamedArray {
    return this.#arrays.get(this.#prefix + name) ?? this.fail(`${name} is missing`);
  }
}
