/** Keeps a training in a run's folder. Node only. */
import type { NamedArray } from "../io/safetensors.ts";
import { writeSafetensors } from "../io/safetensors_file.ts";
import type { Module } from "../nn/index.ts";
import { fromTypedArray, type Tensor } from "../tensor/tensor.ts";
import { readCheckpoint, readTensors, type TrainingState, toNamedArray, writeCheckpoint } from "./checkpoint.ts";
import type { OptimizerLike, RunStore } from "./fit_options.ts";
import type { RunFolder } from "./run_folder.ts";

/** @param resume - whether to go on from the folder's checkpoint. */
export function runStore(folder: RunFolder, options: { resume: boolean; metadata?: Record<string, string> }): RunStore {
  const metadata = { format: "pt", ...options.metadata };
  return {
    async resume(net, optimizer) {
      if (!options.resume || !folder.has("checkpoint")) {
        folder.rewriteMetrics([]);
        return null;
      }
      const checkpoint = await readCheckpoint(folder.file("checkpoint"));
      net.loadStateDict(toTensors(checkpoint.model) as any);
      optimizer.loadStateDict(checkpoint.optimizer);
      folder.rewriteMetrics(checkpoint.state.points);
      return checkpoint.state;
    },
    point(point) {
      folder.appendPoint(point);
    },
    async checkpoint(net: Module, optimizer: OptimizerLike, state: TrainingState) {
      const path = folder.file("checkpoint");
      const [model, optimizerState] = await Promise.all([modelArrays(net), readTensors(optimizer.stateDict())]);
      await writeCheckpoint(path, { state, model, optimizer: optimizerState });
      return path;
    },
    async weights(which, net) {
      await writeSafetensors(folder.file(which), await modelArrays(net), metadata);
    },
  };
}

/** A network's state dict, read. */
export async function modelArrays(net: Module): Promise<Map<string, NamedArray>> {
  const entries = [...stateEntries(net.stateDict())];
  const arrays = await Promise.all(entries.map(([, tensor]) => toNamedArray(tensor)));
  return new Map(entries.map(([name], i) => [name, arrays[i]]));
}

/** What a file held, as tensors by name. */
export function toTensors(arrays: ReadonlyMap<string, NamedArray>): Record<string, Tensor> {
  const out: Record<string, Tensor> = Object.create(null);
  for (const [name, { data, shape, dtype }] of arrays) out[name] = fromTypedArray(data, shape, dtype);
  return out;
}

function stateEntries(state: unknown): Iterable<[string, Tensor]> {
  return state instanceof Map ? state : Object.entries(state as Record<string, Tensor>);
}
