/** Figures of the book, from our own runs. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { datasetEntry, datasetNames } from "../../data/dataset_registry.ts";
import { fastestEngine } from "../../engines/select.ts";
import { type FigureLanguage, filters, firstLayerFigure } from "../../look/index.ts";
import { entry } from "../../models/index.ts";
import type { Filters } from "../../report/filter_images.ts";
import { parseFirstLayer } from "../../train/runs/first_layer.ts";
import { RUN_FILES } from "../../train/runs/run_folder.ts";
import type { TrainedNetworkOptions } from "../evaluate.ts";
import { readRun } from "../runs.ts";
import { configure, type TrainingConfig } from "../training_config.ts";
import type { Draw, LookOptions } from "./look_figures.ts";
import { openLooked } from "./looked_network.ts";

/**
 * Without a run AlexNet is trained on these batches: minutes. With the chapter's settings its loss begins to
 * fall after hundreds of steps of plain gradient descent; Adam's by half within these.
 */
const BRIEF = { epochs: 1, limitBatches: 100, batchSize: 32, optimizer: "adam", lr: 5e-4 } as const;

/** How AlexNet is trained for a figure if there is no run of it. */
export function briefTraining({ engine, threads, settings }: TrainedNetworkOptions): TrainingConfig {
  return configure("alexnet", {
    ...BRIEF,
    engine: engine ?? fastestEngine(),
    ...(threads != null && { threads }),
    ...(settings?.dataDir != null && { dataDir: settings.dataDir }),
  });
}

/**
 * Figure 7.1: the filters of a network's first layer beside a Gabor bank and SIFT's gradient bins.
 *
 * @param source - a run or weights.
 * @throws ArgumentError or FileError for a source that cannot be used.
 */
export async function bookFigure(source: string, options: Omit<LookOptions, "what">): Promise<Draw> {
  const { net } = await openLooked(source, options);
  const found = await filters(net, options.layer === undefined ? {} : { layer: options.layer });
  const { lang } = options;
  const trained = howTrained(source, lang);
  const before = firstFilters(source, found);
  const shared = { trained, ...(before !== null && { before }), ...(lang !== undefined && { lang }) };
  return (width) => firstLayerFigure(found, { width, ...shared });
}

/** The filters before training, if a run noted them; null for another layer. */
function firstFilters(source: string, { layer }: Filters): Filters | null {
  try {
    const [first] = parseFirstLayer(readFileSync(join(source, RUN_FILES.firstLayer), "utf8"));
    return first?.epoch === 0 && first.layer === layer ? first : null;
  } catch {
    return null;
  }
}

/** The network, its data and how long it was trained, as a run says it. */
function howTrained(source: string, lang: FigureLanguage = "en"): string {
  if (!existsSync(source) || !statSync(source).isDirectory()) return basename(source);
  const { model, settings, points } = readRun(source);
  const { data, limitBatches, batchSize } = settings as Partial<TrainingConfig>;
  const dataset = data !== undefined && datasetNames().includes(data) ? datasetEntry(data).title : undefined;
  // Those that were asked for may be more.
  const epochs = points.at(-1)?.epoch ?? 0;
  const batches =
    limitBatches == null || batchSize === undefined ? null : ([limitBatches, batchSize] as const);
  return [titleOf(model), dataset, longIn(lang, epochs, batches)]
    .filter(Boolean)
    .join(lang === "zh" ? "，" : ", ");
}

/** @param batches - if not all: how many an epoch has, and their images. */
function longIn(
  lang: FigureLanguage,
  epochs: number,
  batches: readonly [count: number, images: number] | null,
): string {
  const count = Number.isInteger(epochs) ? epochs : epochs.toFixed(1);
  if (lang === "zh")
    return `训练 ${count} 轮${batches === null ? "" : `，每轮 ${batches[0]} 批，每批 ${batches[1]} 幅图像`}`;
  const of = batches === null ? "" : ` of ${batches[0]} batches of ${batches[1]} images`;
  return `trained for ${count} ${epochs === 1 ? "epoch" : "epochs"}${of}`;
}

function titleOf(model: string): string {
  try {
    return entry(model).title;
  } catch {
    return model;
  }
}
