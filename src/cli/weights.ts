/** Networks with weights from a run or a weights file. */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { ArgumentError, FileError } from "../base/errors.ts";
import { readSafetensors } from "../io/safetensors_file.ts";
import { toTensors } from "../io/state_dict_file.ts";
import { create } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import { RUN_FILES, readRunConfig } from "../train/run_folder.ts";
import { configFor, parseConfig, type TrainingConfig } from "./training_config.ts";

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
 * @throws FileError where there is nothing; StateDictError for weights of another model.
 */
export async function loadNetwork(source: string, model: string | null): Promise<LoadedNetwork> {
  const isFolder = existsSync(source) && statSync(source).isDirectory();
  const weights = isFolder ? weightsOfRun(source) : source;
  const { tensors, metadata } = await readSafetensors(weights);
  const config = isFolder
    ? configOfRun(source)
    : configFor(nameOf(model ?? metadata.model ?? null, source), {});
  if (model !== null && model !== config.model)
    throw new ArgumentError(`${source} holds ${config.model}, not ${model}`);
  const net = create(config.model, { edition: config.edition });
  try {
    net.loadStateDict(toTensors(tensors));
  } catch (error) {
    if (error instanceof Error)
      error.message = `${basename(weights)} does not fit ${config.model}: ${error.message}`;
    throw error;
  }
  net.eval();
  return { net, config, weights };
}

function weightsOfRun(folder: string): string {
  for (const name of ["best", "last"] as const) {
    const path = join(folder, RUN_FILES[name]);
    if (existsSync(path)) return path;
  }
  throw new FileError(
    `${folder} holds no weights yet (${RUN_FILES.best} or ${RUN_FILES.last}): they are written at the end of the first epoch`,
  );
}

function configOfRun(folder: string): TrainingConfig {
  const stored = readRunConfig(folder);
  return parseConfig(stored.config ?? stored, join(folder, RUN_FILES.config));
}

function nameOf(model: string | null, source: string): string {
  if (model === null)
    throw new ArgumentError(`${source} does not say which model it belongs to: name it with --model`);
  return model;
}
