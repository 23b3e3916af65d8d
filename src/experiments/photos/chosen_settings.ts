/** What is chosen for a folder of photographs unless it is given, and the words for it. */
import type { Preprocessing } from "../../records/preprocessing.ts";
import { formatCount } from "../../report/number_text.ts";
import { processors } from "../../workers/processors.ts";
import { PHOTOS_FORMAT, type PhotoSplit, type PhotosConfig } from "./photo_config.ts";
import { type StartNetwork, sideOf } from "./photo_network.ts";
import { countsOf, type PhotoSource } from "./photo_source.ts";

/** What can be given; the rest is chosen. */
export type PhotoSettings = Partial<
  Omit<PhotosConfig, "format" | "photos" | "from" | "model" | "initial" | "imageSize">
>;

/** Classes are uneven if the largest has more than this many times the images of the smallest. */
const UNEVEN = 1.5;

/** Images that an epoch of the whole network may hold for each processor, to stay within some two minutes. */
const IMAGES_PER_PROCESSOR = 500;

/** Epochs of a fine-tuned network, and of one that is trained from scratch. */
const [MOST_EPOCHS, SCRATCH_EPOCHS] = [3, 30];

/** All settings of a training: those that are given, and what suits the images and the machine. */
export function chosenSettings(
  photos: string,
  source: PhotoSource,
  start: StartNetwork,
  given: PhotoSettings,
  engine: string,
): PhotosConfig {
  const { from, model, initial, preprocessing } = start;
  const counts = countsOf(
    source.photos.map(({ label }) => label),
    source.classes.length,
  );
  const fromScratch = initial === "random";
  const uneven = Math.max(...counts) > UNEVEN * Math.min(...counts);
  const freezeEpochs = given.freezeEpochs ?? (fromScratch ? 0 : 40);
  const hasTrainedHead = !fromScratch && freezeEpochs > 0;
  const many = source.photos.length > IMAGES_PER_PROCESSOR * processors();
  return {
    format: PHOTOS_FORMAT,
    photos,
    from,
    model,
    initial,
    imageSize: sideOf(preprocessing),
    epochs: given.epochs ?? (fromScratch ? SCRATCH_EPOCHS : many ? 1 : MOST_EPOCHS),
    freezeEpochs,
    lr: given.lr ?? (fromScratch ? 4e-3 : 2e-3),
    lrMult: given.lrMult ?? (fromScratch ? 1 : 100),
    frozenShare: given.frozenShare ?? (fromScratch ? 0 : 0.5),
    batchSize: given.batchSize ?? 32,
    labelSmoothing: given.labelSmoothing ?? 0.1,
    ema: given.ema ?? null,
    interpolate: given.interpolate ?? (hasTrainedHead ? 0.5 : 1),
    mix: given.mix ?? [],
    unfreeze: given.unfreeze ?? "all",
    augment: given.augment ?? "light",
    classWeights: given.classWeights ?? (uneven ? "balanced" : "none"),
    patience: given.patience ?? (fromScratch ? 8 : 3),
    valSplit: given.valSplit ?? 0.2,
    testSplit: given.testSplit ?? 0,
    seed: given.seed ?? 0,
    engine,
    threads: given.threads ?? null,
    precision: given.precision ?? "f32",
    microBatch: given.microBatch ?? "auto",
  };
}

/** Three lines: the images, the network, the training, each with how to choose otherwise. */
export function choicesInWords(
  config: PhotosConfig,
  preprocessing: Preprocessing,
  source: Pick<PhotoSource, "classes" | "photos">,
  parts: readonly PhotoSplit[],
): string[] {
  const counts = countsOf(
    source.photos.map(({ label }) => label),
    source.classes.length,
  );
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const of = (part: PhotoSplit) => parts.filter((each) => each === part).length;
  const test = of("test") > 0 ? `, ${formatCount(of("test"))} to test with in the end` : "";
  const each = least === most ? `${least} each` : `${least} to ${most} each`;
  const side = sideOf(preprocessing);
  return [
    `images: ${formatCount(source.photos.length)} in ${source.classes.length} classes (${each}): ${formatCount(of("train"))} to train on, ` +
      `${formatCount(of("val"))} to judge by${test} (--val-split, --test-split, --seed)`,
    `network: ${networkInWords(config)}, images of ${side} x ${side} (--from resnet18|FILE|RUN|scratch, --resize ${side === 160 ? 224 : 160})`,
    `training: ${trainingInWords(config)} (--epochs, --freeze-epochs, --lr, --augment, --class-weights, --patience)`,
  ];
}

function networkInWords({ from, model, initial }: PhotosConfig): string {
  if (initial === "random") return `${model} from scratch`;
  if (initial === "imagenet") return `${model} with weights of ImageNet`;
  return `${model ?? "the network"} of ${from}`;
}

function trainingInWords(config: PhotosConfig): string {
  const { epochs, freezeEpochs, lr, augment, classWeights, frozenShare, patience } = config;
  const epochsOf = (n: number) => `${n} ${n === 1 ? "epoch" : "epochs"}`;
  const layers =
    frozenShare > 0 ? `the upper ${Math.round(100 * (1 - frozenShare))} % of the layers` : "all layers";
  const phases = [
    ...(freezeEpochs > 0 ? [`${epochsOf(freezeEpochs)} of the head alone`] : []),
    ...(epochs > 0 ? [`${epochsOf(epochs)} of ${layers}`] : []),
  ];
  return [
    phases.join(", then ") || "none",
    `one cycle of the learning rate up to ${lr}`,
    augment === "none" ? "no augmentation" : `${augment} augmentation`,
    classWeights === "balanced" ? "classes weighted alike" : "images weighted alike",
    patience === null ? "no early stopping" : `early stopping after ${epochsOf(patience)}`,
  ].join(", ");
}
