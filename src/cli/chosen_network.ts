/** What eval, predict and export were given about the network and its data. */
import { datasetEntry } from "../data/dataset_registry.ts";
import { precisionNamed } from "../experiments/available_precision.ts";
import type { TrainedNetworkOptions } from "../experiments/evaluate.ts";
import type { Output } from "./console/output.ts";
import type { NetworkChoice } from "./network_commands.ts";

export function chosenNetwork(given: NetworkChoice, output: Output): TrainedNetworkOptions {
  const { model = null, engine = null, threads = null, limitBatches = null } = given;
  const { data, dataDir, resize, precision } = given;
  return {
    model,
    engine,
    threads,
    settings: {
      ...(precision !== undefined && { precision: precisionNamed(precision) }),
      ...(data !== undefined && { data: datasetEntry(data).name }),
      ...(dataDir !== undefined && { dataDir }),
      ...(resize !== undefined && { resize }),
      limitBatches,
    },
    onNote: (text) => output.note(text),
  };
}
