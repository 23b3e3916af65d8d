/** A file that was given: an experiment, a run folder as a zip, weights. */
import type { Opened } from "../../worker/protocol.ts";
import type { GivenFile } from "../parts/given_files.ts";
import { experiment, prepare, trainer, view } from "./lab.ts";
import { t } from "./language.ts";
import { say, told } from "./notices.ts";
import { mayRun } from "./others_code.ts";

export async function openFile(file: GivenFile | undefined): Promise<void> {
  if (file === undefined) return;
  const opened = await told(() => trainer().call("open", { blob: file.blob, name: file.name }));
  if (opened !== null) await takeOpened(opened, file.name);
}

export async function takeOpened(opened: Opened, name: string): Promise<void> {
  if (!(await mayRun(opened.experiment))) return;
  experiment.value = opened.experiment;
  if (await prepare()) {
    view.value = "train";
    say(t(opened.hasWeights ? "openedWithWeights" : "opened", { name }));
  }
}
