/** Weights in a run's folder. Node only. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import { save } from "../../io/state_dict_file.ts";
import type { Module } from "../../nn/index.ts";
import { factsOf, textsOfFacts } from "../../records/classifier_facts.ts";
import { RUN_FILES, readRunConfig } from "./run_folder.ts";

/** `best` and `last`: the run's weights; `averaged`: averages of them. */
export async function saveWeights(
  path: string,
  which: "best" | "last" | "averaged",
  net: Module,
  model: string,
): Promise<void> {
  await save(net.stateDict(), join(path, RUN_FILES[which]), { model, ...textsOfFacts(factsOf(net)) });
}

/**
 * The file with the weights of a run: its best, else its last.
 *
 * @throws FileError if the folder is not a run, or has no weights yet.
 */
export function weightsOfRun(folder: string): string {
  readRunConfig(folder);
  for (const name of ["best", "last"] as const) {
    const path = join(folder, RUN_FILES[name]);
    if (existsSync(path)) return path;
  }
  throw new FileError(
    `${folder} holds no weights yet (${RUN_FILES.best}, ${RUN_FILES.last}): they are written at the end of the first epoch`,
    {
      cure: "; go on training with fit(net, { out, resume: true, ... })",
      reason: "no weights yet",
      facts: { path: folder },
    },
  );
}
