/** What eval, predict and export were given about the network and its data. */
import { datasetEntry } from "../data/dataset_registry.ts";
import { precisionNamed } from "../experiments/available_precision.ts";
import type { TrainedNetworkOptions } from "../experiments/evaluate.ts";
import type { Output } from "./console/output.ts";
import type { NetworkChoice } from "./network_commands.ts";

export function chosenNetwork(given: Partial<NetworkChoice>, output: Output): TrainedNetworkOptions {
  const { model = null, data = null, dataDir = null, resize = null, precision = null } = given;
  const { limitBatches = null, engine = null, threads = null } = given;
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
