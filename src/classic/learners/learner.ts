/** What all learners share: options with defaults, training that can be watched, and what is saved. */
import { ArgumentError, didYouMean, TrainingError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { AbortSignalLike } from "../../base/web_types.ts";
import type { NamedArray } from "../../io/safetensors/safetensors.ts";
import { checkMatrix, type Matrix } from "../matrix.ts";
import { accuracyScore } from "./metrics.ts";

/** How long a training may be watched and ended. */
export interface FitWatch {
  /** Ends the training with a TrainingError when it is aborted. */
  readonly signal?: AbortSignalLike | null | undefined;
  /** Called with the share of the work that is done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** What a learner has learned, as a file holds it. */
export interface LearnerState {
  /** Name of the class. */
  readonly kind: string;
  /** JSON: the options and whatever else is not an array. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, NamedArray>>;
}

/** A rule for the value of an option. */
export type LearnerOptionRule = (value: unknown) => string | undefined;

/**
 * Anything with scikit-learn's verbs. Options are read-only; `clone` makes an untrained learner with other ones.
 */
export abstract class Learner<O extends object = any> {
  /** The options with their defaults. */
  readonly options: Readonly<Required<O>>;

  constructor(options: Required<O>) {
    this.options = Object.freeze(options);
  }

  /** Name of the class, as in files. */
  abstract get kind(): string;

  /** Whether it is trained. */
  abstract get isFitted(): boolean;

  /** An untrained learner with the same options, except for those given. */
  clone(changes: Partial<O> = {}): this {
    const of = this.constructor as new (options: object) => this;
    return new of({ ...this.options, ...changes });
  }

  /** What it has learned, for `saveLearner`. */
  abstract state(): LearnerState;

  /** @internal Learns from what a file holds. */
  abstract restore(state: RestoredState): void;

  protected requireFitted(verb: string): void {
    if (this.isFitted) return;
    throw new TrainingError(`${this.kind}.${verb}: not fitted yet; call \`fit\` first`);
  }
}

/** What is read of a file, checked as it is asked for. */
export interface RestoredState {
  readonly facts: Readonly<Record<string, unknown>>;
  /** A matrix [rows, columns]; sizes may be fixed. */
  matrix(name: string, rows?: number, columns?: number): Matrix;
  /** Numbers, as many as given. */
  numbers(name: string, length?: number): Float64Array;
  /** An integer among the facts. */
  integer(name: string, least: number, most: number): number;
  /** The classes among the facts: at least two integers, ascending. */
  classes(): readonly number[];
  /** A FileError for what does not belong together. */
  fail(message: string): never;
}

/** Learners that turn features into other features. */
export interface Transformer extends Learner {
  fit(x: Matrix, y?: ArrayLike<number>, watch?: FitWatch): Promise<this>;
  transform(x: Matrix): Promise<Matrix>;
}

/** Learners that give each row a class. */
export interface Classifying extends Learner {
  readonly classes: readonly number[];
  fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this>;
  predict(x: Matrix): Promise<Int32Array>;
  score(x: Matrix, y: ArrayLike<number>): Promise<number>;
  decisionFunction?(x: Matrix): Promise<Matrix>;
  predictProba?(x: Matrix): Promise<Matrix>;
}

/** What transformers share. */
export abstract class TransformerLearner<O extends object> extends Learner<O> implements Transformer {
  abstract fit(x: Matrix, y?: ArrayLike<number>, watch?: FitWatch): Promise<this>;
  abstract transform(x: Matrix): Promise<Matrix>;

  /** Trains and transforms the same rows. */
  async fitTransform(x: Matrix, y?: ArrayLike<number>, watch?: FitWatch): Promise<Matrix> {
    await this.fit(x, y, watch);
    return this.transform(x);
  }
}

/** What classifiers share. */
export abstract class ClassifierLearner<O extends object> extends Learner<O> implements Classifying {
  /** The labels that were seen in training, ascending. */
  classes: readonly number[] = [];
  /** Number of features that were seen in training. */
  featureCount = 0;

  abstract fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this>;
  abstract predict(x: Matrix): Promise<Int32Array>;

  get isFitted(): boolean {
    return this.classes.length > 0;
  }

  /** Share of the rows that get their class. */
  async score(x: Matrix, y: ArrayLike<number>): Promise<number> {
    return accuracyScore(y, await this.predict(x));
  }

  protected checkRows(verb: string, x: Matrix): void {
    this.requireFitted(verb);
    checkMatrix(`${this.kind}.${verb}`, x, this.featureCount);
  }
}

/**
 * Options with defaults.
 *
 * @throws ArgumentError for a name that does not exist, or a value that its rule forbids.
 */
export function checkedOptions<O extends object>(
  caller: string,
  defaults: Required<O>,
  given: O,
  rules: Partial<Record<keyof O, LearnerOptionRule>>,
): Required<O> {
  if (typeof given !== "object" || given === null)
    throw new ArgumentError(`${caller}: expected an object of options, got ${shownValue(given)}`);
  const options: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      const near = didYouMean(name, Object.keys(defaults));
      throw new ArgumentError(
        `${caller}: unknown option \`${name}\`${near || `; options are ${Object.keys(defaults).join(", ")}`}`,
      );
    }
    if (value !== undefined) options[name] = value;
  }
  for (const [name, rule] of Object.entries(rules) as [string, LearnerOptionRule][]) {
    const expected = rule(options[name]);
    if (expected === undefined) continue;
    throw new ArgumentError(
      `${caller}: expected \`${name}\` to be ${expected}, got ${shownValue(options[name])}`,
    );
  }
  return options as Required<O>;
}

/** A finite number above `least`. */
export const above =
  (least: number): LearnerOptionRule =>
  (value) =>
    typeof value === "number" && Number.isFinite(value) && value > least ? undefined : `a number > ${least}`;

/** A finite number of at least `least`. */
export const atLeast =
  (least: number): LearnerOptionRule =>
  (value) =>
    typeof value === "number" && Number.isFinite(value) && value >= least
      ? undefined
      : `a number >= ${least}`;

/** An integer of at least `least`. */
export const integerFrom =
  (least: number): LearnerOptionRule =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least ? undefined : `an integer >= ${least}`;

/** One of a few texts. */
export const oneOf =
  (...names: readonly string[]): LearnerOptionRule =>
  (value) =>
    names.includes(value as string) ? undefined : `one of ${names.map((name) => `"${name}"`).join(", ")}`;

/** A boolean. */
export const isBoolean: LearnerOptionRule = (value) =>
  typeof value === "boolean" ? undefined : "true or false";

/** Either null or what another rule allows. */
export const orNull =
  (rule: LearnerOptionRule): LearnerOptionRule =>
  (value) => {
    const expected = value === null ? undefined : rule(value);
    return expected === undefined ? undefined : `${expected} or null`;
  };
