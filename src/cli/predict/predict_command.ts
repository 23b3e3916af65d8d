/** `convoyant predict`: what a network makes of images. */
import { LookFiles } from "../../experiments/look/look_files.ts";
import { namedImages } from "../../experiments/named_images.ts";
import { openPredictor, type PredictedLook, type PredictInput } from "../../experiments/predict.ts";
import { formatCount } from "../../report/number_text.ts";
import { chosenNetwork } from "../chosen_network.ts";
import { errorText } from "../console/error_text.ts";
import { ImageProgress } from "../console/image_progress.ts";
import { INTERRUPTED, interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import type { NetworkChoice } from "../network_commands.ts";
import { PredictOutput } from "./predict_output.ts";

export interface PredictCommand extends NetworkChoice {
  readonly source: string;
  /** Files, folders, `test:17`, or `-` for standard input. */
  readonly images: readonly string[];
  /** For dark objects on a white background. */
  readonly invert?: boolean;
  /** How many classes are listed; by default as many as suit. */
  readonly top?: number;
  readonly csv?: boolean;
  /** What is laid over each image. */
  readonly look?: PredictedLook;
  /** Folder for the images with that. */
  readonly output?: string;
  /** Views of each image whose probabilities are averaged. */
  readonly tta?: boolean | number;
}

/** More images get a line each. */
const MOST_SHOWN = 8;

/** Returns the exit code: 1 if an image could not be read. */
export async function predictCommand(command: PredictCommand, output: Output): Promise<number> {
  const { source, invert = false, top, csv = false, tta = false, output: folder } = command;
  const { images, isList } = await namedImages(command.images);
  const isLong = isList || images.length > MOST_SHOWN;
  const progress = new ImageProgress("classified");
  const interrupt = interruption(() => progress.note("Stopping."));
  const counts = { read: 0, unread: 0 };
  const network = { ...chosenNetwork(command, output), onNote: (text: string) => progress.note(text) };
  try {
    const files = folder === undefined ? null : new LookFiles(folder);
    const look = command.look ?? (files === null ? null : "grad-cam");
    const options = { ...network, invert, look, testTimeAugmentation: tta, signal: interrupt.signal };
    const predictor = await openPredictor(source, options);
    interrupt.arm();
    const form = csv ? "csv" : isLong ? "lines" : "images";
    const shown = new PredictOutput(output, predictor.classes, form, top ?? (isLong ? 1 : 10));
    for await (const outcome of predictor.predictAll(images)) {
      if (output.terminal.isTTY) progress.clear();
      if ("error" in outcome) {
        counts.unread++;
        shown.unread(outcome);
        progress.note(`${outcome.error.name}: ${errorText(outcome.error)}`);
      } else {
        counts.read++;
        shown.prediction(outcome);
        await files?.write(outcome);
      }
      if (isLong) progress.show(counts.read + counts.unread, images.length);
    }
    const { model, precision } = predictor;
    const { read, unread } = counts;
    output.event({ event: "end", model, precision, images: read, ...(unread > 0 && { unreadable: unread }) });
  } finally {
    progress.end();
    interrupt.release();
  }
  return ended(counts, images, interrupt.signal.aborted, output);
}

function ended(
  { read, unread }: { readonly read: number; readonly unread: number },
  images: readonly PredictInput[],
  interrupted: boolean,
  output: Output,
): number {
  if (interrupted)
    output.note(`interrupted after ${formatCount(read + unread)} of ${formatCount(images.length)} images`);
  if (unread > 0 && images.length > 1)
    output.note(`${formatCount(unread)} of ${formatCount(images.length)} images could not be read`);
  if (interrupted) return INTERRUPTED;
  return unread > 0 ? 1 : 0;
}
