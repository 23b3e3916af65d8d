/** Trains inside a run's folder and leaves the report there. Node only. */
import { TrainingError } from "../../base/errors.ts";
import type { Module } from "../../nn/index.ts";
import type { ClassName } from "../../records/class_names.ts";
import type { FinalMetrics, MetricsPoint } from "../../records/run_record.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fit } from "../loop/fit.ts";
import type { Callbacks, FitOptions, FitResult, LoaderPlace } from "../loop/fit_options.ts";
import { asLoader, LoaderAround } from "../loop/loaders.ts";
import { type Precision, usablePrecision } from "../loop/precision.ts";
import { layerSummary } from "../metrics/layer_summary.ts";
import { environmentNow } from "./environment.ts";
import { FirstLayerLog, parseFirstLayer } from "./first_layer.ts";
import { decoderNote, imageDecoderOf } from "./image_decoder.ts";
import { openRunAlgorithms, type RunAlgorithms } from "./run_algorithms.ts";
import { runDrawings } from "./run_drawings.ts";
import type { RunFolder } from "./run_folder.ts";
import { imagesOfMistakes, writeRunCurves, writeRunReport } from "./run_report.ts";
import { runStore } from "./run_store.ts";

/** What the report says of a run besides its metrics. */
export interface RunDescription {
  readonly model: string;
  readonly dataset?: string;
  readonly classNames?: readonly ClassName[];
  /** Everything needed to repeat the run; goes into `config.json`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** In what the run differs from the book's. */
  readonly differences?: readonly string[];
  /** The command that repeats it. */
  readonly command?: string;
  /** What `testLoader` holds; default "test". */
  readonly heldOut?: "test" | "validation";
}

/** `fit` with its run kept in `folder`, which the caller has opened and closes. */
export async function fitInFolder(
  net: Module,
  options: FitOptions,
  folder: RunFolder,
  resume: boolean,
  description: RunDescription,
): Promise<FitResult> {
  const before = resume ? folder.readConfig() : {};
  const startedAt = String(before.startedAt || new Date().toISOString());
  const algorithms = await openRunAlgorithms(folder, resume ? engineOf(before) : null);
  try {
    const { inputShape, environment } = before;
    const decoderBefore = (environment as { imageDecoder?: unknown } | undefined)?.imageDecoder;
    const start = { resume, startedAt, inputShape, decoderBefore, algorithms, description };
    return await fitKeeping(net, options, folder, start);
  } finally {
    algorithms.release();
  }
}

interface RunStart {
  readonly resume: boolean;
  readonly startedAt: string;
  /** What the network was given before. */
  readonly inputShape: unknown;
  /** What decoded its images before. */
  readonly decoderBefore: unknown;
  readonly algorithms: RunAlgorithms;
  readonly description: RunDescription;
}

async function fitKeeping(
  net: Module,
  options: FitOptions,
  folder: RunFolder,
  { resume, startedAt, inputShape, decoderBefore, algorithms, description }: RunStart,
): Promise<FitResult> {
  const imageDecoder = imageDecoderOf(options.trainLoader, options.testLoader);
  const environment = {
    ...environmentNow(),
    ...(await precisionFacts(options.precision)),
    ...(imageDecoder !== undefined && { imageDecoder }),
  };
  const shape = new Watch(asLoader(options.trainLoader, "trainLoader"));
  const { model, dataset, classNames, settings, command } = description;
  const writeConfig = (outcome?: string, problem?: string, best?: FitResult["best"]) =>
    folder.writeConfig({
      startedAt,
      model,
      dataset,
      classNames,
      // So that images can be brought to this size when the weights are used.
      inputShape: shape.seen?.slice(1) ?? inputShape,
      config: settings,
      command,
      environment,
      outcome,
      problem,
      bestEpoch: best?.epoch,
    });
  if (!resume) writeConfig();
  const tested = options.testLoader ? new Watch(asLoader(options.testLoader, "testLoader")) : null;
  const run = runStore(folder, { resume, algorithms, metadata: { model }, classNames });
  const points: MetricsPoint[] = [];
  const given = [options.callbacks ?? []].flat();
  const filters = new FirstLayerLog(folder, net);
  let started = false;
  const keeper: Callbacks = {
    onStart: async (event) => {
      // What a run that cannot go on was given must not take the place of what it was made with.
      if (resume) writeConfig();
      started = true;
      for (const point of event.points) points.push(point);
      await filters.begin(event.epoch).catch(() => {});
      const notes = [...algorithms.notes, decoderNote(decoderBefore, imageDecoder) ?? []].flat();
      for (const note of notes) for (const each of given) await each.onNote?.(note);
    },
    onPoint: (point) => points.push(point),
    // What is only looked at and cannot be written is not a reason to stop: the checkpoint will say so.
    onEpoch: async ({ epoch }) => {
      quietly(() => writeRunCurves(folder, description.model, points, options.epochs, description.heldOut));
      await filters.add(epoch).catch(() => {});
    },
  };
  const callbacks = [keeper, ...given];
  const known = {
    model: description.model,
    run: folder.path.split(/[\\/]/).at(-1),
    startedAt: startedAt.slice(0, 16).replace("T", " "),
    dataset: description.dataset,
    epochs: options.epochs,
    differences: description.differences,
    heldOut: description.heldOut,
    classNames: description.classNames,
    settings: description.settings,
    environment,
    command: description.command,
  };
  const drawings = () => runDrawings(net, shape.seen, model);
  const layers = () => (shape.seen === null ? undefined : layerSummary(net, [1, ...shape.seen.slice(1)]));
  let result: FitResult;
  try {
    result = await fit(net, { ...options, trainLoader: shape, testLoader: tested, run, callbacks });
  } catch (error) {
    // A training that diverged leaves its curves: they show when.
    if (error instanceof TrainingError && started) {
      const drawn = await drawings();
      quietly(() =>
        writeRunReport(folder, {
          ...known,
          points,
          outcome: error.message,
          layers: layers(),
          drawings: drawn,
        }),
      );
      quietly(() => writeConfig("failed", error.message));
    }
    throw error;
  }
  writeConfig(result.outcome, undefined, result.best);
  const shown =
    result.test === null || tested === null || tested.once
      ? undefined
      : await imagesOfMistakes(result.test, tested, tested.epochSeed, description.heldOut);
  writeRunReport(folder, {
    ...known,
    outcome: outcomeText(result, options.epochs),
    points: result.points,
    metrics: finalMetricsOf(result),
    confusion: result.test?.confusion,
    mistakes: shown?.mistakes,
    mistakesNote: shown?.note,
    confusedPairs: shown?.pairs,
    layers: layers(),
    drawings: await drawings(),
    filters: parseFirstLayer(folder.readFirstLayer()),
  });
  return result;
}

/** The engine that a run was computed with last, as its settings say. */
function engineOf({ environment }: Readonly<Record<string, unknown>>): string {
  return String((environment as { engine?: unknown } | null | undefined)?.engine ?? "");
}

function quietly(body: () => void): void {
  try {
    body();
  } catch {
    // Another error is the one to report.
  }
}

/** The metrics a run ends with, as the book prints them. */
export function finalMetricsOf(result: FitResult): FinalMetrics {
  const last = result.points.at(-1);
  const { test } = result;
  return {
    epochs: last?.epoch ?? 0,
    trainLoss: last?.trainLoss ?? Number.NaN,
    trainAccuracy: last?.trainAccuracy ?? Number.NaN,
    ...(last?.testLoss !== undefined && { testLoss: last.testLoss }),
    ...(test !== null && { testLoss: last?.testLoss ?? test.loss, testAccuracy: test.accuracy }),
    examplesPerSecond: result.examplesPerSecond,
    seconds: result.seconds,
  };
}

function outcomeText(result: FitResult, epochs: number): string | undefined {
  if (result.outcome === "finished") return undefined;
  const done = result.points.at(-1)?.epoch ?? 0;
  return `${result.outcome} after ${Number(done.toFixed(2))} of ${epochs} ${epochs === 1 ? "epoch" : "epochs"}`;
}

/** What is computed in; if that is not what was asked for, with the reason. */
async function precisionFacts(wanted: Precision = "f32"): Promise<Record<string, string>> {
  const { precision, note } = await usablePrecision(wanted);
  return note === undefined
    ? { precision }
    : { precision, precisionNote: `${wanted} was asked for. ${note}` };
}

/** Passes batches on and remembers what shape they have, and of which seed they were. */
class Watch extends LoaderAround {
  seen: readonly number[] | null = null;
  /** Of the epoch that was begun last. */
  epochSeed: number | null = null;

  override iterate(options: LoaderPlace): AsyncIterable<readonly [Tensor, Tensor]> {
    this.epochSeed = options.seed ?? null;
    // The epoch begins now, not when its first batch is asked for: its order can be looked at.
    return this.watched(this.loader.iterate(options));
  }

  private async *watched(
    batches: AsyncIterable<readonly [Tensor, Tensor]>,
  ): AsyncGenerator<readonly [Tensor, Tensor]> {
    for await (const batch of batches) {
      this.seen ??= batch[0]?.shape ?? null;
      yield batch;
    }
  }
}
