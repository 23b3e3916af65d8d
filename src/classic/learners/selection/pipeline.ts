import { ArgumentError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { shownValue } from "../../../base/shown_value.ts";
import type { Matrix } from "../../matrix.ts";
import {
  type Classifying,
  type FitWatch,
  Learner,
  type LearnerState,
  type RestoredState,
  type Transformer,
} from "../learner.ts";
import { accuracyScore } from "../metrics.ts";

/** Steps by name: transformers, then a last transformer or a classifier. */
export type PipelineSteps = readonly (readonly [name: string, step: Learner])[];

class PipelineLearner extends Learner<{ steps: PipelineSteps }> {
  /** @throws ArgumentError without steps, for a name twice, or a step in the middle that does not transform. */
  constructor(steps: PipelineSteps | { readonly steps: PipelineSteps }) {
    super({ steps: checkedSteps("steps" in steps ? steps.steps : steps) });
  }

  get kind(): string {
    return "Pipeline";
  }

  get isFitted(): boolean {
    return this.options.steps.every(([, step]) => step.isFitted);
  }

  /** A step by its name. */
  step(name: string): Learner {
    const found = this.options.steps.find(([own]) => own === name);
    if (found !== undefined) return found[1];
    const names = this.options.steps.map(([own]) => own).join(", ");
    throw new ArgumentError(`Pipeline: no step is called ${shownValue(name)}; steps are ${names}`);
  }

  /** The labels of the last step, a classifier. */
  get classes(): readonly number[] {
    return this.#last("classes").classes;
  }

  /** An untrained pipeline; options of steps are changed as `"svm.C"`. */
  override clone(changes: Readonly<Record<string, unknown>> = {}): this {
    const own = new Map<string, Record<string, unknown>>();
    for (const [path, value] of Object.entries(changes)) {
      const dot = path.indexOf(".");
      if (dot < 1) {
        throw new ArgumentError(
          `Pipeline: expected an option of a step, as in "svm.C", got ${shownValue(path)}`,
        );
      }
      const name = path.slice(0, dot);
      this.step(name);
      own.set(name, { ...own.get(name), [path.slice(dot + 1)]: value });
    }
    const steps = this.options.steps.map(([name, step]) => [name, step.clone(own.get(name))] as const);
    return new PipelineLearner(steps) as this;
  }

  /** Trains each step on what those before it give. */
  async fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    const { steps } = this.options;
    let features = x;
    for (const [i, [, step]] of steps.entries()) {
      const onProgress = (done: number) => watch?.onProgress?.((i + done) / steps.length);
      const trained = await (step as Transformer).fit(features, y, { ...watch, onProgress });
      if (i < steps.length - 1) features = await trained.transform(features);
    }
    return this;
  }

  /** What the transformers before the last step give, and it, too, if it transforms. */
  async transform(x: Matrix): Promise<Matrix> {
    const last = this.options.steps[this.options.steps.length - 1][1];
    const features = await this.#features(x);
    return transforms(last) ? last.transform(features) : features;
  }

  async #features(x: Matrix): Promise<Matrix> {
    let features = x;
    for (const [, step] of this.options.steps.slice(0, -1))
      features = await (step as Transformer).transform(features);
    return features;
  }

  /** The class of each row. */
  async predict(x: Matrix): Promise<Int32Array> {
    return this.#last("predict").predict(await this.#features(x));
  }

  /** Share of the rows that get their class. */
  async score(x: Matrix, y: ArrayLike<number>): Promise<number> {
    return accuracyScore(y, await this.predict(x));
  }

  /** Decision values of the last step. */
  async decisionFunction(x: Matrix): Promise<Matrix> {
    const last = this.#last("decisionFunction");
    return (last.decisionFunction as (x: Matrix) => Promise<Matrix>)(await this.#features(x));
  }

  /** Probability of each class. */
  async predictProba(x: Matrix): Promise<Matrix> {
    const last = this.#last("predictProba");
    return last.predictProba?.call(last, await this.#features(x)) as Promise<Matrix>;
  }

  #last(verb: keyof Classifying): Classifying {
    const { steps } = this.options;
    const [name, step] = steps[steps.length - 1];
    if (verb in step) return step as Classifying;
    throw new ArgumentError(`Pipeline: its last step ${name}, ${step.kind}, has no \`${verb}\``);
  }

  state(): LearnerState {
    const steps = this.options.steps.map(([name, step]) => ({ name, state: step.state() }));
    const arrays = Object.fromEntries(
      steps.flatMap(({ state }, i) =>
        Object.entries(state.arrays).map(([name, array]) => [`${i}.${name}`, array] as const),
      ),
    );
    const facts = steps.map(({ name, state }) => ({ name, kind: state.kind, facts: state.facts }));
    return { kind: this.kind, facts: { steps: facts }, arrays };
  }

  /** @internal */
  restore(_state: RestoredState): void {
    // Its steps have been restored before it was made of them.
  }
}

const transforms = (step: Learner): step is Transformer => "transform" in step;

function checkedSteps(steps: PipelineSteps): PipelineSteps {
  if (!Array.isArray(steps) || steps.length === 0) {
    throw new ArgumentError(`Pipeline: expected at least one step [name, learner], got ${shownValue(steps)}`);
  }
  const names = new Set<string>();
  for (const [i, step] of (steps as unknown[]).entries()) {
    if (!Array.isArray(step) || typeof step[0] !== "string" || !(step[1] instanceof Learner))
      throw new ArgumentError(`Pipeline: expected step ${i} to be [name, learner], got ${shownValue(step)}`);
    const [name, learner] = step as [string, Learner];
    if (name === "" || name.includes(".") || names.has(name))
      throw new ArgumentError(
        `Pipeline: expected names of steps that differ and have no ".", got ${shownValue(name)}`,
      );
    if (i < steps.length - 1 && !transforms(learner))
      throw new ArgumentError(
        `Pipeline: step ${name}, ${learner.kind}, does not transform; only the last may do so`,
      );
    names.add(name);
  }
  return steps;
}

/**
 * Transformers and a classifier as one learner (scikit-learn's `Pipeline`).
 *
 * @example
 * ```ts
 * import { LinearSVC, matrix, Pipeline, StandardScaler } from "convoyant/classic";
 * const pipeline = Pipeline([["scale", StandardScaler()], ["svm", LinearSVC()]]);
 * await pipeline.fit(matrix([[0], [100], [300], [400]]), [0, 0, 1, 1]);
 * await pipeline.score(matrix([[50], [350]]), [0, 1]); // 1
 * ```
 */
export const Pipeline = callable("Pipeline", PipelineLearner);
/** See {@link Pipeline}. */
export type Pipeline = PipelineLearner;
