/** Keeps a training in a run's folder. Node only. */
import { ConvoyantError, StateDictError, TrainingError } from "../../base/errors.ts";
import { warnOnce } from "../../base/warnings.ts";
import { readArrays, toTensors } from "../../io/state_dict_bytes.ts";
import { save } from "../../io/state_dict_file.ts";
import type { Module } from "../../nn/index.ts";
import { unsavedState } from "../../nn/module/kept_state.ts";
import type { ClassName } from "../../records/class_names.ts";
import { factsOf, textsOfFacts } from "../../records/classifier_facts.ts";
import type { OptimizerLike, RunStore } from "../loop/fit_options.ts";
import { readCheckpoint, readTensors, type TrainingState, writeCheckpoint } from "./checkpoint.ts";
import type { RunAlgorithms } from "./run_algorithms.ts";
import { RUN_FILES, type RunFolder } from "./run_folder.ts";

/** @param resume - whether to go on from the folder's checkpoint. */
export function runStore(
  folder: RunFolder,
  options: {
    resume: boolean;
    algorithms?: Pick<RunAlgorithms, "save">;
    metadata?: Record<string, string>;
    /** What the outputs stand for, if the network does not know it. */
    classNames?: readonly ClassName[] | undefined;
  },
): RunStore {
  return {
    async resume(net, optimizer, check) {
      if (!options.resume || !folder.has("checkpoint")) {
        if (options.resume) requireNoWeights(folder);
        folder.rewriteMetrics([]);
        return null;
      }
      const path = folder.file("checkpoint");
      const checkpoint = await readCheckpoint(path);
      check?.(checkpoint.state);
      try {
        net.loadStateDict(toTensors(checkpoint.model));
        optimizer.loadStateDict(checkpoint.optimizer);
      } catch (error) {
        if (!(error instanceof ConvoyantError)) throw error;
        throw new StateDictError(`${path} does not fit this training: ${error.message}`, { cause: error });
      }
      folder.rewriteMetrics(checkpoint.state.points);
      return checkpoint.state;
    },
    point(point) {
      folder.appendPoint(point);
    },
    async checkpoint(net: Module, optimizer: OptimizerLike, state: TrainingState) {
      options.algorithms?.save();
      warnUnsaved(net);
      const path = folder.file("checkpoint");
      const [model, optimizerState] = await Promise.all([
        readArrays(net.stateDict()),
        readTensors(optimizer.stateDict()),
      ]);
      await writeCheckpoint(path, { state, model, optimizer: optimizerState });
      return path;
    },
    async weights(which, net) {
      const { classNames } = options;
      const facts = { ...factsOf(net), ...(classNames !== undefined && { classes: classNames }) };
      await save(net.stateDict(), folder.file(which), { ...options.metadata, ...textsOfFacts(facts) });
    },
  };
}

/** A run that goes on from the checkpoint begins without them. */
function warnUnsaved(net: Module): void {
  const [path] = unsavedState(net);
  if (path === undefined) return;
  warnOnce(
    `unsaved state ${path}`,
    `${net.constructor.name} assigns \`${path}\` in forward(), which checkpoints and weights do not hold: a resumed run begins ` +
      "with its first value. Register it in the constructor, this.registerBuffer(name, tensor)",
  );
}

/** Beginning again would write over what was trained: a checkpoint is there before the initial weights are. */
function requireNoWeights(folder: RunFolder): void {
  const kept = (["best", "last"] as const).find((name) => folder.has(name));
  if (kept === undefined) return;
  throw new TrainingError(
    `${folder.path} cannot be resumed: ${RUN_FILES.checkpoint} is missing, though there is ${RUN_FILES[kept]}; ` +
      "restore it, or train in another folder",
  );
}
