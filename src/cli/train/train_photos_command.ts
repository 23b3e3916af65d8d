/** `convoyant train ./photos`: trains a classifier on a folder of photographs. */
import { statSync } from "node:fs";
import { ArgumentError } from "../../base/errors.ts";
import { findSplits } from "../../data/folders/scan_folder.ts";
import type { PhotoSettings } from "../../experiments/photos/chosen_settings.ts";
import { findPhotosLr } from "../../experiments/photos/find_photos_lr.ts";
import { readPhotosRecord } from "../../experiments/photos/photo_config.ts";
import {
  type PhotoRunOptions,
  resumePhotos,
  type StartingPhotos,
  type TrainedPhotos,
  trainPhotos,
} from "../../experiments/photos/train_photos.ts";
import { dashed } from "../../experiments/settings/setting.ts";
import { INTERRUPTED } from "../console/interruption.ts";
import { NamedProgress } from "../console/named_progress.ts";
import type { Output } from "../console/output.ts";
import { showCurve } from "./learning_rate_output.ts";
import { PhotosOutput } from "./photos_output.ts";
import { type LabPlace, trainingShown } from "./training_shown.ts";

export interface TrainPhotosCommand {
  /** A folder, or a CSV list; null to go on with a run. */
  readonly photos: string | null;
  readonly given: PhotoSettings & {
    readonly from?: string;
    readonly model?: string;
    readonly resize?: number;
  };
  readonly out: string | null;
  readonly resume: string | null;
  readonly findLr: boolean;
  readonly checkpointSeconds: number;
  /** The port of the Lab that shows the training; true for the usual one, null for none. */
  readonly lab?: number | true | null;
}

/** Returns the exit code. */
export async function trainPhotosCommand(command: TrainPhotosCommand, output: Output): Promise<number> {
  const { checkpointSeconds } = command;
  const progress = new NamedProgress(output.quiet);
  const onProgress = (what: string, done: number, of: number) => progress.show(what, done, of);
  if (command.findLr) return findLr(command, output, progress, onProgress);
  const { outcome } = await trainingShown<StartingPhotos, TrainedPhotos>(output, labPlace(command), {
    note: (text) => progress.note(text),
    report: (run) => new PhotosOutput(output, run, progress),
    begin: (options) =>
      start(command, { ...options, onProgress, checkpointSeconds }).finally(() => progress.end()),
  });
  return outcome === "interrupted" ? INTERRUPTED : 0;
}

/** The Lab has the images too, if their folder holds one for each class. */
function labPlace({ photos, resume, lab: port = null }: TrainPhotosCommand): LabPlace {
  if (port === null) return { port };
  const folder = photos ?? readPhotosRecord(resume as string).config.photos;
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return { port, images: isFolder && findSplits(folder).length === 0 ? [folder] : [] };
}

function start(
  { photos, given, out, resume }: TrainPhotosCommand,
  options: PhotoRunOptions,
): Promise<TrainedPhotos> {
  if (resume === null) return trainPhotos(photos as string, { ...trainOptions(given), ...options, out });
  if (out !== null) throw new ArgumentError("train: --resume goes on in the run's own folder; omit --out");
  const [name] = Object.keys(given);
  if (photos !== null || name !== undefined)
    throw new ArgumentError(
      `train: a run on photographs goes on with its own settings: omit ${photos ?? `--${dashed(name)}`}, or start a new run from its ` +
        `weights with --from ${resume}`,
    );
  return resumePhotos(resume, options);
}

async function findLr(
  { photos, given, resume, lab = null }: TrainPhotosCommand,
  output: Output,
  progress: NamedProgress,
  onProgress: PhotoRunOptions["onProgress"],
): Promise<number> {
  if (lab !== null)
    throw new ArgumentError("train: --find-lr trains nothing that --lab could show; omit one");
  if (photos === null)
    throw new ArgumentError(
      `train: --find-lr needs the photographs: npx convoyant train FOLDER --find-lr --from ${resume}`,
    );
  const onNote = (text: string) => progress.note(text);
  const { curve, lr } = await findPhotosLr(photos, { ...trainOptions(given), onNote, onProgress }).finally(
    () => progress.end(),
  );
  showCurve(curve, lr, output);
  return curve.outcome === "interrupted" ? INTERRUPTED : 0;
}

function trainOptions({ from, model, resize, ...settings }: TrainPhotosCommand["given"]) {
  return { from: from ?? null, model: model ?? null, imageSize: resize ?? null, settings };
}
