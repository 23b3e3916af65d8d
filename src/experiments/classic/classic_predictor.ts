/** Pipelines of hand-made features where commands expect a network: for `predict` and `eval`. Node only. */
import { ArgumentError } from "../../base/errors.ts";
import type { SendBatch } from "../../classifier/scores.ts";
import { datasetNames } from "../../data/dataset_registry.ts";
import { imageOfPlanes } from "../../records/image.ts";
import { ClassificationMetrics } from "../../train/metrics/classification_metrics.ts";
import type { Evaluation, TrainedNetworkOptions } from "../evaluate.ts";
import { openClassicData } from "./classic_data.ts";
import { classicRunData, classifyImages, loadClassic, type SavedClassic } from "./saved_classic.ts";

/** A pipeline, and the data set that places such as `test:17` are in; null if it is not known. */
export interface OpenedClassic {
  readonly pipeline: SavedClassic;
  readonly model: string;
  readonly data: { readonly name: string; readonly dataDir: string | undefined } | null;
}

/** What only networks are told; a pipeline says itself how it is made and what it sees. */
function optionsOfNetworks({ model = null, settings = {} }: TrainedNetworkOptions): string[] {
  const { resize = null, precision = "f32", limitBatches = null } = settings;
  return [
    ...(model === null ? [] : [`the network ${model}`]),
    ...(resize === null ? [] : [`the size of images (${resize})`]),
    ...(precision === "f32" ? [] : [`the precision ${precision}`]),
    ...(limitBatches === null ? [] : [`the limit of ${limitBatches} batches`]),
  ];
}

/** @throws ArgumentError for options that only networks have; FileError for a damaged model. */
export async function openClassic(source: string, options: TrainedNetworkOptions): Promise<OpenedClassic> {
  const unused = optionsOfNetworks(options);
  if (unused.length > 0)
    throw new ArgumentError(
      `${source} is a pipeline of hand-made features, not a network; leave out ${unused.join(" and ")}`,
    );
  const { settings = {} } = options;
  const pipeline = await loadClassic(source);
  const name = settings.data ?? classicRunData(source)?.data;
  const isNamed = name !== undefined && datasetNames().includes(name);
  return {
    pipeline,
    model: `${pipeline.features}, ${pipeline.classifier.kind}`,
    data: isNamed ? { name, dataDir: settings.dataDir ?? undefined } : null,
  };
}

/** Sends images through a pipeline as they would go through a network: levels from 0 to 1, [N, C, H, W]. */
export function throughPipeline(pipeline: SavedClassic): SendBatch {
  return async (pixels, [count, channels, height, width]) => {
    const of = { width, height, channels: channels as 1 | 3 };
    const toLevel = (share: number) => Math.round(share * 255);
    const images = Array.from({ length: count }, (_, i) =>
      imageOfPlanes(pixels, i * channels * height * width, of, toLevel),
    );
    return (await classifyImages(pipeline, images)).flat();
  };
}

/** A probability of 0 would make the loss infinite. */
const LEAST_PROBABILITY = 2 ** -23;

/** Images that are classified at once. */
const AT_ONCE = 2000;

/**
 * Counts on the test images of a run.
 *
 * @throws FileError if they are gone.
 */
export async function evaluateClassic(
  source: string,
  options: TrainedNetworkOptions,
): Promise<Omit<Evaluation, "seconds">> {
  const { pipeline, model } = await openClassic(source, options);
  const { settings = {}, topK, onNote } = options;
  const of = classicRunData(source);
  const data = settings.data ?? of?.data;
  if (data === undefined)
    throw new ArgumentError(`${source} does not say on which images it is tested; name a data set (--data)`);
  const { crop } = pipeline.preprocessing;
  const { test } = await openClassicData({
    data,
    dataDir: settings.dataDir ?? undefined,
    trainSize: null,
    testOnly: true,
    side: of?.side ?? crop?.[0] ?? 1,
    seed: of?.seed ?? 0,
    ...(onNote && { onNote }),
  });
  const { classes } = pipeline;
  const metrics = new ClassificationMetrics(classes.length, { topK });
  for (let start = 0; start < test.images.length; start += AT_ONCE) {
    const scores = await classifyImages(pipeline, test.images.slice(start, start + AT_ONCE));
    const logits = Float32Array.from(scores.flat(), (p) => Math.log(Math.max(p, LEAST_PROBABILITY)));
    metrics.update(logits, test.labels.subarray(start, start + AT_ONCE));
  }
  return { model, weights: pipeline.path, data, classes, metrics, precision: "f32" };
}
