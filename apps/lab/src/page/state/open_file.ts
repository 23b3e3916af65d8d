/** A file that was given: an experiment, a run folder as a zip, weights. */

import type { GivenFile } from "../parts/given_files.ts";
import { experiment, prepare, told, trainer, view } from "./lab.ts";
import { t } from "./language.ts";
import { say } from "./notices.ts";

export async function openFile(file: GivenFile | undefined): Promise<void> {
  if (file === undefined) return;
  const opened = await told(() => trainer().call("open", { blob: file.blob, name: file.name }));
  if (opened === null) return;
  experiment.value = opened.experiment;
  if (await prepare()) {
    view.value = "train";
    say(t(opened.hasWeights ? "openedWithWeights" : "opened", { name: file.name }));
  }
}
