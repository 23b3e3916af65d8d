/** What `convoyant reproduce` is to train. */
import { join } from "node:path";
import { ArgumentError } from "../base/errors.ts";
import { entry } from "../models/index.ts";
import type { PlannedRun } from "./run_series.ts";
import { configFor, type GivenSettings } from "./training_config.ts";

/** A network of the list: `lenet:5` is five seeds, `alexnet:1:2` one seed and two epochs. */
export interface PlannedNetwork {
  readonly model: string;
  readonly seeds: number;
  readonly epochs: number | null;
}

/** Ten epochs where a day is enough; two of those that PyTorch itself trains for hours. */
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
  const [model, seeds = "1", epochs, ...rest] = text.split(":");
  const counts = [seeds, epochs ?? "1"].map(Number);
  if (rest.length > 0 || counts.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new ArgumentError(
      `reproduce: expected <network>[:<seeds>[:<epochs>]], such as lenet:5 or alexnet:1:2, got "${text}"`,
    );
  }
  entry(model);
  return { model, seeds: counts[0], epochs: epochs === undefined ? null : counts[1] };
}

/** The trainings of a list, in its order. */
export function planTrainings(
  networks: readonly PlannedNetwork[],
  given: GivenSettings,
  out: string,
): PlannedRun[] {
  return networks.flatMap(({ model, seeds, epochs }) =>
    Array.from({ length: seeds }, (_, seed) => ({
      folder: join(out, `${model}-seed${seed}`),
      config: configFor(model, { ...given, seed, ...(epochs !== null && { epochs }) }),
    })),
  );
}

/** Marks the folders of starts: trainings of a few steps, to see how many of them fail. */
export const START = "-start-seed";

/** The first steps of NiN from several seeds. */
export function planStarts(
  model: string,
  count: number,
  steps: number,
  given: GivenSettings,
  out: string,
): PlannedRun[] {
  return Array.from({ length: count }, (_, seed) => ({
    folder: join(out, `${model}${START}${seed}`),
    config: configFor(model, { ...given, seed, epochs: 1, limitBatches: steps }),
    tests: false,
  }));
}
