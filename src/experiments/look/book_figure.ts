/** Figures of the book, from our own runs. */

import { fastestEngine } from "../../engines/select.ts";
import { filters, firstLayerFigure } from "../../look/index.ts";
import { entry } from "../../models/index.ts";
import { readRunConfig } from "../../train/runs/run_folder.ts";
import { train } from "../train.ts";
import { configure } from "../training_config.ts";
import type { Draw, LookOptions } from "./look_figures.ts";
import { openLooked } from "./looked_network.ts";

/** Without a run AlexNet is trained on this many batches: minutes, not hours. */
const BATCHES = 60;

/**
 * Figure 7.1: the filters of AlexNet's first layer beside a Gabor bank and SIFT's gradient bins.
 *
 * @param source - a run or weights; null trains AlexNet briefly, in a new run.
 * @throws ArgumentError or FileError for a source that cannot be used.
 */
export async function bookFigure(source: string | null, options: Omit<LookOptions, "what">): Promise<Draw> {
  const run = source ?? (await trainedBriefly(options));
  const { net } = await openLooked(run, options);
  const found = await filters(net, options.layer === undefined ? {} : { layer: options.layer });
  const { lang } = options;
  const trained = howTrained(run, lang);
  return (width) => firstLayerFigure(found, { width, trained, ...(lang !== undefined && { lang }) });
}

async function trainedBriefly({
  onNote,
  engine,
  threads,
  settings,
}: Omit<LookOptions, "what">): Promise<string> {
  onNote?.(`no run is named: training AlexNet for 1 epoch of ${BATCHES} batches`);
  const config = configure("alexnet", {
    epochs: 1,
    limitBatches: BATCHES,
    engine: engine ?? fastestEngine(),
    ...(threads != null && { threads }),
    ...(settings?.dataDir != null && { dataDir: settings.dataDir }),
  });
  const { folder } = await train(config, onNote === undefined ? {} : { onNote });
  onNote?.(`the run is kept in ${folder}`);
  return folder;
}

/** The network, its data and how long it was trained, as a run says it. */
function howTrained(source: string, lang: "en" | "zh" = "en"): string {
  let run: Record<string, unknown>;
  try {
    run = readRunConfig(source);
  } catch {
    return source;
  }
  const { config, model, dataset } = run as {
    config?: Record<string, unknown>;
    model?: string;
    dataset?: string;
  };
  const { epochs, limitBatches } = (config ?? {}) as { epochs?: number; limitBatches?: number | null };
  const name = model === undefined ? source : titleOf(model);
  const batches =
    limitBatches == null ? "" : lang === "zh" ? `，每轮 ${limitBatches} 批` : ` of ${limitBatches} batches`;
  const long =
    lang === "zh"
      ? `训练 ${epochs} 轮${batches}`
      : `trained for ${epochs} ${epochs === 1 ? "epoch" : "epochs"}${batches}`;
  return [name, dataset, epochs === undefined ? "" : long].filter(Boolean).join(lang === "zh" ? "，" : ", ");
}

function titleOf(model: string): string {
  try {
    return entry(model).title;
  } catch {
    return model;
  }
}
