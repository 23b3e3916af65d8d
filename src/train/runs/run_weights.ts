/** Weights in a run's folder beside those that training keeps there. Node only. */
import { join } from "node:path";
import { save } from "../../io/state_dict_file.ts";
import type { Module } from "../../nn/index.ts";
import { RUN_FILES } from "./run_folder.ts";

/** `last`: the run's weights; `averaged`: averages of them. */
export async function saveWeights(
  path: string,
  which: "last" | "averaged",
  net: Module,
  model: string,
): Promise<void> {
  await save(net.stateDict(), join(path, RUN_FILES[which]), { model });
}
