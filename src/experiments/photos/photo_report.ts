/** `report.html` of a run on photographs. */

import { DataLoader } from "../../data/data_loader.ts";
import { type Dataset, Subset } from "../../data/dataset.ts";
import { readImage } from "../../io/images/decode_image.ts";
import type { Image } from "../../records/image.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { calibration } from "../../report/calibration.ts";
import { mostConfused } from "../../report/confusion.ts";
import { ratePoints } from "../../report/html/photo_sections.ts";
import type { AugmentedImage, ConfusedPair, Mistake } from "../../report/html/report_data.ts";
import { resample } from "../../report/image.ts";
import { layerSummary } from "../../train/metrics/layer_summary.ts";
import { environmentNow } from "../../train/runs/environment.ts";
import { parseFirstLayer } from "../../train/runs/first_layer.ts";
import { finalMetricsOf } from "../../train/runs/recorded_fit.ts";
import { runDrawings } from "../../train/runs/run_drawings.ts";
import type { RunFolder } from "../../train/runs/run_folder.ts";
import { writeRunReport } from "../../train/runs/run_report.ts";
import { shownImages } from "../../train/runs/shown_images.ts";
import { shellWord } from "../shell_text.ts";
import type { EndedRun } from "./finish_run.ts";
import type { PhotosConfig } from "./photo_config.ts";
import type { PhotoPredictions } from "./photo_predictions.ts";
import { placesOf } from "./photo_split.ts";

/** Thumbnails of each kind. */
const [MOST_MISTAKES, MOST_PAIRS, MOST_OF_PAIR, AUGMENTED, VIEWS] = [18, 5, 4, 4, 5];

/** The longer side of a thumbnail. */
const SIDE = 176;

/** Writes the report in the place of the one that `fit` left. */
export async function writePhotosReport(
  run: RunFolder,
  { net, source, record, parts, pixels, tuned }: EndedRun,
  judged: PhotoPredictions | null,
  heldOut: "test" | "validation",
): Promise<void> {
  const { config, classes } = record;
  const { frozen, whole } = tuned;
  const trained = config.epochs > 0 ? whole : frozen;
  const points = trained?.points ?? [];
  const metrics = trained === null ? undefined : finalMetricsOf(trained);
  const thumbnail = async (place: number) => thumbnailOf(source.photos[place].path);
  const training = placesOf(parts, "train");
  const [channels, side] = [record.preprocessing.mean.length, config.imageSize];
  const startedAt = String(run.readConfig().startedAt ?? "");
  writeRunReport(run, {
    model: config.model ?? "network",
    title: `${config.model ?? "network"} for ${classes.length} classes`,
    run: run.path.split(/[\\/]/).at(-1) as string,
    startedAt: startedAt.slice(0, 16).replace("T", " "),
    dataset: `${source.photos.length} photographs`,
    epochs: config.epochs > 0 ? config.epochs : config.freezeEpochs,
    ...(trained?.outcome === "stopped early" && {
      outcome: `stopped early after ${points.at(-1)?.epoch} epochs`,
    }),
    points,
    // What counts are the weights that are kept, not those of the last epoch.
    ...(metrics !== undefined && {
      metrics: {
        ...metrics,
        ...(judged !== null && { testLoss: judged.metrics.loss, testAccuracy: judged.metrics.accuracy }),
      },
    }),
    classNames: classes,
    heldOut,
    judgedBy: "validation",
    differences: ["another data set"],
    ...(judged !== null && {
      confusion: judged.metrics.confusion,
      mistakes: await mistakesOf(judged, source.photos, thumbnail),
      confusedPairs: await pairsOf(judged, source.photos, thumbnail),
      calibration: calibration(judged.probabilities, judged.truths),
    }),
    ...(config.epochs > 0 && frozen !== null && { headPoints: frozen.points }),
    learningRates: ratesOf(
      config,
      tuned.rates,
      frozen?.points ?? [],
      config.epochs > 0 ? (whole?.points ?? []) : [],
    ),
    augmentation:
      config.augment === "none" || config.epochs === 0
        ? []
        : await augmentedOf(pixels.augmented, training, source.photos, record.preprocessing, thumbnail),
    filters: parseFirstLayer(run.readFirstLayer()),
    layers: layerSummary(net, [1, channels, side, side]),
    drawings: await runDrawings(net, [1, channels, side, side], config.model ?? "network"),
    settings: { ...config },
    environment: environmentNow(),
    command: commandOf(config),
  });
}

async function thumbnailOf(path: string): Promise<Image> {
  const image = await readImage(path, { channels: 3 });
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resample(image, side(image.width), side(image.height));
}

type Photos = EndedRun["source"]["photos"];

async function mistakesOf(
  { metrics, places }: PhotoPredictions,
  photos: Photos,
  thumbnail: (place: number) => Promise<Image>,
): Promise<Mistake[]> {
  return Promise.all(
    metrics.mistakes.slice(0, MOST_MISTAKES).map(async ({ index, ...mistake }) => ({
      ...mistake,
      name: photos[places[index]].name,
      image: await thumbnail(places[index]),
    })),
  );
}

async function pairsOf(
  { metrics, places }: PhotoPredictions,
  photos: Photos,
  thumbnail: (place: number) => Promise<Image>,
): Promise<ConfusedPair[]> {
  return Promise.all(
    mostConfused(metrics.confusion, MOST_PAIRS).map(async (pair) => {
      const own = metrics.mistakesOf(pair.truth, pair.predicted).slice(0, MOST_OF_PAIR);
      const images = own.map(async ({ index }) => ({
        image: await thumbnail(places[index]),
        name: photos[places[index]].name,
      }));
      return { ...pair, images: await Promise.all(images) };
    }),
  );
}

/** The head's rate: of the whole network's training, points have that of the lowest group that is trained. */
function ratesOf(
  { lr }: PhotosConfig,
  rates: readonly number[],
  head: readonly MetricsPoint[],
  whole: readonly MetricsPoint[],
) {
  const highest = Math.max(0, ...whole.map((point) => point.lr ?? 0));
  const lowest = rates.find((rate) => rate >= 0.999 * highest) ?? lr / 2;
  return [
    { name: "the head alone", points: ratePoints(head, 1) },
    { name: "with the layers below", points: ratePoints(whole, lr / 2 / lowest, head.at(-1)?.step ?? 0) },
  ];
}

/** Some training images, and epochs of the loader's views of them. */
async function augmentedOf(
  augmented: Dataset,
  training: readonly number[],
  photos: Photos,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
  thumbnail: (place: number) => Promise<Image>,
): Promise<AugmentedImage[]> {
  const step = Math.max(1, Math.floor(training.length / AUGMENTED));
  const chosen = Array.from({ length: Math.min(AUGMENTED, training.length) }, (_, i) => training[i * step]);
  const views: Image[][] = chosen.map(() => []);
  const loader = DataLoader(Subset(augmented, chosen), { batchSize: chosen.length, seed: 0, numWorkers: 0 });
  for (let epoch = 0; epoch < VIEWS; epoch++) {
    for await (const [x] of loader.iterate({ epoch })) {
      const data = (await x.data()) as Float32Array;
      const shape = x.shape.slice(1) as [number, number, number];
      const size = shape[0] * shape[1] * shape[2];
      const planes = chosen.map((_, i) => ({ data: data.slice(i * size, (i + 1) * size), at: 0, shape }));
      shownImages(planes, { mean, std }).images.forEach((image, i) => views[i].push(image));
    }
  }
  return Promise.all(
    chosen.map(async (place, i) => ({
      name: photos[place].name,
      image: await thumbnail(place),
      views: views[i],
    })),
  );
}

/** The command that repeats a run. */
export function commandOf(config: PhotosConfig): string {
  const parts = ["npx convoyant train", shellWord(config.photos)];
  const flag = (name: string, value: string | number | null, usual?: unknown) => {
    if (value !== null && value !== usual) parts.push(`--${name} ${shellWord(String(value))}`);
  };
  flag("from", config.from);
  if (config.initial === "file" || config.initial === "random") flag("model", config.model);
  flag("resize", config.imageSize);
  flag("epochs", config.epochs);
  flag("freeze-epochs", config.freezeEpochs);
  flag("lr", config.lr);
  flag("lr-mult", config.lrMult);
  flag("frozen-share", config.frozenShare);
  flag("batch-size", config.batchSize);
  flag("label-smoothing", config.labelSmoothing);
  flag("ema", config.ema);
  flag("interpolate", config.interpolate);
  if (config.mix.length > 0) flag("mix", config.mix.join(","));
  flag("unfreeze", config.unfreeze, "all");
  flag("augment", config.augment);
  flag("class-weights", config.classWeights);
  flag("patience", config.patience);
  flag("val-split", config.valSplit);
  flag("test-split", config.testSplit, 0);
  flag("seed", config.seed);
  flag("engine", config.engine);
  flag("threads", config.threads);
  flag("precision", config.precision, "f32");
  flag("micro-batch", config.microBatch, "auto");
  return parts.join(" ");
}
