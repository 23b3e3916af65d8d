/** Metrics of a trained network, or a pipeline of hand-made features, on the test set. */
import { engineHere, fastestEngine } from "../engines/select.ts";
import { type ClassName, className } from "../records/class_names.ts";
import { confusionMetrics } from "../report/confusion.ts";
import { formatMetric, formatPercent } from "../report/number_text.ts";
import type { Reporter } from "../report/reporter.ts";
import { RIGHT, renderRows } from "../report/terminal/table.ts";
import { useEngine } from "../tensor/index.ts";
import type { Precision } from "../train/loop/precision.ts";
import type { ClassificationMetrics } from "../train/metrics/classification_metrics.ts";
import { evaluate as evaluateNetwork } from "../train/metrics/evaluate.ts";
import { precisionHere } from "./available_precision.ts";
import { evaluateClassic } from "./classic/classic_predictor.ts";
import { isClassic } from "./classic/saved_classic.ts";
import { evaluatePhotos } from "./photos/evaluate_photos.ts";
import { isPhotosRun } from "./photos/photo_config.ts";
import { engineOptions, type GivenSettings } from "./training_config.ts";
import { openLoader } from "./training_parts.ts";
import { type LoadedNetwork, loadNetwork } from "./weights.ts";

/** Which network, and what is not as its run has it. */
export interface TrainedNetworkOptions {
  /** A registered name, or a module that makes the network: when the source does not say. */
  readonly model?: string | null;
  /** Settings that are not the run's. */
  readonly settings?: GivenSettings;
  /** Default: the run's engine. */
  readonly engine?: string | null;
  readonly threads?: number | null;
  /** How many guesses count at most in `topAccuracy`. Default 5. */
  readonly topK?: number;
  /** Called with what is being fetched, and what is not as it was asked for. */
  readonly onNote?: (text: string) => void;
}

export interface Evaluation {
  readonly model: string;
  /** The file that the weights came from. */
  readonly weights: string;
  readonly data: string;
  readonly classes: readonly ClassName[];
  readonly metrics: ClassificationMetrics;
  readonly precision: Precision;
  readonly seconds: number;
}

/**
 * Loss, accuracy and confusion matrix of a trained network on the test set: what `convoyant eval` does.
 *
 * @param source - a run's folder (of `convoyant classic`, too) or a weights file.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { metrics } = await experiments.evaluate("runs/first");
 * metrics.accuracy;
 * ```
 */
export async function evaluate(source: string, options: TrainedNetworkOptions = {}): Promise<Evaluation> {
  if (await isClassic(source)) {
    const { engine, threads = null } = options;
    await useEngine(engine ?? fastestEngine(), engineOptions({ reproducible: false, threads }));
    const began = performance.now();
    return { ...(await evaluateClassic(source, options)), seconds: (performance.now() - began) / 1000 };
  }
  const { net, model, weights, classes, settings, precision } = await readyNetwork(source, options);
  const started = performance.now();
  // Images of another data set are asked for by its name.
  if (isPhotosRun(source) && options.settings?.data === undefined) {
    const of = await evaluatePhotos(source, net, precision, options.onNote);
    return { model, weights, classes, precision, ...of, seconds: (performance.now() - started) / 1000 };
  }
  const loader = await openLoader(settings, options.onNote);
  const metrics = await evaluateNetwork(net, loader, {
    precision,
    ...(options.topK !== undefined && { topK: options.topK }),
  });
  const seconds = (performance.now() - started) / 1000;
  return { model, weights, data: settings.data, classes, metrics, precision, seconds };
}

/** A network with its weights, on the engine that it is to compute with. */
export async function readyNetwork(
  source: string,
  options: TrainedNetworkOptions,
): Promise<LoadedNetwork & { precision: Precision }> {
  const { model = null, settings = {}, engine, threads = null, onNote = () => {} } = options;
  const loaded = await loadNetwork(source, model, settings);
  const wanted = loaded.settings.engine === "" ? fastestEngine() : engineHere(loaded.settings.engine);
  await useEngine(engine ?? wanted, engineOptions({ ...loaded.settings, threads }));
  return { ...loaded, precision: await precisionHere(loaded.settings.precision, onNote) };
}

/**
 * Reports an evaluation: a table of the classes and a line of metrics, or an `end` event.
 *
 * @param topk - of how many guesses one may be right.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * experiments.reportEvaluation(await experiments.evaluate("runs/first"), told);
 * told.text.join("\n");
 * ```
 */
export function reportEvaluation(
  { metrics, classes, weights, seconds, model, precision }: Evaluation,
  reporter: Reporter,
  topk: readonly number[] = [5],
): void {
  const tops = topk.map((k) => [k, metrics.topAccuracy(k)] as const);
  const words = tops.map(([k, accuracy]) => `top ${k} ${formatMetric(accuracy)}`).join(", ");
  // A class that was never predicted has no precision.
  const share = (value: number) => (Number.isNaN(value) ? "-" : formatPercent(value));
  const table = renderRows(
    [
      ["class", ({ index }) => className(classes, index), { flexible: true }],
      ["precision", ({ precision }) => share(precision), RIGHT],
      ["recall", ({ recall }) => share(recall), RIGHT],
      ["examples", ({ support }) => String(support), RIGHT],
    ],
    confusionMetrics(metrics.confusion).classes,
    reporter.style,
  );
  reporter.lines([...table, ""]);
  reporter.line(
    `${weights}: loss ${formatMetric(metrics.loss)}, accuracy ${formatMetric(metrics.accuracy)}, ${words}, ${metrics.examples} examples in ${seconds.toFixed(1)} s`,
  );
  reporter.event({
    event: "end",
    ...{ model, weights, precision, examples: metrics.examples },
    ...{ testLoss: metrics.loss, testAccuracy: metrics.accuracy },
    ...Object.fromEntries(tops.map(([k, accuracy]) => [`top${k}Accuracy`, accuracy])),
    ...{ perClassAccuracy: metrics.perClassAccuracy, confusion: metrics.confusion, seconds },
  });
}
