/** `convoyant train ./photos`: trains a classifier on a folder of photographs, or looks for its learning rate. */
import { statSync } from "node:fs";
import { ArgumentError } from "../../base/errors.ts";
import { findSplits } from "../../data/folders/scan_folder.ts";
import { findPhotosLr } from "../../experiments/photos/find_photos_lr.ts";
import { readPhotosRecord } from "../../experiments/photos/photo_config.ts";
import {
  type PhotoRunOptions,
  resumePhotos,
  type StartingPhotos,
  type TrainedPhotos,
  trainPhotos,
} from "../../experiments/photos/train_photos.ts";
import { reportLearningRates } from "../../experiments/reports/learning_rate_report.ts";
import { reportPhotosTraining } from "../../experiments/reports/photos_training_report.ts";
import { dashed } from "../../experiments/settings/setting.ts";
import type { Given } from "../command.ts";
import { INTERRUPTED } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { type LabPlace, trainingShown } from "./training_shown.ts";

/** @param photos - a folder, or a CSV list; null to go on with a run. Returns the exit code. */
export async function trainOnPhotos(
  photos: string | null,
  { out = null, resume = null, checkpointSeconds, findLr = false, lab = null, ...given }: Given,
  output: Output,
): Promise<number> {
  const { onProgress } = output;
  if (findLr) return findLrOfPhotos(photos, { resume, lab, ...given }, output);
  const begin = async (shown: PhotoRunOptions): Promise<TrainedPhotos> => {
    const options = { ...shown, onProgress, checkpointSeconds };
    if (resume === null) return trainPhotos(photos as string, { ...trainOptions(given), ...options, out });
    requireNothingElse(photos, out, resume, given);
    return resumePhotos(resume, options);
  };
  const report = (run: StartingPhotos) => reportPhotosTraining(run, output);
  const { outcome } = await trainingShown(
    output,
    labPlace(photos ?? resume, photos === null, lab),
    report,
    begin,
  );
  return outcome === "interrupted" ? INTERRUPTED : 0;
}

/** The Lab has the images too, if their folder holds one for each class. */
function labPlace(source: string, isRun: boolean, port: LabPlace["port"]): LabPlace {
  if (port === null) return { port };
  const folder = isRun ? readPhotosRecord(source).config.photos : source;
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return { port, images: isFolder && findSplits(folder).length === 0 ? [folder] : [] };
}

/** @throws ArgumentError for settings beside a run that goes on with its own. */
function requireNothingElse(photos: string | null, out: string | null, run: string, given: Given): void {
  if (out !== null) throw new ArgumentError("train: --resume goes on in the run's own folder; omit --out");
  const [name] = Object.keys(given);
  if (photos !== null || name !== undefined)
    throw new ArgumentError(
      `train: a run on photographs goes on with its own settings: omit ${photos ?? `--${dashed(name)}`}, or start a new run from its ` +
        `weights with --from ${run}`,
    );
}

async function findLrOfPhotos(
  photos: string | null,
  { resume, lab, ...given }: Given,
  output: Output,
): Promise<number> {
  if (lab !== null)
    throw new ArgumentError("train: --find-lr trains nothing that --lab could show; omit one");
  if (photos === null)
    throw new ArgumentError(
      `train: --find-lr needs the photographs: npx convoyant train FOLDER --find-lr --from ${resume}`,
    );
  const { onNote, onProgress } = output;
  const { curve, lr } = await findPhotosLr(photos, { ...trainOptions(given), onNote, onProgress });
  output.progress.end();
  reportLearningRates(curve, lr, output);
  return curve.outcome === "interrupted" ? INTERRUPTED : 0;
}

const trainOptions = ({ from = null, model = null, resize: imageSize = null, ...settings }: Given) => {
  return { from, model, imageSize, settings };
};
