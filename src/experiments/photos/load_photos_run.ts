/** The network of a run on photographs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import { load } from "../../io/state_dict_bytes.ts";
import { create } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import { keepArchitecture } from "../../records/network_architecture.ts";
import { keepClassNames } from "../../records/network_classes.ts";
import { keepPreprocessing } from "../../records/preprocessing.ts";
import { RUN_FILES } from "../../train/runs/run_folder.ts";
import { weightsOfRun } from "../../train/runs/run_weights.ts";
import { onnxClassifier } from "./onnx_backbone.ts";
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
  const { config, classes, preprocessing } = record;
  if (!existsSync(join(folder, RUN_FILES.config)))
    throw new FileError(
      `${folder} holds no weights yet: it was interrupted; go on with: npx convoyant train --resume ${folder}`,
    );
  const weights = weightsOfRun(folder);
  const net = await untrained(folder, record);
  net.loadStateDict(await load(weights));
  net.eval();
  keepPreprocessing(net, preprocessing);
  keepClassNames(net, classes);
  if (config.model !== null)
    keepArchitecture(net, { name: config.model, options: { numClasses: classes.length } });
  return { net, record, weights };
}

async function untrained(folder: string, { config, classes }: PhotosRecord): Promise<Module> {
  if (config.model !== null) return create(config.model, { numClasses: classes.length });
  return (await onnxClassifier(join(folder, RUN_FILES.onnx), classes.length)).net;
}
