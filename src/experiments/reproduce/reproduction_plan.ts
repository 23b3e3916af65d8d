/** What `convoyant reproduce` is to train. */
import { basename, join } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { entry } from "../../models/index.ts";
import type { Precision } from "../../train/loop/precision.ts";
import { precisionNamed } from "../available_precision.ts";
import { MOST_SEEDS } from "../settings/limits.ts";
import type { RunToTrain } from "../train_series.ts";
import { configure, type GivenSettings, type TrainingConfig } from "../training_config.ts";

/** A network of the list: `lenet:5` is five seeds, `alexnet:1:2:bf16` one seed and two epochs in bf16. */
export interface PlannedNetwork {
  readonly model: string;
  readonly seeds: number;
  readonly epochs: number | null;
  /** That of all others if it is absent. */
  readonly precision?: Precision;
}

/** Ten epochs if a day is enough; two of those that PyTorch itself trains for hours. */
export const DEFAULT_NETWORKS = [
  "lenet:5",
  "bn-lenet-scratch:5",
  "bn-lenet:5",
  "googlenet",
  "alexnet:1:2",
  "vgg11:1:2",
  "nin:1:2",
];

/**
 * Reads an item of the list.
 *
 * @throws ArgumentError for an unknown network, or numbers that are none.
 */
export function parseNetwork(text: string): PlannedNetwork {
  const [model, seeds = "1", epochs, precision, ...rest] = text.split(":");
  const counts = [seeds, epochs ?? "1"].map(Number);
  if (rest.length > 0 || counts.some((count) => !Number.isSafeInteger(count) || count < 1)) {
    throw new ArgumentError(
      `reproduce: expected <network>[:<seeds>[:<epochs>[:<precision>]]], such as lenet:5 or alexnet:1:2:bf16, got "${text}"`,
    );
  }
  if (counts[0] > MOST_SEEDS)
    throw new ArgumentError(`reproduce: expected at most ${MOST_SEEDS} seeds of a network, got "${text}"`);
  entry(model);
  const known = { model, seeds: counts[0], epochs: epochs === undefined ? null : counts[1] };
  return precision === undefined ? known : { ...known, precision: precisionNamed(precision) };
}

/** The trainings of a list, in its order. */
export function planTrainings(
  networks: readonly PlannedNetwork[],
  given: GivenSettings,
  out: string,
): RunToTrain[] {
  return networks.flatMap(({ model, seeds, epochs, precision }) =>
    Array.from({ length: seeds }, (_, seed) => {
      const own = { seed, ...(epochs !== null && { epochs }), ...(precision !== undefined && { precision }) };
      const config = configure(model, { ...given, ...own });
      return { folder: join(out, `${nameOf(config)}-seed${seed}`), config };
    }),
  );
}

/** Trainings in bf16 lie beside those in f32. */
function nameOf({ model, precision }: TrainingConfig): string {
  return precision === "f32" ? model : `${model}-${precision}`;
}

/** The folder of a start: a training of a few steps, to see how many of them fail. */
const startFolder = (config: TrainingConfig) => `${nameOf(config)}-start-seed${config.seed}`;

/** Whether a run is a start, by the folder that it has among the runs. */
export function isStart({ folder, config }: RunToTrain): boolean {
  return basename(folder) === startFolder(config);
}

/** The first steps of NiN from several seeds. */
export function planStarts(
  model: string,
  count: number,
  steps: number,
  given: GivenSettings,
  out: string,
): RunToTrain[] {
  return Array.from({ length: count }, (_, seed) => {
    const config = configure(model, { ...given, seed, epochs: 1, limitBatches: steps });
    return { folder: join(out, startFolder(config)), config, tests: false };
  });
}
