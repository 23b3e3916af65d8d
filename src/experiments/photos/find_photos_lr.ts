/** Which learning rate a network can take on a folder of photographs. */
import { resolve } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { DataLoader } from "../../data/data_loader.ts";
import { Subset } from "../../data/dataset.ts";
import { engineHere, fastestEngine } from "../../engines/select.ts";
import { AdamW } from "../../optim/optimizers/adam.ts";
import { manualSeed, useEngine } from "../../tensor/index.ts";
import { findLr } from "../../train/finetune/find_lr.ts";
import { headsOf } from "../../train/finetune/heads.ts";
import { layerGroups, layerRates } from "../../train/finetune/layer_groups.ts";
import type { LearningRateCurve } from "../../train/finetune/learning_rate_curve.ts";
import { chosenSettings } from "./chosen_settings.ts";
import { freezeLowest } from "./frozen_share.ts";
import { checkedPhotosConfig } from "./photo_config.ts";
import { startNetwork } from "./photo_network.ts";
import { decodePhotos } from "./photo_pixels.ts";
import { openPhotos } from "./photo_source.ts";
import { placesOf, splitPhotos } from "./photo_split.ts";
import type { TrainPhotosOptions } from "./train_photos.ts";

/** What `findPhotosLr` takes: what `trainPhotos` takes, without a folder, since nothing is kept. */
export type FindPhotosLrOptions = Omit<
  TrainPhotosOptions,
  "out" | "onStart" | "onProgress" | "checkpointSeconds"
> & {
  /** Called with how many images have been read, then with how many of the learning rates have been tried. */
  readonly onProgress?: (what: "read" | "tried", done: number, of: number, things?: "learning rates") => void;
  /** Steps from the first rate to the last. @default 60 */
  readonly steps?: number;
};

/** The curve, and the rate that follows from it. */
export interface FoundPhotosLr {
  readonly curve: LearningRateCurve;
  /** For `settings.lr` of `trainPhotos`; null if the loss never fell. */
  readonly lr: number | null;
}

/**
 * A learning-rate range test on photographs: what `convoyant train ./photos --find-lr` does. The whole network is trained for
 * some steps, the layers below the head with their lower rates.
 *
 * @throws what `trainPhotos` throws.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { lr } = await experiments.findPhotosLr("photos");
 * ```
 */
export async function findPhotosLr(
  photos: string,
  options: FindPhotosLrOptions = {},
): Promise<FoundPhotosLr> {
  const { from = null, model = null, imageSize = null, settings = {}, onNote, onProgress, signal } = options;
  const source = await openPhotos(photos);
  const engine = settings.engine ? engineHere(settings.engine) : fastestEngine();
  await useEngine(engine, settings.threads ? { threads: settings.threads } : {});
  manualSeed(settings.seed ?? 0);
  const start = await startNetwork({ from, model, imageSize, classes: source.classes.length, onNote });
  const chosen = chosenSettings(resolve(photos), source, start, settings, engine);
  const config = checkedPhotosConfig(chosen, (message) => new ArgumentError(`train: ${message}`));
  const parts = splitPhotos(source.photos, config);
  const pixels = await decodePhotos(source.photos, source.classes, start.preprocessing, {
    augment: config.augment,
    signal,
    onProgress: (done, of) => onProgress?.("read", done, of),
    onNote,
  });
  if (pixels === null) throw new ArgumentError("findPhotosLr: interrupted before the images were read");
  const { net } = start;
  freezeLowest(net, config.frozenShare);
  const groups = layerGroups(net, headsOf("train", net), 3);
  const rates = layerRates(1, config.lrMult, groups.length);
  const trained = groups.flatMap(({ params }, i) =>
    params.length === 0 ? [] : [{ params: [...params], lr: rates[i] }],
  );
  const loader = DataLoader(Subset(pixels.augmented, placesOf(parts, "train")), {
    batchSize: config.batchSize,
    shuffle: true,
  });
  const curve = await findLr(net, {
    trainLoader: loader,
    optimizer: AdamW(trained, { weightDecay: 0.01 }),
    steps: options.steps ?? 60,
    precision: config.precision,
    microBatch: config.microBatch,
    onProgress: (done, of) => onProgress?.("tried", done, of, "learning rates"),
    signal: signal ?? null,
  });
  // With the whole network the head has half of the rate that it has alone.
  return { curve, lr: curve.suggestion === null ? null : 2 * curve.suggestion };
}
