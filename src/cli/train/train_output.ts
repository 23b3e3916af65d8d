/** What `convoyant train` says: a live curve and a table to people, one object a line to machines. */
import { join, relative, resolve } from "node:path";
import { differencesFromTheBook } from "../../experiments/config_text.ts";
import type { StartingRun, TrainedResult } from "../../experiments/train.ts";
import type { FinalMetrics, MetricsPoint } from "../../records/run_record.ts";
import { compareWithBook, renderComparison, renderMetrics } from "../../report/book_comparison.ts";
import { formatMetric } from "../../report/number_text.ts";
import { startedEngine } from "../../runtime/runtime.ts";
import type { Callbacks, FitResult, StartEvent } from "../../train/loop/fit_options.ts";
import { ProgressDisplay } from "../../train/loop/progress_display.ts";
import { finalMetricsOf } from "../../train/runs/recorded_fit.ts";
import type { Output } from "../console/output.ts";
import { asValidation, TrainingReport } from "./training_shown.ts";

export class TrainOutput extends TrainingReport<FitResult & Partial<Pick<TrainedResult, "testOfBest">>> {
  private readonly start: StartingRun;
  private readonly brief: boolean;

  /** @param brief - one of several trainings: its metrics in one line, since a table of all follows. */
  constructor(output: Output, start: StartingRun, brief = false) {
    super(output, shortPath(start.folder));
    this.start = start;
    this.brief = brief;
    const { config, resumed, precision } = start;
    output.event({ event: "start", run: this.run, resumed, ...config });
    output.line(
      `${config.model} on ${config.data}: ${counted(config.epochs, "epoch")}, batch ${config.batchSize}, ${config.optimizer} lr ${config.lr}, ${precision}, ${engineInUse()}`,
    );
    output.line(`run: ${this.run}`);
  }

  /** What judges the epochs. */
  private get heldOut(): "test" | "validation" {
    return this.start.config.valSplit > 0 ? "validation" : "test";
  }

  callbacks(): Callbacks {
    const onNote = (text: string) => this.note(text);
    return { onNote, ...(this.output.json ? this.jsonCallbacks() : this.displayCallbacks()) };
  }

  end(result: FitResult & Partial<Pick<TrainedResult, "testOfBest">>): void {
    this.stop();
    const { config } = this.start;
    const testOfBest = result.testOfBest ?? null;
    if (result.outcome === "interrupted") this.sayHowToGoOn();
    else this.sayMetrics(result, testOfBest);
    const metrics = finalMetricsOf(result);
    const { epochs, trainLoss, trainAccuracy, testAccuracy, examplesPerSecond, seconds } = metrics;
    const held = testAccuracy ?? null;
    const extra = result.points.at(-1)?.extra;
    this.output.event({
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
    const { output, run } = this;
    const { config } = this.start;
    const { heldOut } = this;
    const metrics = finalMetricsOf(result);
    if (this.brief) {
      output.line(`done: ${metricsInWords(metrics, heldOut)}\n`);
      return;
    }
    const trained = result.points.length > 0;
    const differences = differencesFromTheBook(config);
    const comparable = trained && heldOut === "test";
    const comparison = comparable ? compareWithBook(config.model, metrics, { differences }) : undefined;
    output.line();
    output.lines(
      comparison
        ? renderComparison(comparison, output.style)
        : renderMetrics(config.model, metrics, { ...output.style, heldOut }),
    );
    output.line();
    if (result.outcome === "stopped early") output.line(earlyEnd(result));
    const last: Partial<MetricsPoint> = result.points.at(-1) ?? {};
    for (const [name, value] of Object.entries(this.renamed(last).extra ?? {}))
      output.line(`${name}: ${formatMetric(value)}`);
    if (testOfBest !== null) {
      output.line(
        `best weights on the test set: loss ${formatMetric(testOfBest.loss)}, accuracy ${formatMetric(testOfBest.accuracy)}`,
      );
    }
    output.line(`report: ${join(run, "report.html")}`);
    if (trained) output.line(`weights: ${join(run, "best.safetensors")}, ${join(run, "last.safetensors")}`);
  }

  private displayCallbacks(): Callbacks {
    const { heldOut } = this;
    const display = new ProgressDisplay(() => this.output.terminal, { heldOut });
    return {
      onStart: async (event: StartEvent) => {
        const { epoch, batch } = event;
        await display.onStart(event);
        this.display = display;
        if (epoch + batch > 0)
          this.output.line(
            `going on after ${counted(epoch, "epoch")}${batch > 0 ? ` and ${counted(batch, "step")}` : ""}`,
          );
      },
      onStep: (event) => display.onStep(event),
      onPoint: (point) => display.onPoint(point),
      onPhase: (name) => display.onPhase(name),
    };
  }

  private jsonCallbacks(): Callbacks {
    const { output } = this;
    return {
      onPoint: (point) => output.event({ event: "point", ...this.renamed(point) }),
      onCheckpoint: ({ epoch, batch }) => output.event({ event: "checkpoint", epoch, batch }),
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
