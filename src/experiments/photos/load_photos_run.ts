/** The network of a run on photographs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import { networkOfFacts } from "../../classifier/load_classifier.ts";
import { load } from "../../io/state_dict_bytes.ts";
import type { Module } from "../../nn/index.ts";
import { factsInTexts } from "../../records/classifier_facts.ts";
import { loadedMetadata } from "../../records/loaded_metadata.ts";
import { keepArchitecture } from "../../records/network_architecture.ts";
import { keepClassNames } from "../../records/network_classes.ts";
import { keepPreprocessing } from "../../records/preprocessing.ts";
import { RUN_FILES } from "../../train/runs/run_folder.ts";
import { weightsOfRun } from "../../train/runs/run_weights.ts";
import { type PhotosRecord, readPhotosRecord } from "./photo_config.ts";

/** A network with its weights, in evaluation mode, and what is known of it. */
export interface PhotosNetwork {
  readonly net: Module;
  readonly record: PhotosRecord;
  /** The file that the weights came from. */
  readonly weights: string;
}

/** @throws FileError if the run has no weights yet, or is damaged. */
export async function loadPhotosRun(folder: string): Promise<PhotosNetwork> {
  const record = readPhotosRecord(folder);
  const { classes, preprocessing } = record;
  if (!existsSync(join(folder, RUN_FILES.config)))
    throw new FileError(
      `${folder} holds no weights yet: it was interrupted; go on with: npx convoyant train --resume ${folder}`,
    );
  const weights = weightsOfRun(folder);
  const stateDict = await load(weights);
  const fail = (message: string) => new FileError(`${weights}: ${message}`);
  const { architecture } = factsInTexts(loadedMetadata(stateDict) ?? {}, fail);
  if (architecture === undefined)
    throw fail("it does not say which network its weights belong to; train again");
  const net = await networkOfFacts(architecture, fail);
  net.loadStateDict(stateDict);
  net.eval();
  keepPreprocessing(net, preprocessing);
  keepClassNames(net, classes);
  keepArchitecture(net, architecture);
  return { net, record, weights };
}
