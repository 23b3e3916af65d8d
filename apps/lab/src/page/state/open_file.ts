/** A file that was given: an experiment, a run folder as a zip, weights. */
import type { Experiment } from "../../experiment/experiment.ts";
import type { Opened } from "../../worker/protocol.ts";
import type { GivenFile } from "../parts/given_files.ts";
import { experiment, prepare, trainer, view } from "./lab.ts";
import { t } from "./language.ts";
import { say, told } from "./notices.ts";
import { mayRun } from "./others_code.ts";
import { served } from "./served.ts";

export async function openFile(file: GivenFile | undefined): Promise<void> {
  if (file === undefined) return;
  const opened = await told(() => trainer().call("open", { blob: file.blob, name: file.name }));
  if (opened !== null) await takeOpened(opened, file.name);
}

export async function takeOpened(opened: Opened, name: string): Promise<void> {
  if (!opened.isRun && !(await mayRun(opened.experiment))) return;
  experiment.value = withServedFolder(opened.experiment);
  if (await prepare()) {
    view.value = "train";
    say(t(opened.hasWeights ? "openedWithWeights" : "opened", { name }));
  } else if (experiment.peek().data.kind === "images") view.value = "data";
}

/** Images of these classes may lie in a folder that is served. */
function withServedFolder(opened: Experiment): Experiment {
  const { data } = opened;
  if (data.kind !== "images") return opened;
  const names = [...data.classes].sort().join("\n");
  const folder = served.peek().folders.find(({ classes }) => [...classes].sort().join("\n") === names);
  return folder === undefined ? opened : { ...opened, data: { ...data, kind: "folder", name: folder.name } };
}
