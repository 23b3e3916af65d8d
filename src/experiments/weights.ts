/** Networks with weights from a run or a weights file. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError, FileError, StateDictError } from "../base/errors.ts";
import { readSafetensors } from "../io/safetensors_file.ts";
import { toTensors } from "../io/state_dict_file.ts";
import type { Module } from "../nn/index.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import {
  configFor,
  type GivenSettings,
  makeUntrained,
  readConfig,
  type TrainingConfig,
} from "./training_config.ts";

export interface LoadedNetwork {
  readonly net: Module;
  readonly config: TrainingConfig;
  /** The file that the weights came from. */
  readonly weights: string;
}

/**
 * Opens a run's folder (its best weights, else its last) or a weights file.
 *
 * @param model - needed for a weights file that does not say whose they are.
 * @param given - settings that are not the run's.
 * @throws FileError where there is nothing; StateDictError for weights of another model.
 */
export async function loadNetwork(
  source: string,
  model: string | null,
  given: GivenSettings = {},
): Promise<LoadedNetwork> {
  const isFolder = existsSync(source) && statSync(source).isDirectory();
  const weights = isFolder ? weightsOfRun(source) : source;
  const { tensors, metadata } = await readSafetensors(weights);
  if (metadata.format === "convoyant-checkpoint-1") {
    throw new FileError(
      `${source} is a checkpoint, to go on training with: name the run's folder, or its ${RUN_FILES.best}`,
    );
  }
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const config =
    isFolder && model === null
      ? { ...readConfig(source), ...own }
      : configFor(nameOf(model ?? metadata.model ?? null, source), given);
  const net = makeUntrained(config);
  try {
    net.loadStateDict(toTensors(tensors));
  } catch (error) {
    if (!(error instanceof StateDictError)) throw error;
    const named =
      metadata.model === undefined || metadata.model === config.model
        ? ""
        : ` (it says that it holds ${metadata.model})`;
    throw new StateDictError(`${weights} does not fit ${config.model}${named}: ${error.message}`, {
      cause: error,
    });
  }
  net.eval();
  return { net, config, weights };
}

function weightsOfRun(folder: string): string {
  readRunConfig(folder);
  for (const name of ["best", "last"] as const) {
    const path = join(folder, RUN_FILES[name]);
    if (existsSync(path)) return path;
  }
  throw new FileError(
    `${folder} holds no weights yet (${RUN_FILES.best}, ${RUN_FILES.last}): they are written at the end of the first epoch; ` +
      `go on training with: npx convoyant train --resume ${folder}`,
  );
}

function nameOf(model: string | null, source: string): string {
  if (model !== null) return model;
  throw new ArgumentError(`${source} does not say which model it belongs to: name it with --model`);
}
