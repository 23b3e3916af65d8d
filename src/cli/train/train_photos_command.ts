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
  type TrainedPhotos,
  trainPhotos,
} from "../../experiments/photos/train_photos.ts";
import { dashed } from "../../experiments/settings/setting.ts";
import { INTERRUPTED, interruption } from "../console/interruption.ts";
import { NamedProgress } from "../console/named_progress.ts";
import type { Output } from "../console/output.ts";
import { showCurve } from "./learning_rate_output.ts";
import { PhotosOutput } from "./photos_output.ts";

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
  const progress = new NamedProgress(output.quiet);
  let report: PhotosOutput | null = null;
  const note = (text: string) => {
    if (report === null) progress.note(text);
    else report.note(text);
  };
  const lab = await openLab(command, output);
  const interrupt = interruption(() =>
    note("Finishing the step and saving; press Ctrl-C again to stop at once."),
  );
  const options: PhotoRunOptions = {
    checkpointSeconds: command.checkpointSeconds,
    signal: interrupt.signal,
    onNote: note,
    onProgress: (what, done, of) => progress.show(what, done, of),
    onStart: (run) => {
      interrupt.arm();
      report = new PhotosOutput(output, run, progress);
      return lab === null ? report.callbacks() : [report.callbacks(), lab.callbacks(run)];
    },
  };
  try {
    if (command.findLr) return await findLr(command, output, options);
    const trained = await start(command, options);
    progress.end();
    (report as PhotosOutput | null)?.end(trained);
    lab?.ended(trained.outcome);
    await lab?.stayOpen(interrupt.signal, output);
    return trained.outcome === "interrupted" ? INTERRUPTED : 0;
  } finally {
    progress.end();
    (report as PhotosOutput | null)?.stop();
    await lab?.close();
    interrupt.release();
  }
}

/** The page that shows the training; it has the images too, if their folder holds one for each class. */
async function openLab({ photos, resume, lab = null, findLr }: TrainPhotosCommand, output: Output) {
  if (lab === null) return null;
  if (findLr) throw new ArgumentError("train: --find-lr trains nothing that --lab could show; omit one");
  const folder = photos ?? readPhotosRecord(resume as string).config.photos;
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const { LiveLab } = await import("../lab/live_lab.ts");
  return LiveLab.open(lab, output, isFolder && findSplits(folder).length === 0 ? [folder] : []);
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
  { photos, given, resume }: TrainPhotosCommand,
  output: Output,
  { signal, onNote, onProgress }: PhotoRunOptions,
): Promise<number> {
  if (photos === null)
    throw new ArgumentError(
      `train: --find-lr needs the photographs: npx convoyant train FOLDER --find-lr --from ${resume}`,
    );
  const { curve, lr } = await findPhotosLr(photos, { ...trainOptions(given), signal, onNote, onProgress });
  showCurve(curve, lr, output);
  return curve.outcome === "interrupted" ? INTERRUPTED : 0;
}

function trainOptions({ from, model, resize, ...settings }: TrainPhotosCommand["given"]) {
  return { from: from ?? null, model: model ?? null, imageSize: resize ?? null, settings };
}
