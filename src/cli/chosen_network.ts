/** What eval and predict were given about the network and its data. */
import { datasetEntry } from "../data/dataset_registry.ts";
import { precisionNamed } from "../experiments/available_precision.ts";
import type { TrainedNetworkOptions } from "../experiments/evaluate.ts";
import type { Output } from "./console/output.ts";
import type { NetworkChoice } from "./network_commands.ts";

export function chosenNetwork(given: NetworkChoice, output: Output): TrainedNetworkOptions {
  const { model, data, dataDir, resize, precision, limitBatches, engine, threads } = given;
  return {
    model,
    engine,
    threads,
    settings: {
      ...(precision !== null && { precision: precisionNamed(precision) }),
      ...(data !== null && { data: datasetEntry(data).name }),
      ...(dataDir !== null && { dataDir }),
      ...(resize !== null && { resize }),
      limitBatches,
    },
    onNote: (text) => output.note(text),
  };
}
