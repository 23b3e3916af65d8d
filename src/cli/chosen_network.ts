/** What eval, predict, export and look were given about the network and its data. */
import { datasetEntry } from "../data/dataset_registry.ts";
import { precisionNamed } from "../experiments/available_precision.ts";
import type { TrainedNetworkOptions } from "../experiments/evaluate.ts";
import type { Given } from "./command.ts";

export function chosenNetwork(given: Given): TrainedNetworkOptions {
  const { model = null, engine = null, threads = null, limitBatches = null } = given;
  const { data, dataDir, resize, precision } = given;
  const settings = {
    ...(precision !== undefined && { precision: precisionNamed(precision) }),
    ...(data !== undefined && { data: datasetEntry(data).name }),
    ...(dataDir !== undefined && { dataDir }),
    ...(resize !== undefined && { resize }),
    limitBatches,
  };
  return { model, engine, threads, settings };
}
