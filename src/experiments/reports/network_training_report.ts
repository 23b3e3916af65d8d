/** What the training of a network of the chapter tells: a live curve and a table to people, events to machines. Node only. */
import { join, relative, resolve } from "node:path";
import type { FinalMetrics, MetricsPoint } from "../../records/run_record.ts";
import { compareWithBook, renderComparison, renderMetrics } from "../../report/book_comparison.ts";
import { formatMetric } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { startedEngine } from "../../runtime/runtime.ts";
import type { Callbacks, FitResult, StartEvent } from "../../train/loop/fit_options.ts";
import { ProgressDisplay } from "../../train/loop/progress_display.ts";
import { finalMetricsOf } from "../../train/runs/recorded_fit.ts";
import { differencesFromTheBook } from "../config_text.ts";
import type { StartingRun, TrainedResult } from "../train.ts";
import { asValidation, TrainingReport } from "./training_report.ts";

/** What a training ends with; one of a series does not test its best weights. */
export type TrainingEnd = FitResult & Partial<Pick<TrainedResult, "testOfBest">>;

/**
 * Reports a training of a network as it runs: what `convoyant train` says.
 *
 * @param brief - of one of several trainings: its metrics in one line, since a table of all follows.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.train(experiments.configure("lenet"), {
 *   onStart: (run) => experiments.reportTraining(run, told).callbacks(),
 * });
 * ```
 */
export function reportTraining(
  run: StartingRun,
  reporter: Reporter,
  brief = false,
): TrainingReport<TrainingEnd> {
  return new NetworkTrainingReport(reporter, run, brief);
}

class NetworkTrainingReport extends TrainingReport<TrainingEnd> {
  private readonly start: StartingRun;
  private readonly brief: boolean;

  constructor(reporter: Reporter, start: StartingRun, brief: boolean) {
    super(reporter, shortPath(start.folder));
    this.start = start;
    this.brief = brief;
    const { config, resumed, precision } = start;
    reporter.event({ event: "start", run: this.run, resumed, ...config });
    reporter.line(
      `${config.model} on ${config.data}: ${counted(config.epochs, "epoch")}, batch ${config.batchSize}, ${config.optimizer} lr ${config.lr}, ${precision}, ${engineInUse()}`,
    );
    reporter.line(`run: ${this.run}`);
  }

  /** What judges the epochs. */
  private get heldOut(): "test" | "validation" {
    return this.start.config.valSplit > 0 ? "validation" : "test";
  }

  callbacks(): Callbacks {
    const onNote = (text: string) => this.note(text);
    return { onNote, ...(this.reporter.json ? this.jsonCallbacks() : this.displayCallbacks()) };
  }

  end(result: TrainingEnd): void {
    this.stop();
    const { config } = this.start;
    const testOfBest = result.testOfBest ?? null;
    if (result.outcome === "interrupted") this.sayHowToGoOn();
    else this.sayMetrics(result, testOfBest);
    const metrics = finalMetricsOf(result);
    const { epochs, trainLoss, trainAccuracy, testAccuracy, examplesPerSecond, seconds } = metrics;
    const held = testAccuracy ?? null;
    const extra = result.points.at(-1)?.extra;
    this.reporter.event({
      event: "end",
      model: config.model,
      engine: config.engine,
      precision: result.precision,
      epochs,
      trainLoss,
      trainAccuracy,
      ...(config.valSplit > 0
        ? { valAccuracy: held, testAccuracy: testOfBest?.accuracy ?? null }
        : { testAccuracy: held }),
      ...(extra && this.renamed({ extra })),
      examplesPerSecond: examplesPerSecond || null,
      seconds,
      outcome: result.outcome,
      run: this.run,
    });
  }

  private sayMetrics(result: FitResult, testOfBest: TrainedResult["testOfBest"]): void {
    const { reporter, run } = this;
    const { config } = this.start;
    const { heldOut } = this;
    const metrics = finalMetricsOf(result);
    if (this.brief) {
      reporter.line(`done: ${metricsInWords(metrics, heldOut)}\n`);
      return;
    }
    const trained = result.points.length > 0;
    const differences = differencesFromTheBook(config);
    const comparable = trained && heldOut === "test";
    const comparison = comparable ? compareWithBook(config.model, metrics, { differences }) : undefined;
    reporter.line();
    reporter.lines(
      comparison
        ? renderComparison(comparison, reporter.style)
        : renderMetrics(config.model, metrics, { ...reporter.style, heldOut }),
    );
    reporter.line();
    if (result.outcome === "stopped early") reporter.line(earlyEnd(result));
    const last: Partial<MetricsPoint> = result.points.at(-1) ?? {};
    for (const [name, value] of Object.entries(this.renamed(last).extra ?? {}))
      reporter.line(`${name}: ${formatMetric(value)}`);
    if (testOfBest !== null) {
      reporter.line(
        `best weights on the test set: loss ${formatMetric(testOfBest.loss)}, accuracy ${formatMetric(testOfBest.accuracy)}`,
      );
    }
    reporter.line(`report: ${join(run, "report.html")}`);
    if (trained) reporter.line(`weights: ${join(run, "best.safetensors")}, ${join(run, "last.safetensors")}`);
  }

  private displayCallbacks(): Callbacks {
    const { heldOut } = this;
    const display = new ProgressDisplay(() => this.reporter.terminal, { heldOut });
    return {
      onStart: async (event: StartEvent) => {
        const { epoch, batch } = event;
        await display.onStart(event);
        this.display = display;
        if (epoch + batch > 0)
          this.reporter.line(
            `going on after ${counted(epoch, "epoch")}${batch > 0 ? ` and ${counted(batch, "step")}` : ""}`,
          );
      },
      onStep: (event) => display.onStep(event),
      onPoint: (point) => display.onPoint(point),
      onPhase: (name) => display.onPhase(name),
    };
  }

  private jsonCallbacks(): Callbacks {
    const { reporter } = this;
    return {
      onPoint: (point) => reporter.event({ event: "point", ...this.renamed(point) }),
      onCheckpoint: ({ epoch, batch }) => reporter.event({ event: "checkpoint", epoch, batch }),
    };
  }

  private renamed<T extends Partial<MetricsPoint>>(point: T): T {
    return this.start.config.valSplit === 0 ? point : asValidation(point);
  }
}

function earlyEnd({ points, best }: FitResult): string {
  const at = best === null ? "" : `; the best is epoch ${best.epoch} (${formatMetric(best.value)})`;
  return `stopped early after ${counted(points.at(-1)?.epoch ?? 0, "epoch")}${at}`;
}

function metricsInWords(metrics: FinalMetrics, heldOut: string): string {
  const { epochs, trainLoss, trainAccuracy, testAccuracy } = metrics;
  const parts = [counted(epochs, "epoch")];
  if (epochs > 0) parts.push(`training loss ${formatMetric(trainLoss)}`);
  if (epochs > 0) parts.push(`training accuracy ${formatMetric(trainAccuracy)}`);
  if (testAccuracy !== undefined) parts.push(`${heldOut} accuracy ${formatMetric(testAccuracy)}`);
  return parts.join(", ");
}

/** The engine without its library, which `config.json` and `convoyant engine` report. */
function engineInUse(): string {
  const info = startedEngine();
  return info === null ? "" : `${info.name} (${counted(info.threads, "thread")})`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A path as it is best printed: from here when it is below, else from the root. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === "" || fromHere.startsWith("..") ? resolve(path) : fromHere;
}
